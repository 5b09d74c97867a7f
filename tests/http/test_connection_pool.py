"""Requests over connections that are kept, against real servers on loopback."""

import asyncio
import gc
import os
import socket

import pytest

from batcher.http.connection_pool import ConnectionPool
from batcher.http.errors import ConnectError, ConnectionLostError, ConnectTimeoutError
from batcher.http.origin import Origin
from batcher.http.response_parser import HttpResponse
from tests.http.pools import echo, get, no_tls, pool_of
from tests.http.raw_server import RawConnection, answer, raw_server
from tests.waiting import until


async def test_a_connection_is_kept_for_the_next_request() -> None:
    left: list[str] = []
    async with raw_server(echo) as server, pool_of(3) as pool:
        for path in (b"/a", b"/b"):
            response = await get(
                pool, server.origin, path, on_leave=lambda: left.append(repr(pool))
            )
            assert (response.status, response.body) == (200, path)
        assert left == ["<ConnectionPool: 1 of 3, 0 idle, 0 waiting>"] * 2
        assert repr(pool) == "<ConnectionPool: 1 of 3, 1 idle, 0 waiting>"
        assert server.connections == 1


async def test_the_connection_that_was_used_last_is_used_next() -> None:
    async def talk(connection: RawConnection) -> None:
        _, port = connection.writer.get_extra_info("peername")
        while True:
            await connection.request()
            connection.answer(b"%d" % port)

    async with raw_server(talk) as server, pool_of() as pool:
        await asyncio.gather(get(pool, server.origin), get(pool, server.origin))
        last = (await get(pool, server.origin)).body
        assert {(await get(pool, server.origin)).body for _ in range(5)} == {last}


async def test_a_connection_that_was_opened_ahead_is_used() -> None:
    async with raw_server(echo) as server, pool_of() as pool:
        await pool.connect(server.origin)
        await pool.connect(server.origin)
        await get(pool, server.origin)
        assert server.connections == 1


@pytest.mark.parametrize("version", [b"1.0", b"1.1"])
async def test_a_connection_that_the_server_is_about_to_close_is_not_used_again(
    version: bytes,
) -> None:
    async def talk(connection: RawConnection) -> None:
        await connection.request()
        fields = (b"Connection: close",) if version == b"1.1" else ()
        connection.writer.write(answer(b"", *fields, version=version))
        assert await connection.until_closed() == b""

    async with raw_server(talk) as server, pool_of() as pool:
        await get(pool, server.origin)
        await get(pool, server.origin)
        assert server.connections == 2


class Gate:
    """A server that answers when it is told to; ``asked``: paths in the order they came."""

    def __init__(self) -> None:
        self.asked: list[bytes] = []
        self.answers = asyncio.Semaphore(0)

    async def talk(self, connection: RawConnection) -> None:
        while True:
            path = await connection.request()
            self.asked.append(path)
            await self.answers.acquire()
            connection.answer(path)


async def test_who_finds_the_pool_full_waits_and_the_first_goes_first() -> None:
    gate = Gate()
    async with raw_server(gate.talk) as server, pool_of(2) as pool:
        paths = [b"/%d" % number for number in range(6)]
        tasks = [asyncio.create_task(get(pool, server.origin, path)) for path in paths]
        await until(lambda: len(gate.asked) == 2)
        assert repr(pool) == "<ConnectionPool: 2 of 2, 0 idle, 4 waiting>"
        for answered in range(1, 5):
            gate.answers.release()
            await until(lambda: len(gate.asked) == answered + 2)  # noqa: B023 # asked at once
        gate.answers.release()
        gate.answers.release()
        await asyncio.gather(*tasks)
        assert gate.asked == paths
        assert server.connections == 2


async def test_who_waits_too_long_has_made_no_request_and_one_that_waited_is_made_late() -> None:
    gate, made = Gate(), list[str]()

    async def ask(pool: ConnectionPool, origin: Origin, path: str) -> HttpResponse:
        def request() -> bytes:
            made.append(path)
            return f"GET {path} HTTP/1.1\r\n\r\n".encode()

        return await pool.send(origin, request, on_leave=int, read_timeout=None)

    async with raw_server(gate.talk) as server, pool_of(1, wait_seconds=0.2) as pool:
        busy = asyncio.create_task(ask(pool, server.origin, "/busy"))
        await until(lambda: gate.asked)
        with pytest.raises(ConnectTimeoutError, match=r"within 0\.2 s"):
            await ask(pool, server.origin, "/late")
        next_one = asyncio.create_task(ask(pool, server.origin, "/next"))
        await until(lambda: "1 waiting" in repr(pool))
        assert made == ["/busy"]
        for _ in range(2):
            gate.answers.release()
        await asyncio.gather(busy, next_one)
        assert made == ["/busy", "/next"]


async def test_who_gives_up_at_any_moment_blocks_nobody() -> None:
    gate = Gate()
    async with raw_server(gate.talk) as server, pool_of(1) as pool:
        for turns in range(12):  # connecting, waiting, being called, sent, answered
            first = asyncio.create_task(get(pool, server.origin, b"/first"))
            second = asyncio.create_task(get(pool, server.origin, b"/second"))
            for turn in range(turns):
                await asyncio.sleep(0)
                if turn == turns // 2:
                    gate.answers.release()
            first.cancel()
            await asyncio.sleep(0)
            second.cancel()
            await asyncio.gather(first, second, return_exceptions=True)
            assert "0 waiting" in repr(pool)
        for _ in range(99):
            gate.answers.release()
        assert (await get(pool, server.origin, b"/after")).body == b"/after"


async def test_who_gave_up_waits_no_more_while_all_connections_are_busy() -> None:
    gate = Gate()
    async with raw_server(gate.talk) as server, pool_of(1) as pool:
        busy = asyncio.create_task(get(pool, server.origin))
        await until(lambda: gate.asked)
        waiting = [asyncio.create_task(get(pool, server.origin)) for _ in range(3)]
        await until(lambda: "3 waiting" in repr(pool))
        waiting[1].cancel()
        await until(waiting[1].done)
        assert "2 waiting" in repr(pool)
        for _ in range(3):
            gate.answers.release()
        await asyncio.gather(busy, waiting[0], waiting[2])


async def test_a_connection_to_another_host_makes_room_when_nobody_uses_it() -> None:
    async with raw_server(echo) as one, raw_server(echo) as other, pool_of(2) as pool:
        await asyncio.gather(get(pool, one.origin), get(pool, one.origin))
        await get(pool, other.origin)
        assert repr(pool) == "<ConnectionPool: 2 of 2, 2 idle, 0 waiting>"
        await asyncio.gather(get(pool, one.origin), get(pool, other.origin))
        assert (one.connections, other.connections) == (2, 1)


async def test_one_host_can_not_keep_the_pool_from_another() -> None:
    async with raw_server(echo) as busy, raw_server(echo) as other, pool_of(1) as pool:
        wanted = True

        async def keep_busy() -> None:
            while wanted:
                await get(pool, busy.origin)

        async with asyncio.TaskGroup() as tasks:
            for _ in range(3):
                tasks.create_task(keep_busy())
            await until(lambda: busy.connections)
            await get(pool, other.origin)
            wanted = False


async def test_a_connection_that_nobody_used_for_long_is_closed() -> None:
    async with raw_server(echo) as server, pool_of(idle_seconds=0.02) as pool:
        await asyncio.gather(*(get(pool, server.origin) for _ in range(3)))
        await until(lambda: repr(pool) == "<ConnectionPool: 0 of 5, 0 idle, 0 waiting>")
        await get(pool, server.origin)
        assert server.connections == 4


UNASKED = [b"", b"HTTP/1.1 408 Request Timeout\r\nConnection: close\r\n\r\n"]


@pytest.mark.parametrize("unasked", UNASKED, ids=["end", "answer"])
@pytest.mark.parametrize("is_seen", [True, False], ids=["seen", "unseen"])
async def test_a_kept_connection_that_the_server_closed_is_replaced_before_anything_leaves(
    unasked: bytes, is_seen: bool
) -> None:
    left: list[int] = []
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.setblocking(False)
        loop = asyncio.get_running_loop()
        origin = Origin("http", *listener.getsockname())

        async def answer_one() -> socket.socket:
            peer, _ = await loop.sock_accept(listener)
            await loop.sock_recv(peer, 1000)
            await loop.sock_sendall(peer, answer(b""))
            return peer

        async with pool_of() as pool:
            peer, _ = await asyncio.gather(answer_one(), get(pool, origin))
            peer.send(unasked)
            peer.close()  # the event loop learns of it only when it has its turn
            if is_seen:
                await until(lambda: "0 of 5" in repr(pool))
            peer, response = await asyncio.gather(
                answer_one(), get(pool, origin, on_leave=lambda: left.append(1))
            )
            assert (response.status, left) == (200, [1])
            peer.close()


async def test_closing_ends_what_is_under_way_and_what_waits() -> None:
    gate = Gate()
    async with raw_server(gate.talk) as server, pool_of(1) as pool:
        tasks = [asyncio.create_task(get(pool, server.origin)) for _ in range(3)]
        await until(lambda: gate.asked)
        await asyncio.gather(pool.aclose(), pool.aclose())
        outcomes = await asyncio.gather(*tasks, return_exceptions=True)
        assert list(map(type, outcomes)) == [ConnectionLostError, ConnectError, ConnectError]
        with pytest.raises(ConnectError):
            await get(pool, server.origin)


async def test_what_is_being_opened_when_the_pool_is_closed_sends_nothing() -> None:
    async with raw_server(echo) as server, pool_of() as pool:
        opening = asyncio.create_task(get(pool, server.origin, on_leave=pytest.fail))
        await asyncio.sleep(0)
        assert "1 of 5" in repr(pool)
        await pool.aclose()
        with pytest.raises(ConnectError):
            await opening


def test_a_pool_can_be_made_before_there_is_an_event_loop() -> None:
    pool = ConnectionPool(size=1, connect_timeout=None, ssl_context=no_tls)
    asyncio.run(pool.aclose())


async def test_a_thousand_requests_leave_nothing_behind() -> None:
    """A hundred thousand are in benchmarks/http_client.py."""
    # without a limit to their wait, as the event loop keeps a hundred timers that are cancelled
    async with raw_server(echo) as server, pool_of(8, wait_seconds=None) as pool:
        await asyncio.gather(*(get(pool, server.origin) for _ in range(100)))
        before = descriptors(), objects()
        for _ in range(10):
            await asyncio.gather(*(get(pool, server.origin) for _ in range(100)))
        assert descriptors() == before[0]
        assert objects() < before[1] + 100
        assert server.connections == 8


def descriptors() -> int:
    return len(os.listdir("/dev/fd"))


def objects() -> int:
    gc.collect()
    return len(gc.get_objects())
