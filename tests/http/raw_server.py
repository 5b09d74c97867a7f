"""A server on loopback whose connections a test talks over itself, byte by byte."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from typing import TypeAlias

from batcher.http.origin import Origin

Talk: TypeAlias = Callable[["RawConnection"], Awaitable[None]]


class RawConnection:
    """The server's end of a connection."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer

    async def request(self) -> bytes:
        """The path of the next request, which has no body; IncompleteReadError where none comes."""
        return (await self.reader.readuntil(b"\r\n\r\n")).split(b" ")[1]

    def answer(self, body: bytes, *fields: bytes) -> None:
        self.writer.write(answer(body, *fields))

    async def until_closed(self) -> bytes:
        """Whatever else comes until the client closes."""
        with suppress(ConnectionError):
            return await self.reader.read()
        return b""

    def reset(self) -> None:
        self.writer.transport.abort()


def answer(body: bytes, *fields: bytes, version: bytes = b"1.1") -> bytes:
    head = [b"HTTP/%s 200 OK" % version, b"Content-Length: %d" % len(body), *fields]
    return b"\r\n".join([*head, b"", b""]) + body


class RawServer:
    """Where it listens, and how many connections came to it."""

    def __init__(self, talk: Talk, scheme: str) -> None:
        self._talk = talk
        self._scheme = scheme
        self._talks: dict[asyncio.Task[None], asyncio.StreamWriter] = {}
        self.origin = Origin(scheme, "127.0.0.1", 0)
        self.connections = 0

    def accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        task = asyncio.create_task(self._converse(RawConnection(reader, writer)))
        self._talks[task] = writer

    async def _converse(self, connection: RawConnection) -> None:
        try:
            with suppress(ConnectionError, asyncio.IncompleteReadError):
                await self._talk(connection)
        finally:
            connection.writer.close()
            with suppress(ConnectionError, ssl.SSLError):
                await connection.writer.wait_closed()

    async def close(self) -> None:
        for task, writer in self._talks.items():
            task.cancel()
            writer.transport.abort()
        await asyncio.gather(*self._talks, return_exceptions=True)


@asynccontextmanager
async def raw_server(talk: Talk, tls: ssl.SSLContext | None = None) -> AsyncIterator[RawServer]:
    """A server that listens until the end of the block."""
    scheme = "http" if tls is None else "https"
    raw = RawServer(talk, scheme)
    server = await asyncio.start_server(raw.accept, "127.0.0.1", 0, ssl=tls)
    raw.origin = Origin(scheme, "127.0.0.1", server.sockets[0].getsockname()[1])
    async with server:
        yield raw
        server.close()
        await raw.close()
