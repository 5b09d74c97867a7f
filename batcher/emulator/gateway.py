"""HTTP on the one side, decisions on the other: reads requests, waits the latency, sends,
resets, hangs.
"""

import asyncio
import uuid
from random import Random

from aiohttp import web

from batcher.emulator.admin import PREFIX, Admin
from batcher.emulator.connections import MAX_BODY, Connections
from batcher.emulator.errors import FRONT_DOOR, ServiceError
from batcher.emulator.faults import Ending, Latency
from batcher.emulator.replies import Reply, refusal
from batcher.emulator.requests import Received
from batcher.emulator.service import Decision, Service
from batcher.emulator.sts import Sts

TOO_LARGE = ServiceError(
    "RequestEntityTooLargeException", f"The body is larger than {MAX_BODY} bytes"
)


class Gateway:
    """Handles the requests of one web server."""

    def __init__(
        self,
        *,
        service: Service,
        sts: Sts,
        admin: Admin,
        latency: Latency,
        slow_seconds: float,
        random: Random,
    ) -> None:
        self._service = service
        self._sts = sts
        self._admin = admin
        self._latency = latency
        self._slow_seconds = slow_seconds
        self._random = random

    def open(self) -> Connections:
        """The web server, made in the running event loop."""
        self._connections = Connections(self._handle)
        return self._connections

    async def _handle(self, http: web.BaseRequest) -> web.StreamResponse:
        request_id = str(uuid.UUID(int=self._random.getrandbits(128), version=4))
        try:
            received = await _read(http)
        except web.HTTPRequestEntityTooLarge:
            return _response(refusal(TOO_LARGE, FRONT_DOOR[TOO_LARGE.code], request_id))
        if received.path.startswith(PREFIX):
            return _response(self._admin.answer(received))
        if received.path == "/" and received.method == "POST":
            return _response(self._sts.answer(received, request_id))
        return await self._serve(http, received, request_id)

    async def _serve(
        self, http: web.BaseRequest, received: Received, request_id: str
    ) -> web.StreamResponse:
        """Half the latency lies before the token is taken, half after it."""
        arrival = self._service.receive(received, request_id)
        if isinstance(arrival, Reply):
            return _response(arrival)
        half = self._latency.draw() / 2
        await _wait(half)
        decision = self._service.decide(arrival)
        await _wait(half)
        await self._end(http, decision)
        return _response(decision.reply)

    async def _end(self, http: web.BaseRequest, decision: Decision) -> None:
        """What is done to the connection before the reply is sent; after a reset or a hang
        nobody is left to get it.
        """
        match decision.ending:
            case Ending.LATE:
                await _wait(self._slow_seconds)
            case Ending.RESET:
                await self._connections.reset(http)
            case Ending.HANG:
                await self._connections.wait_gone(http)


async def _read(http: web.BaseRequest) -> Received:
    path, _, query = http.raw_path.partition("?")
    return Received(
        method=http.method, path=path, query=query, headers=http.headers, body=await http.read()
    )


async def _wait(seconds: float) -> None:
    if seconds:
        await asyncio.sleep(seconds)


def _response(reply: Reply) -> web.Response:
    headers = {"Content-Type": reply.content_type, **reply.headers}
    return web.Response(status=reply.status, body=reply.body, headers=headers)
