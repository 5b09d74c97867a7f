"""The live page: what changes is sent to all who look on, and nobody is waited for."""

from collections.abc import Awaitable, Callable

import anyio
import msgspec
import pytest

from batcher.status.streams import RETRY, SlowReaderError, Streams
from batcher.testing import in_virtual_time


class Shown:
    """Parts of a page that a test changes, counted as often as they were made."""

    def __init__(self) -> None:
        self.parts = {"state": "Ready", "queue": "3"}
        self.made = 0

    async def __call__(self) -> dict[str, str]:
        self.made += 1
        return dict(self.parts)


def events(sent: list[bytes]) -> list[dict[str, str]]:
    return [
        msgspec.json.decode(each.removeprefix(b"event: parts\ndata: "))
        for each in sent
        if each.startswith(b"event: parts")
    ]


def into(sent: list[bytes]) -> Callable[[bytes], Awaitable[None]]:
    async def write(data: bytes) -> None:
        sent.append(data)

    return write


def test_a_stream_begins_with_all_parts_and_goes_on_with_what_changes() -> None:
    async def work() -> None:
        shown, sent = Shown(), list[bytes]()
        streams = Streams(shown)
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(streams.send, into(sent))
            await anyio.sleep(2.5)
            assert sent[0] == b"retry: %d\n\n" % RETRY
            assert events(sent) == [{"state": "Ready", "queue": "3"}]
            shown.parts["queue"] = "a\nb\r\n\nevent: parts\ndata: <script>"
            await anyio.sleep(1.0)
            assert events(sent)[1:] == [{"queue": shown.parts["queue"]}]
            assert all(each.count(b"\n\n") == 1 and b"\r" not in each for each in sent)
            await anyio.sleep(60)
            assert sent.count(b":\n\n") == 4  # so that nothing between takes it for dead
            streams.close()
        assert streams.open == 0

    in_virtual_time(work())


def test_twenty_look_on_for_the_price_of_one_and_no_more_are_let_in() -> None:
    async def work() -> None:
        shown = Shown()
        streams = Streams(shown, at_most=20)
        sent: list[list[bytes]] = [[] for _ in range(20)]
        async with anyio.create_task_group() as tasks:
            for each in sent:
                tasks.start_soon(streams.send, into(each))
            await anyio.sleep(10.05)
            assert not streams.has_room
            assert shown.made <= 12
            assert {len(events(each)) for each in sent} == {1}
            streams.close()
        assert not streams.has_room  # the worker ends

    in_virtual_time(work())


def test_who_does_not_read_is_dropped_and_holds_up_nobody() -> None:
    async def work() -> None:
        shown, sent = Shown(), list[bytes]()
        streams = Streams(shown, slow_after=10.0)

        async def write_nothing(data: bytes) -> None:
            await anyio.sleep_forever()

        async def watch_slowly() -> None:
            with pytest.raises(SlowReaderError):
                await streams.send(write_nothing)

        async with anyio.create_task_group() as tasks:
            tasks.start_soon(watch_slowly)
            tasks.start_soon(streams.send, into(sent))
            for number in range(20):
                shown.parts["queue"] = str(number)
                await anyio.sleep(1)
            assert len(events(sent)) == 20
            assert streams.open == 1
            streams.close()

    in_virtual_time(work())


def test_what_the_page_raises_ends_that_stream_and_it_counts_no_more() -> None:
    async def work() -> None:
        async def broken() -> dict[str, str]:
            raise ValueError("no page")

        streams = Streams(broken)
        with pytest.raises(ValueError, match="no page"):
            await streams.send(into([]))
        assert streams.open == 0

    in_virtual_time(work())
