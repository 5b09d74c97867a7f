"""The SDK's path: requests are made, signed, sent and read by an aiobotocore client."""

from collections.abc import Mapping
from contextlib import AsyncExitStack
from typing import Any
from urllib.parse import urlsplit

from aiobotocore.config import AioConfig
from aiobotocore.session import AioSession
from botocore import xform_name
from botocore.exceptions import InvalidConfigError

from batcher.aws.answers import hold_to_model
from batcher.aws.departure import Departure, present, reach, watch_departures
from batcher.aws.one_attempt import send_once
from batcher.aws.sdk_errors import ShownText
from batcher.aws.service_model import SERVICE
from batcher.aws.transport import ResolvedPlace
from batcher.foreign_text import shown_url


class SdkTransport:
    """A client of Customer Profiles; closed with this where it was opened for it."""

    def __init__(self, client: Any, closing: AsyncExitStack | None = None) -> None:
        self.client = client
        self.place = resolved_place(client)
        self._closing = closing

    async def send(
        self, operation: str, members: Mapping[str, Any], departure: Departure
    ) -> dict[str, Any]:
        with departure.limited(), present(departure):
            answer: dict[str, Any] = await getattr(self.client, xform_name(operation))(**members)
            return answer
        return {}

    async def reach(self) -> None:
        http = self.client._endpoint.http_session  # noqa: SLF001 # connected as requests will be
        await reach(http, self.place.endpoint_url)

    async def aclose(self) -> None:
        if self._closing is not None:
            await self._closing.aclose()


async def open_sdk_transport(
    session: AioSession, *, region: str, endpoint_url: str | None, config: AioConfig
) -> SdkTransport:
    """A client of the session's own. Raises what botocore has against its settings."""
    async with AsyncExitStack() as stack:
        client = await stack.enter_async_context(
            session.create_client(
                SERVICE, region_name=region, endpoint_url=endpoint_url, config=config
            )
        )
        check_port(client)
        watch_departures(client)
        hold_to_model(client)
        return SdkTransport(client, stack.pop_all())


async def ready_transport(client: Any) -> SdkTransport:
    """A ready client of the caller's own, which sends each request once from now on."""
    await send_once(client)
    hold_to_model(client)
    return SdkTransport(client)


def check_port(client: Any) -> None:
    """Raise InvalidConfigError for an endpoint, wherever it is from, whose port is none."""
    url = str(client.meta.endpoint_url)
    try:
        _ = urlsplit(url).port
    except ValueError as error:
        said = ShownText(
            f"endpoint {shown_url(url)}: its port is no number from 0 to 65535. Look at"
            " --endpoint-url, AWS_ENDPOINT_URL, and endpoint_url of the profile."
        )
        raise InvalidConfigError(error_msg=said) from error


def resolved_place(client: Any) -> ResolvedPlace:
    """Where a client's requests go."""
    return ResolvedPlace(
        region=str(client.meta.region_name),
        endpoint_url=str(client.meta.endpoint_url),
        partition=str(client.meta.partition),
        service=client.meta.service_model,
    )
