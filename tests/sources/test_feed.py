"""Updates are handed on so that no target waits behind another's, within bounds."""

from collections.abc import AsyncIterator

import anyio
import pytest

from batcher.records import Update
from batcher.sources import feed
from batcher.sources.feed import AHEAD, Feeds
from batcher.testing import in_virtual_time, update


async def reads(feeds: Feeds, updates: list[Update]) -> int:
    """How many updates are read before reading pauses."""
    count = 0
    with anyio.move_on_after(1):
        for each in updates:
            count += 1
            if not await feeds.put(each):
                break
    return count


@pytest.mark.parametrize(
    ("targets", "expected"),
    [
        ({"a"}, AHEAD),  # only one: as far ahead as it needs
        ({"a", "b"}, 1000),  # what comes for the other one may be last in the input
    ],
)
def test_reading_goes_on_while_a_target_is_hungry(targets: set[str], expected: int) -> None:
    async def scenario() -> int:
        return await reads(Feeds(frozenset(targets)), [update(n, target="a") for n in range(1000)])

    assert in_virtual_time(scenario()) == expected


def test_a_target_that_nobody_takes_from_does_not_hold_back_one_that_comes_last_in_the_input() -> (
    None
):
    async def scenario() -> list[str]:
        feeds, taken = Feeds(frozenset({"slow", "fast"})), []
        updates = [update(n, target="slow") for n in range(5000)] + [
            update(n, target="fast") for n in range(5000, 5500)
        ]

        async def take() -> None:
            async for each in feeds["fast"]:
                taken.append(each.id)

        async with anyio.create_task_group() as tasks:
            tasks.start_soon(take)
            assert await reads(feeds, updates) == 5500
            feeds.end()
        return taken

    assert in_virtual_time(scenario()) == [str(n) for n in range(5000, 5500)]


def test_what_is_held_is_bounded() -> None:
    async def scenario() -> int:
        feeds = Feeds("ab")
        await feeds.put(update(0, target="b"))
        return await reads(feeds, [update(n, target="a") for n in range(1, feed.HELD_AT_MOST + 10)])

    assert in_virtual_time(scenario()) == feed.HELD_AT_MOST - 1


def test_less_is_held_for_a_target_that_nobody_has_named() -> None:
    async def scenario() -> int:
        many = [update(n, target="a") for n in range(feed.UNSEEN_AT_MOST + 10)]
        return await reads(Feeds("ab"), many)

    assert in_virtual_time(scenario()) == feed.UNSEEN_AT_MOST


def test_reading_for_a_target_that_takes_no_more_lets_others_have_a_turn() -> None:
    async def scenario() -> int:
        feeds, turn, read = Feeds("ab"), anyio.Event(), 0
        feeds["a"].close()

        async def other() -> None:
            turn.set()

        async with anyio.create_task_group() as tasks:
            tasks.start_soon(other)
            while not turn.is_set():
                read += 1
                assert await feeds.put(update(read, target="a"))  # b may yet come
        assert not feeds.closed
        return read

    assert in_virtual_time(scenario()) == feed.READ_IN_A_ROW


def test_reading_ends_when_no_target_takes_any_more() -> None:
    async def scenario() -> int:
        feeds = Feeds(frozenset("a"))

        async def close_soon() -> None:
            await anyio.sleep(0.5)
            feeds["a"].close()

        async with anyio.create_task_group() as tasks:
            tasks.start_soon(close_soon)
            count = await reads(feeds, [update(n, target="a") for n in range(1000)])
        assert len(feeds["a"]) == 0
        return count

    assert in_virtual_time(scenario()) == AHEAD


ONE_PLACE = ("111122223333", "eu-west-1", None)


def of_one_place() -> Feeds:
    feeds = Feeds("ab", lambda name: None)
    for name in "ab":
        feeds.open(name, ONE_PLACE)
    return feeds


def test_what_waits_for_another_target_counts_among_what_is_held() -> None:
    async def scenario() -> int:
        feeds = of_one_place()
        await feeds.put(update(0, "x", "a"))
        many = (update(n, "x", "b") for n in range(1, feed.HELD_AT_MOST + 10))
        return await reads(feeds, list(many))

    assert in_virtual_time(scenario()) == feed.HELD_AT_MOST - 1


def test_for_a_target_that_is_not_open_no_more_is_read_than_for_one_that_is_busy() -> None:
    async def scenario() -> int:
        feeds = Feeds("a", lambda name: None)
        return await reads(feeds, [update(n, target="a") for n in range(1000)])

    assert in_virtual_time(scenario()) == AHEAD


def test_a_feed_ends_when_the_last_that_waits_for_another_target_has_come() -> None:
    async def scenario() -> list[int]:
        feeds, taken = of_one_place(), []

        async def take(name: str) -> None:
            async for each in feeds[name]:
                taken.append(each.line)
                await anyio.sleep(1)
                feeds.settled(name, each.line)

        for line in range(8):
            await feeds.put(update(line, "x", "abba"[line % 4]))
        feeds.end()
        async with anyio.create_task_group() as tasks:
            for name in "ab":
                tasks.start_soon(take, name)
        return taken

    assert in_virtual_time(scenario()) == list(range(8))


def test_what_a_target_leaves_is_waited_for_until_it_has_ended_and_no_longer() -> None:
    async def scenario() -> None:
        feeds = of_one_place()
        for line, name in enumerate("aab"):
            await feeds.put(update(line, "x", name))
        feeds["a"].close()
        assert len(feeds["b"]) == 0, "one may be in flight"
        feeds.drop("a")
        assert len(feeds["b"]) == 1
        await feeds.put(update(3, "x", "a"))
        assert [each.line async for each in _some(feeds["b"], 1)] == [2]

    in_virtual_time(scenario())


async def _some(each_of: feed.Feed, count: int) -> AsyncIterator[Update]:
    for _ in range(count):
        yield await anext(aiter(each_of))
