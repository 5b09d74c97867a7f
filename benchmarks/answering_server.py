"""A stand-in for Customer Profiles that answers as fast as Python can, to measure clients with.

For speed only: it knows no quotas, signatures, errors of input or accounts, takes any domain, and
makes a trigger that is updated before it was seen. What is true of the API is the emulator's to
show (``batcher emulator``), which costs a client on the same host ten times as much.

    async with answering_server() as url: ...

By itself it measures what a call costs it; with ``--port`` it serves, and prints its address.
"""

import asyncio
import itertools
import re
import resource
import ssl
import sys
import time
from contextlib import AbstractAsyncContextManager
from email.utils import formatdate
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

import msgspec

from batcher.http.connection_pool import ConnectionPool
from batcher.http.origin import Origin
from benchmarks.common import server, trigger, update

DOMAIN = "/domains/"
TRIGGERS = "/event-triggers"
PAGE = 100  # triggers, where MaxResults says nothing
IDENTITY = (
    b'<GetCallerIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/">'
    b"<GetCallerIdentityResult><Arn>arn:aws:iam::111122223333:user/benchmark</Arn>"
    b"<UserId>AIDAEXAMPLE</UserId><Account>111122223333</Account></GetCallerIdentityResult>"
    b"</GetCallerIdentityResponse>"
)
CALLS, AT_ONCE = 50_000, 16

_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)\r\n", re.IGNORECASE)
_NUMBERS = itertools.count()

decode = msgspec.json.Decoder().decode
encode = msgspec.json.Encoder().encode


class Triggers:
    """Triggers by domain and name, and what the operations make of them."""

    def __init__(self) -> None:
        self.domains: dict[str, dict[str, dict[str, Any]]] = {}

    def answer(self, method: str, target: str, body: bytes) -> tuple[int, bytes]:
        """Status and body."""
        path, _, query = target.partition("?")
        domain, _, name = path.removeprefix(DOMAIN).partition(TRIGGERS)
        if not path.startswith(DOMAIN):
            return 200, IDENTITY
        triggers = self.domains.setdefault(unquote(domain), {})
        name = unquote(name[1:])
        if method == "PUT":
            return 200, encode(_updated(triggers, name, decode(body)))
        if name:
            found = triggers.get(name)
            return (404, b'{"Message": "not found"}') if found is None else (200, encode(found))
        return 200, encode(_page(triggers, parse_qs(query)))


def _updated(
    triggers: dict[str, dict[str, Any]], name: str, members: dict[str, Any]
) -> dict[str, Any]:
    """Put the members into a trigger; the others stay."""
    now = round(time.time(), 3)
    before = triggers.get(name)
    if before is None:
        before = {"EventTriggerName": name, "ObjectTypeName": "Orders", "CreatedAt": now}
    triggers[name] = after = {**before, **members, "LastUpdatedAt": now}
    return after


def _page(triggers: dict[str, dict[str, Any]], query: dict[str, list[str]]) -> dict[str, Any]:
    size, begin = (int(query.get(key, [0])[0]) for key in ("max-results", "next-token"))
    end = begin + (size or PAGE)
    page = {"Items": list(itertools.islice(triggers.values(), begin, end))}
    return page | ({"NextToken": str(end)} if end < len(triggers) else {})


class Answering(asyncio.Protocol):
    """One connection."""

    def __init__(self, triggers: Triggers) -> None:
        self._triggers = triggers
        self._held = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        data = self._held + data
        while (end := data.find(b"\r\n\r\n")) >= 0:
            length = _LENGTH.search(data, 0, end + 2)
            after = end + 4 + (int(length[1]) if length else 0)
            if len(data) < after:
                break
            method, target, _ = data[: data.index(b"\r\n")].decode("latin-1").split(" ", 2)
            status, body = self._triggers.answer(method, target, data[end + 4 : after])
            self._transport.write(_head(status, len(body)) + body)
            data = data[after:]
        self._held = data


_CLOCK: list[Any] = [0, ""]  # the present second, and how HTTP writes it


def _head(status: int, length: int) -> bytes:
    second = int(time.time())
    if second != _CLOCK[0]:
        _CLOCK[:] = second, formatdate(second, usegmt=True)
    kind = "\r\nx-amzn-ErrorType: ResourceNotFoundException" if status == 404 else ""
    return (
        f"HTTP/1.1 {status} OK\r\nDate: {_CLOCK[1]}\r\nContent-Type: application/json\r\n"
        f"Content-Length: {length}\r\nConnection: keep-alive{kind}\r\n"
        f"x-amzn-RequestId: 00000000-0000-4000-8000-{next(_NUMBERS):012x}\r\n\r\n"
    ).encode()


def answering_server(triggers: int = 200) -> AbstractAsyncContextManager[str]:
    """The server as a process, with triggers t0, t1, … of domain acme; its address."""
    return server("benchmarks.answering_server", "--port", "0", str(triggers))


async def serve(port: int, count: int) -> None:
    triggers = Triggers()
    for members in map(trigger, range(count)):
        name = members["EventTriggerName"]
        members = {key: value for key, value in members.items() if key != "DomainName"}
        _updated(triggers.domains.setdefault("acme", {}), name, members)
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: Answering(triggers), "127.0.0.1", port)
    print(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}", flush=True)
    await server.serve_forever()


async def call(url: str, calls: int) -> None:
    """Send so many updates, and look at one trigger."""
    origin = Origin("http", urlsplit(url).hostname or "", urlsplit(url).port or 0)
    pool = ConnectionPool(size=AT_ONCE, connect_timeout=5, ssl_context=ssl.create_default_context)
    numbers = iter(range(calls))

    async def loop() -> None:
        for number in numbers:
            members = update(number)
            path = f"{DOMAIN}acme{TRIGGERS}/{members['EventTriggerName']}"
            answer = await pool.send(
                origin, _request(path, encode(members)), on_leave=int, read_timeout=5
            )
            assert answer.status == 200

    await asyncio.gather(*(loop() for _ in range(AT_ONCE)))
    await pool.aclose()


def _request(path: str, body: bytes) -> bytes:
    return f"PUT {path} HTTP/1.1\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body


async def cpu(calls: int) -> float:
    """CPU seconds of a server that gets so many calls, its start included."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    async with answering_server() as url:
        await call(url, calls)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


async def main() -> None:
    start = await cpu(0)
    for _ in range(3):
        print(f"{(await cpu(CALLS) - start) / CALLS * 1e6:.0f} µs of CPU a call")


if __name__ == "__main__":
    if sys.argv[1:2] == ["--port"]:
        port, count = map(int, [*sys.argv[2:], 200][:2])
        asyncio.run(serve(port, count))
    else:
        asyncio.run(main())
