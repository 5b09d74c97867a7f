"""Whatever a server does: each request ends in one way, and is told to have left if it did."""

import asyncio
from collections import Counter
from random import Random
from typing import TypeAlias

import pytest

from batcher.http.connection_pool import ConnectionPool
from batcher.http.errors import (
    BadResponseError,
    ConnectError,
    ConnectionLostError,
    ConnectTimeoutError,
    HttpError,
    ReadTimeoutError,
)
from batcher.http.origin import Origin
from batcher.http.response_parser import HttpResponse
from tests.http.conftest import Certificate
from tests.http.pools import get, pool_of
from tests.http.raw_server import RawConnection, answer, raw_server

REQUESTS, AT_ONCE = 120, 12

Outcome: TypeAlias = HttpResponse | HttpError | asyncio.CancelledError


class Trouble:
    """A server that does something else with each request; ``came``: how often each path did."""

    def __init__(self, random: Random) -> None:
        self.random = random
        self.came = Counter[bytes]()

    async def talk(self, connection: RawConnection) -> None:
        if self.random.random() < 0.1:
            return
        if self.random.random() < 0.1:
            connection.reset()
            return
        while True:
            path = await connection.request()
            self.came[path] += 1
            if not await self._respond(connection, path):
                return

    async def _respond(self, connection: RawConnection, path: bytes) -> bool:
        """Do something; whether another request may come."""
        whole = answer(path)
        write = connection.writer.write
        match self.random.randrange(16):
            case 0:
                return False
            case 1:
                connection.reset()
                return False
            case 2:
                write(whole[: self.random.randrange(1, len(whole))])
                return False
            case 3:
                write(whole[: self.random.randrange(len(whole))])
                await connection.until_closed()
            case 4:
                write(b"HTTP/1.1 200 OK\r\nContent-Length: ?\r\n\r\n")
            case 5:
                write(whole + b"HTTP/1.1 200 OK\r\n")  # more than was asked for
            case 6:
                write(answer(path, b"Connection: close"))
                return False
            case 7:
                write(whole)
                return False
            case 8:
                for each in whole:
                    write(bytes([each]))
                    await connection.writer.drain()
            case _:
                write(whole)
        return True


class Client:
    """Sends requests; ``left`` and ``outcomes``: of each, by its path."""

    def __init__(self, pool: ConnectionPool, origin: Origin, random: Random) -> None:
        self.pool = pool
        self.origin = origin
        self.random = random
        self.left = Counter[bytes]()
        self.outcomes: dict[bytes, Outcome] = {}

    async def send(self, path: bytes) -> None:
        task = asyncio.create_task(self._send(path))
        if self.random.random() < 0.2:
            for _ in range(self.random.randrange(12)):
                await asyncio.sleep(0)
            task.cancel()
        (outcome,) = await asyncio.gather(task, return_exceptions=True)
        assert path not in self.outcomes
        self.outcomes[path] = outcome

    async def _send(self, path: bytes) -> HttpResponse:
        def leave() -> None:
            self.left[path] += 1

        return await get(self.pool, self.origin, path, on_leave=leave, read_timeout=0.03)


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("has_tls", [False, True], ids=["plain", "tls"])
async def test_each_request_has_one_outcome_and_left_if_the_server_saw_it(
    has_tls: bool, seed: int, certificate: Certificate
) -> None:
    trouble = Trouble(Random(seed))
    async with (
        raw_server(trouble.talk, certificate.server if has_tls else None) as server,
        pool_of(5, ssl_context=lambda: certificate.trusted, idle_seconds=0.02) as pool,
    ):
        client = Client(pool, server.origin, Random(seed))
        paths = iter([b"/%d" % number for number in range(REQUESTS)])

        async def loop() -> None:
            for path in paths:
                await client.send(path)

        await asyncio.gather(*(loop() for _ in range(AT_ONCE)))
        assert len(client.outcomes) == REQUESTS
        for path, outcome in client.outcomes.items():
            check(path, outcome, left=client.left[path], came=trouble.came[path])
        kinds = {type(outcome) for outcome in client.outcomes.values()}
        assert HttpResponse in kinds
        assert len(kinds) > 3


def check(path: bytes, outcome: Outcome, *, left: int, came: int) -> None:
    assert came <= left <= 1
    match outcome:
        case HttpResponse(body=body):
            assert (body, came) == (path, 1)
        case ConnectionLostError() | ReadTimeoutError() | BadResponseError():
            assert left == 1
        case ConnectError() | ConnectTimeoutError():
            assert left == 0
        case _:
            assert isinstance(outcome, asyncio.CancelledError)
