"""Our own path: requests from templates, over connections that all targets of a process share.

What the SDK has resolved is honoured, and what comes back is what the SDK would make of it: nobody
who calls can tell the two apart. Operations without a template go the SDK's way.
"""

from collections.abc import Awaitable, Callable, Mapping
from functools import cached_property, partial
from typing import Any

import anyio

from batcher.aws.credentials import CheckedCredentials
from batcher.aws.departure import PREPARE_WITHIN, Departure
from batcher.aws.http_errors import sdk_error
from batcher.aws.lean_connections import Wire
from batcher.aws.request_template import RequestTemplate
from batcher.aws.sdk_transport import SdkTransport
from batcher.aws.server_clock import ServerClock
from batcher.aws.signature import Signer
from batcher.aws.transport import ResolvedPlace
from batcher.http.errors import HttpError, ReadTimeoutError

OpenSdk = Callable[[], Awaitable[SdkTransport]]


class LeanCaller:
    """A target's requests over a wire, signed with its credentials.

    ``open_sdk``: makes the SDK's transport, for operations that have no template. Gives up its
    share of the wire when it is closed.
    """

    def __init__(
        self,
        wire: Wire,
        credentials: CheckedCredentials,
        server_clock: ServerClock,
        open_sdk: OpenSdk,
    ) -> None:
        wire.take()
        self._wire = wire
        self._credentials = credentials
        self._server_clock = server_clock
        self._signer = Signer(wire.signing_region, wire.signing_service)
        self._open_sdk = open_sdk
        self._sdk: SdkTransport | None = None

    @cached_property
    def _opening(self) -> anyio.Lock:
        return anyio.Lock()

    @property
    def place(self) -> ResolvedPlace:
        return self._wire.place

    async def send(
        self, operation: str, members: Mapping[str, Any], departure: Departure
    ) -> dict[str, Any]:
        wire = self._wire
        if (means := wire.operations.get(operation)) is None:
            return await (await self._sdk_transport()).send(operation, members, departure)
        template, reader = means
        credentials, pool = self._credentials.known(), wire.pool.opened
        if credentials is None or pool is None:
            with departure.limited():
                credentials = await self._credentials.get_frozen_credentials()
                pool = await wire.pool.open()
            if departure.is_over:
                return {}

        request = partial(self._request, template, members, credentials)
        try:
            response = await pool.send(
                wire.origin,
                request,
                on_leave=departure.leave,
                read_timeout=None,
                answer_within=departure.answer_within,
            )
        except ReadTimeoutError:
            departure.is_over = True
            return {}
        except HttpError as error:
            raise sdk_error(error, wire.url_of(request()), wire.pool.proxy_url) from error
        return reader.read(response, self._server_clock)

    def _request(
        self, template: RequestTemplate, members: Mapping[str, Any], credentials: Any
    ) -> bytes:
        """A request that is signed now."""
        timestamp = self._server_clock.timestamp()
        return template.request(members, credentials, timestamp, self._signer)

    async def reach(self) -> None:
        wire = self._wire
        with anyio.move_on_after(PREPARE_WITHIN) as scope:
            pool = await wire.pool.open()
            try:
                await pool.connect(wire.origin)
            except HttpError as error:
                raise sdk_error(error, self.place.endpoint_url, wire.pool.proxy_url) from error
        if scope.cancelled_caught:
            raise TimeoutError("timed out")

    async def aclose(self) -> None:
        await self._wire.give_up()
        if self._sdk is not None:
            await self._sdk.aclose()

    async def _sdk_transport(self) -> SdkTransport:
        async with self._opening:
            if self._sdk is None:
                self._sdk = await self._open_sdk()
        return self._sdk
