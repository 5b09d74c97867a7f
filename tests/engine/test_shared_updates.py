"""Several lanes at one queue: each its own updates, each trigger's in input order among all."""

from collections import Counter

import anyio
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from batcher.engine.shared_updates import READY_AT_MOST, SharedUpdates
from batcher.records import Update
from batcher.testing import ListSource, in_virtual_time, update

LANES = "AB"


def updates_of(names: list[str]) -> list[Update]:
    """Of ``Ax``: one of target A for the trigger x."""
    return [replace(update(line, name[1]), target=name[0]) for line, name in enumerate(names, 1)]


@given(
    names=st.lists(
        st.tuples(st.sampled_from(LANES), st.sampled_from("xyz")).map("".join), max_size=30
    ),
    seconds=st.lists(st.integers(0, 5), min_size=1),
    takers=st.integers(1, 4),
    looks_back=st.booleans(),
    closes_after=st.none() | st.integers(0, 10),  # updates of B, which then takes no more
)
def test_of_each_trigger_one_at_a_time_is_out_in_input_order_whichever_lane_it_is_for(
    names: list[str],
    seconds: list[int],
    takers: int,
    looks_back: bool,
    closes_after: int | None,
) -> None:
    updates = updates_of(names)
    shared = SharedUpdates(ListSource(updates, looks_back=looks_back), LANES)
    taken: list[Update] = []
    busy: set[str] = set()

    async def take_all(target: str) -> None:
        lane = shared.of(target)
        while (each := await lane.take()) is not None:
            assert each.target == target
            assert each.trigger not in busy
            busy.add(each.trigger)
            taken.append(each)
            await anyio.sleep(seconds[each.line % len(seconds)])
            busy.remove(each.trigger)
            lane.release(each)
            if target == "B" and sum(each.target == "B" for each in taken) == closes_after:
                lane.close()

    async def scenario() -> None:
        if closes_after == 0:
            shared.of("B").close()
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(shared.read)
            for target in LANES * takers:
                tasks.start_soon(take_all, target)

    in_virtual_time(scenario())
    assert max(Counter(each.line for each in taken).values(), default=1) == 1
    for trigger in "xyz":
        wanted = [each for each in updates if each.trigger == trigger]
        found = [each for each in taken if each.trigger == trigger]
        if closes_after is None:
            assert found == wanted
        else:
            assert found == wanted[: len(found)], "nothing overtakes what was left"


def test_a_lane_that_has_enough_is_read_ahead_of_for_another_but_not_for_ever() -> None:
    busy = [replace(update(line, str(line)), target="B") for line in range(1, READY_AT_MOST + 3)]
    last = replace(update(READY_AT_MOST + 3, "last"), target="A")
    shared = SharedUpdates(ListSource([*busy, last], looks_back=True), LANES)

    async def scenario() -> None:
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(shared.read)
            with anyio.move_on_after(60) as scope:
                await shared.of("A").take()
            assert scope.cancelled_caught
            assert len(shared.of("B")) == READY_AT_MOST
            for _ in busy:
                assert await shared.of("B").take() is not None
            assert await shared.of("A").take() == last
            assert await shared.of("B").take() is None

    in_virtual_time(scenario())


@pytest.mark.parametrize("looks_back", [True, False])
def test_lanes_that_have_all_closed_end_the_reading(*, looks_back: bool) -> None:
    shared = SharedUpdates(ListSource(updates_of(["Ax", "Bx"]), looks_back=looks_back), LANES)

    async def scenario() -> None:
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(shared.read)
            assert await shared.of("A").take() is not None
            for target in LANES:
                shared.of(target).close()
        assert await shared.of("B").take() is None

    in_virtual_time(scenario())
