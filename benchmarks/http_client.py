"""CPU of one request over HTTP/1.1: our client, aiohttp, and the least that can be written.

Side by side against one server on loopback, over kept connections. Then what 100,000 requests leave
behind: descriptors, objects and memory before and after.
"""

import asyncio
import gc
import os
import ssl
import statistics
import time
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import aiohttp

from batcher.http.connection_pool import ConnectionPool
from batcher.http.origin import Origin
from benchmarks.answering_server import DOMAIN, TRIGGERS, answering_server, encode
from benchmarks.common import update

ROUNDS, REQUESTS, AT_ONCE, MANY = 7, 10_000, 16, 100_000

BODY = encode(update(0))
PATH = f"{DOMAIN}acme{TRIGGERS}/t0"
HEADERS = {  # as many as a signed request has
    "Host": "profile.eu-west-1.amazonaws.com",
    "User-Agent": "aiobotocore/3.10.0 md/Botocore#1.43 ua/2.1 os/linux md/arch#x86_64 lang/python",
    "X-Amz-Date": "20261127T210000Z",
    "Authorization": "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20261127/eu-west-1/profile/"
    + "a" * 99,
    "Content-Type": "application/json",
    "Content-Length": str(len(BODY)),
}
REQUEST = (
    f"PUT {PATH} HTTP/1.1\r\n".encode()
    + "".join(f"{name}: {value}\r\n" for name, value in HEADERS.items()).encode()
    + b"\r\n"
    + BODY
)


class Least(asyncio.Protocol):
    """Takes whatever comes for the answer."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport: Any = transport
        self.answer: asyncio.Future[bytes] = asyncio.Future()

    def data_received(self, data: bytes) -> None:
        self.answer.set_result(data)


async def least(url: str, numbers: Iterator[int]) -> None:
    place = urlsplit(url)
    _, client = await asyncio.get_running_loop().create_connection(
        Least, place.hostname, place.port
    )
    for _ in numbers:
        client.answer = asyncio.Future()
        client.transport.write(REQUEST)
        assert (await client.answer).startswith(b"HTTP/1.1 200")
    client.transport.close()


async def through(session: aiohttp.ClientSession, url: str, numbers: Iterator[int]) -> None:
    for _ in numbers:
        async with session.put(url + PATH, data=BODY, headers=HEADERS) as answer:
            assert answer.status == 200
            await answer.read()


async def ours(pool: ConnectionPool, url: str, numbers: Iterator[int]) -> None:
    place = urlsplit(url)
    origin = Origin("http", place.hostname or "", place.port or 0)
    for _ in numbers:
        answer = await pool.send(origin, REQUEST, on_leave=lambda: None, read_timeout=60)
        assert answer.status == 200


async def cpu(send: Callable[[Iterator[int]], Awaitable[None]], requests: int = REQUESTS) -> float:
    """CPU microseconds a request, over so many connections at once."""
    numbers = iter(range(requests))
    began = time.process_time()
    await asyncio.gather(*(send(numbers) for _ in range(AT_ONCE)))
    return (time.process_time() - began) / requests * 1e6


async def main() -> None:
    pool = ConnectionPool(size=AT_ONCE, connect_timeout=5, ssl_context=ssl.create_default_context)
    async with (
        answering_server() as url,
        aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=AT_ONCE)) as session,
    ):
        clients: dict[str, Callable[[Iterator[int]], Awaitable[None]]] = {
            "ours": lambda numbers: ours(pool, url, numbers),
            "aiohttp": lambda numbers: through(session, url, numbers),
            "the least": lambda numbers: least(url, numbers),
        }
        rounds = [
            {name: await cpu(client) for name, client in clients.items()} for _ in range(ROUNDS)
        ]
        for name in clients:
            median = statistics.median(each[name] for each in rounds)
            ratio = statistics.median(each[name] / each["the least"] for each in rounds)
            print(f"{name}: {median:.0f} µs of CPU a request, {ratio:.2f} x the least")
        before = present()
        await cpu(clients["ours"], MANY)
        for name, value in present().items():
            print(f"{name} before and after {MANY:,} requests: {before[name]:,}, {value:,}")
        await pool.aclose()


def present() -> dict[str, int]:
    """What this process holds."""
    gc.collect()
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return {
        "descriptors": len(os.listdir("/proc/self/fd")),
        "objects": len(gc.get_objects()),
        "resident kB": pages * os.sysconf("SC_PAGE_SIZE") // 1024,
    }


asyncio.run(main())
