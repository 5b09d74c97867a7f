"""A server on loopback that answers whatever a test gives it, byte by byte where that matters."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from typing import Any, NamedTuple


class Request(NamedTuple):
    """A request as it came."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes


Answer = bytes | AsyncIterator[bytes]
"""What goes over the wire, with status line and headers: at once, or piece by piece."""


def http(status: int, body: Any = b"", **headers: str) -> bytes:
    """An answer; ``body``: bytes, text, or what is written as JSON."""
    if not isinstance(body, bytes):
        body = (body if isinstance(body, str) else json.dumps(body)).encode()
    lines = [f"HTTP/1.1 {status} Odd", f"Content-Length: {len(body)}"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    return "\r\n".join([*lines, "", ""]).encode() + body


class OddServer:
    """Hands every request to ``answer``, and keeps it in ``requests``. Ask it for its ``url``."""

    def __init__(self, answer: Callable[[Request], Answer]) -> None:
        self.answer = answer
        self.requests: list[Request] = []
        self.url = ""
        self._talks: dict[asyncio.StreamWriter, asyncio.Task[None]] = {}

    def sent(self, *methods: str) -> list[Request]:
        """The requests of those methods that came."""
        return [request for request in self.requests if request.method in methods]

    def handle(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._talks[writer] = asyncio.create_task(self._talk(reader, writer))

    async def close(self) -> None:
        """Close what connections there are."""
        for writer in self._talks:
            writer.close()
        await asyncio.gather(*self._talks.values())

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(ConnectionError, asyncio.IncompleteReadError):
            while True:
                request = await _request(reader, writer)
                self.requests.append(request)
                answer = self.answer(request)
                if isinstance(answer, bytes):
                    writer.write(answer)
                    continue
                async for piece in answer:
                    writer.write(piece)
                    await writer.drain()
                break
        writer.close()


async def _request(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> Request:
    head = (await reader.readuntil(b"\r\n\r\n")).decode()
    line, *rest = head.strip().split("\r\n")
    method, path, _ = line.split(" ")
    headers = {name.lower(): value for name, _, value in (one.partition(": ") for one in rest)}
    if "expect" in headers:
        writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
    body = await reader.readexactly(int(headers.get("content-length", 0)))
    return Request(method, path, headers, body)


@asynccontextmanager
async def odd_server(answer: Callable[[Request], Answer]) -> AsyncIterator[OddServer]:
    """A server that listens until the end of the block."""
    odd = OddServer(answer)
    server = await asyncio.start_server(odd.handle, "127.0.0.1", 0)
    odd.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    async with server:
        yield odd
        await odd.close()
