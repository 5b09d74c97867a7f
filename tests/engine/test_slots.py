"""Slots: never more are taken than there are, and who waits for one has the next."""

import anyio
from hypothesis import given, settings
from hypothesis import strategies as st

from batcher.engine.slots import Slots
from batcher.task_groups import open_task_group
from batcher.testing import in_virtual_time

STAYS = st.lists(st.tuples(st.integers(0, 5), st.none() | st.just(2)), max_size=20)


@settings(max_examples=40)
@given(stays=STAYS, number=st.integers(1, 3))
def test_so_many_are_taken_at_most_and_none_is_lost_by_who_is_cancelled(
    stays: list[tuple[int, int | None]], number: int
) -> None:
    slots, inside, most = Slots(number), 0, 0

    async def stay(seconds: int) -> None:
        nonlocal inside
        await anyio.sleep(seconds)
        inside -= 1
        slots.give_back()

    async def scenario() -> None:
        nonlocal inside, most
        async with open_task_group() as tasks:
            for seconds, patience in stays:  # one after the other, as the head of a line
                with anyio.move_on_after(patience or 1000):
                    await slots.wait_for_one()
                    inside += 1
                    most = max(most, inside)
                    tasks.start_soon(stay, seconds)

    in_virtual_time(scenario())
    assert most <= number
    assert (slots.free, repr(slots)) == (number, f"<Slots: {number} free>")
