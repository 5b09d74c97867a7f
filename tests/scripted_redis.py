"""A server that speaks as Redis does, and says what a test has it say; and a proxy that cuts."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress

OK = b"+OK\r\n"


def bulk(text: str) -> bytes:
    """A string as Redis replies it."""
    return b"$%d\r\n%b\r\n" % (len(text.encode()), text.encode())


class ScriptedRedis:
    """Answers each command by ``reply(words, connection)``; None: closes without an answer.

    ``connection``: the number of the connection, from 1. ``asked``: (connection, command) of all
    that came but for what a connection begins with.
    """

    def __init__(self, reply: Callable[[list[bytes], int], bytes | None]) -> None:
        self._reply = reply
        self.connections = 0
        self.asked: list[tuple[int, str]] = []
        self.port = 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        number = self.connections
        with suppress(ConnectionError, asyncio.IncompleteReadError):
            while words := await _words(reader):
                command = words[0].decode().upper()
                if command in ("CLIENT", "SELECT", "AUTH", "PING"):
                    writer.write(OK if command != "PING" else b"+PONG\r\n")
                    continue
                self.asked.append((number, command))
                answer = self._reply(words, number)
                if answer is None:
                    break
                writer.write(answer)
        writer.close()


async def _words(reader: asyncio.StreamReader) -> list[bytes]:
    head = await reader.readline()
    if not head.startswith(b"*"):
        return []
    words = []
    for _ in range(int(head[1:])):
        length = int((await reader.readline())[1:])
        words.append((await reader.readexactly(length + 2))[:-2])
    return words


@asynccontextmanager
async def scripted_redis(
    reply: Callable[[list[bytes], int], bytes | None],
) -> AsyncIterator[ScriptedRedis]:
    """Such a server, on a free port."""
    scripted = ScriptedRedis(reply)
    server = await asyncio.start_server(scripted.serve, "127.0.0.1", 0)
    scripted.port = server.sockets[0].getsockname()[1]
    try:
        yield scripted
    finally:
        server.close()


class CuttingProxy:
    """Passes a connection on to a Redis, until a test cuts.

    ``to``: port of the server that new connections go to; None: it takes them, and says nothing.
    ``lose(command)``: whether the reply to a command is lost, with its connection.
    """

    def __init__(self, to: int | None) -> None:
        self.to = to
        self.lose: Callable[[str], bool] = lambda command: False
        self.port = 0
        self._open: set[asyncio.StreamWriter] = set()

    def cut(self) -> None:
        """End all connections that there are."""
        for writer in self._open:
            writer.transport.abort()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._open.add(writer)
        with suppress(OSError, asyncio.IncompleteReadError):
            if self.to is None:
                await reader.read()
            else:
                behind, onward = await asyncio.open_connection("127.0.0.1", self.to)
                self._open.add(onward)
                back = asyncio.create_task(self._back(behind, writer))
                await self._forth(reader, onward, writer)
                back.cancel()
                onward.close()
        writer.close()

    async def _forth(
        self,
        reader: asyncio.StreamReader,
        onward: asyncio.StreamWriter,
        writer: asyncio.StreamWriter,
    ) -> None:
        while words := await _words(reader):
            command = words[0].decode().upper()
            if self.lose(command):
                self._mute = writer
            onward.write(b"*%d\r\n" % len(words))
            onward.write(b"".join(b"$%d\r\n%b\r\n" % (len(word), word) for word in words))
            await onward.drain()

    _mute: asyncio.StreamWriter | None = None

    async def _back(self, behind: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError):
            while data := await behind.read(65536):
                if self._mute is writer:
                    self._mute = None
                    break
                writer.write(data)
        writer.transport.abort()


@asynccontextmanager
async def cutting_proxy(to: int | None) -> AsyncIterator[CuttingProxy]:
    """Such a proxy, on a free port."""
    proxy = CuttingProxy(to)
    server = await asyncio.start_server(proxy.serve, "127.0.0.1", 0)
    proxy.port = server.sockets[0].getsockname()[1]
    try:
        yield proxy
    finally:
        server.close()
        proxy.cut()
