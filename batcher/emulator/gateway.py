"""HTTP around the service: reads requests, waits the latency, sends, resets, hangs."""

import asyncio
import uuid
from dataclasses import dataclass
from random import Random

from aiohttp import web

from batcher.emulator.admin import PREFIX, Admin
from batcher.emulator.connections import MAX_BODY, SILENT_AT_MOST, Connections
from batcher.emulator.errors import COMMON_ERRORS, ServiceError
from batcher.emulator.faults import Ending, LatencyRange
from batcher.emulator.organizations import PREFIX as ORGANIZATIONS
from batcher.emulator.organizations import TARGET, Organizations
from batcher.emulator.own_names import stranger
from batcher.emulator.replies import Reply, refusal
from batcher.emulator.requests import HttpRequest
from batcher.emulator.service import Response, Service
from batcher.emulator.sts import Sts

TOO_LARGE = ServiceError(
    "RequestEntityTooLargeException", f"The body is larger than {MAX_BODY} bytes"
)


NO_BODY = ServiceError("BadRequestException", "The body can't be read")


@dataclass(eq=False, repr=False, kw_only=True)
class Gateway:
    """Handles the requests of one web server."""

    host: str  # where it listens
    service: Service
    sts: Sts
    organizations: Organizations
    admin: Admin
    latency: LatencyRange
    slow_seconds: float
    random: Random

    def open(self) -> Connections:
        """The web server, made in the running event loop."""
        self._connections = Connections(self._handle)
        return self._connections

    async def _handle(self, http: web.BaseRequest) -> web.StreamResponse:
        request_id = str(uuid.UUID(int=self.random.getrandbits(128), version=4))
        try:
            received = await _read(http)
        except web.HTTPRequestEntityTooLarge:
            return _response(refusal(TOO_LARGE, COMMON_ERRORS[TOO_LARGE.code], request_id))
        except (web.RequestPayloadError, TimeoutError):  # what it says of its body is not so
            return _response(refusal(NO_BODY, 400, request_id))
        hosts, origin = http.headers.getall("Host", []), http.headers.get("Origin")
        if (refused := stranger(hosts, origin, self.host)) is not None:
            status, why = refused
            return _response(refusal(ServiceError("Stranger", why), status, request_id))
        if received.path.startswith(PREFIX):
            return _response(self.admin.answer(received))
        if received.headers.get(TARGET, "").startswith(ORGANIZATIONS):
            return _response(self.organizations.answer(received, request_id))
        if received.path == "/" and received.method == "POST":
            return _response(self.sts.answer(received, request_id))
        return await self._serve(http, received, request_id)

    async def _serve(
        self, http: web.BaseRequest, received: HttpRequest, request_id: str
    ) -> web.StreamResponse:
        """Half the latency lies before the token is taken, half after it."""
        arrival = self.service.receive(received, request_id)
        if isinstance(arrival, Reply):
            return _response(arrival)
        half = self.latency.draw() / 2
        await _wait(half)
        decision = self.service.decide(arrival)
        await _wait(half)
        await self._end(http, decision)
        return _response(decision.reply)

    async def _end(self, http: web.BaseRequest, decision: Response) -> None:
        """Do to the connection what precedes the reply; after a reset or hang nobody gets it."""
        match decision.ending:
            case Ending.LATE:
                await _wait(self.slow_seconds)
            case Ending.RESET:
                await self._connections.reset(http)
            case Ending.HANG:
                await self._connections.wait_gone(http)


async def _read(http: web.BaseRequest) -> HttpRequest:
    path, _, query = http.raw_path.partition("?")
    body = await asyncio.wait_for(http.read(), SILENT_AT_MOST)
    return HttpRequest(method=http.method, path=path, query=query, headers=http.headers, body=body)


async def _wait(seconds: float) -> None:
    if seconds:
        await asyncio.sleep(seconds)


def _response(reply: Reply) -> web.Response:
    headers = {"Content-Type": reply.content_type, **reply.headers}
    return web.Response(status=reply.status, body=reply.body, headers=headers)
