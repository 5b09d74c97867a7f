"""Updates come in input order, one at a time of each trigger, and none is lost or held back."""

import types
from collections.abc import AsyncIterator, Coroutine, Generator, Sequence
from typing import Any, cast

import anyio
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from batcher.engine.keyed_queue import PARKED_AT_MOST, KeyedQueue
from batcher.records import Update
from batcher.task_groups import open_task_group
from batcher.testing import ListSource, in_virtual_time, update


class CountingSource(ListSource):
    """Knows how many updates were read, and how many were looked back for."""

    def __init__(self, updates: Sequence[Update], *, looks_back: bool) -> None:
        super().__init__(updates, looks_back=looks_back)
        self.read = self.again_read = 0

    async def __aiter__(self) -> AsyncIterator[Update]:
        async for each in super().__aiter__():
            self.read += 1
            yield each

    def again(self, line: int) -> Update:
        self.again_read += 1
        return super().again(line)


def updates_of(triggers: Sequence[str]) -> list[Update]:
    return [update(number, trigger) for number, trigger in enumerate(triggers, 1)]


@given(
    triggers=st.lists(st.sampled_from("abc"), max_size=40),
    seconds=st.lists(st.integers(0, 5), min_size=1),
    takers=st.integers(1, 6),
    looks_back=st.booleans(),
    urgencies=st.lists(st.integers(0, 2), min_size=1),  # in whatever order they come
)
def test_each_update_is_taken_once_and_those_of_a_trigger_one_after_the_other_in_order(
    triggers: list[str], seconds: list[int], takers: int, looks_back: bool, urgencies: list[int]
) -> None:
    updates = [
        replace(each, urgency=urgencies[each.line % len(urgencies)])
        for each in updates_of(triggers)
    ]
    queue = KeyedQueue(ListSource(updates, looks_back=looks_back))
    taken: list[Update] = []
    busy: set[str] = set()

    async def take_all() -> None:
        while (each := await queue.take()) is not None:
            assert each.trigger not in busy
            busy.add(each.trigger)
            taken.append(each)
            await anyio.sleep(seconds[each.line % len(seconds)])
            busy.remove(each.trigger)
            queue.release(each)

    async def scenario() -> None:
        async with open_task_group() as tasks:
            for _ in range(takers):
                tasks.start_soon(take_all)

    in_virtual_time(scenario())
    assert sorted(each.line for each in taken) == [each.line for each in updates]
    for trigger in set(triggers):
        lines = [each.line for each in taken if each.trigger == trigger]
        assert lines == sorted(lines)


def test_of_those_whose_trigger_is_free_again_the_most_urgent_goes_first() -> None:
    updates = updates_of(["a", "b", "c", "a", "b", "c"])
    urgencies = [0, 0, 0, 1, 9, 1]
    updates = [replace(each, urgency=n) for each, n in zip(updates, urgencies, strict=True)]
    queue = KeyedQueue(ListSource(updates, looks_back=True))

    async def scenario() -> list[str]:
        first = [await queue.take() for _ in range(3)]
        with anyio.move_on_after(1):  # reads on, and parks
            await queue.take()
        for each in first:
            assert each is not None
            queue.release(each)
        found = [await queue.take() for _ in range(3)]
        return [each.id for each in found if each is not None]

    assert in_virtual_time(scenario()) == ["5", "4", "6"]


@pytest.mark.parametrize("looks_back", [True, False])
def test_a_busy_trigger_holds_back_only_its_own_updates(looks_back: bool) -> None:
    source = CountingSource(updates_of(["hot"] * 50 + ["cold"]), looks_back=looks_back)
    queue = KeyedQueue(source)

    async def scenario() -> list[str]:
        first, second = await queue.take(), await queue.take()
        assert first is not None
        queue.release(first)
        third = await queue.take()
        return [each.id for each in (first, second, third) if each is not None]

    assert in_virtual_time(scenario()) == ["1", "51", "2"]
    assert source.again_read == (1 if looks_back else 0)  # else it was kept whole


def test_what_can_not_be_read_again_is_read_ahead_up_to_a_limit() -> None:
    source = CountingSource(updates_of(["hot"] * (PARKED_AT_MOST + 100)), looks_back=False)
    queue = KeyedQueue(source)

    async def scenario() -> None:
        first = await queue.take()
        assert first is not None
        async with open_task_group() as tasks:
            tasks.start_soon(queue.take)
            await anyio.sleep(1)
            assert source.read == PARKED_AT_MOST + 1
            queue.release(first)  # the second is taken, which makes room for one more
        assert source.read == PARKED_AT_MOST + 1

    in_virtual_time(scenario())


def test_who_waits_for_an_update_is_sent_away_when_the_queue_is_closed() -> None:
    queue = KeyedQueue(ListSource(updates_of(["hot", "hot"])))
    ended: list[Update | None] = []

    async def wait() -> None:
        ended.append(await queue.take())

    async def scenario() -> None:
        assert await queue.take() is not None
        async with open_task_group() as tasks:
            for _ in range(3):
                tasks.start_soon(wait)
            await anyio.sleep(1)
            assert ended == []
            queue.close()
        assert await queue.take() is None

    in_virtual_time(scenario())
    assert ended == [None] * 3


def test_nothing_left_is_said_when_the_last_parked_update_is_taken_not_before() -> None:
    queue = KeyedQueue(ListSource(updates_of(["hot", "hot"])))

    async def scenario() -> list[str | None]:
        first = await queue.take()
        assert first is not None
        found: list[str | None] = []

        async def wait() -> None:
            each = await queue.take()
            found.append(each and each.id)
            if each is not None:
                queue.release(each)

        async with open_task_group() as tasks:
            tasks.start_soon(wait)
            tasks.start_soon(wait)
            await anyio.sleep(1)
            queue.release(first)
        return found

    assert in_virtual_time(scenario()) == ["2", None]


def test_who_waits_for_the_last_updates_is_woken_when_there_is_one_or_none_will_come() -> None:
    others = [f"t{number}" for number in range(20)]
    queue = KeyedQueue(ListSource(updates_of(["hot", *others, "hot"])))
    woken = 0

    @types.coroutine
    def counted(taking: Coroutine[Any, Any, Update | None]) -> Generator[Any, Any, Update | None]:
        nonlocal woken
        while True:
            try:
                waits_for = taking.send(None)
            except StopIteration as end:
                return cast("Update | None", end.value)
            yield waits_for
            woken += 1

    async def wait() -> None:
        if (each := await counted(queue.take())) is not None:
            queue.release(each)

    async def scenario() -> None:
        first, *rest = [await queue.take() for _ in range(21)]
        async with open_task_group() as tasks:
            for _ in range(20):
                tasks.start_soon(wait)
            for each in rest:
                await anyio.sleep(1)
                assert each is not None
                queue.release(each)
            assert woken == 0
            assert first is not None
            queue.release(first)

    in_virtual_time(scenario())
    assert woken == 20
