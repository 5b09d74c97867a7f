"""A lane that is closed takes in nothing new, at any of its pacers."""

import anyio
import pytest

from batcher.accounting.tally import Tally
from batcher.engine.lane import Lane
from batcher.engine.pacing import Draining, Pacer
from batcher.records import Result, Update
from batcher.task_groups import open_task_group
from batcher.testing import ListSource, LoopClock, OpenLimiter, in_virtual_time, update


class Unsettled:
    """A Settler that brings nothing about."""

    async def settle(self, update: Update) -> Result | None:
        return None


def lane(pacer: Pacer, *more: Pacer, closed: list[str] | None = None) -> Lane:
    made = Lane(
        target="eu",
        source=ListSource([update(1), update(2)]),
        pacer=pacer,
        settler=Unsettled(),
        tally=Tally(),
        on_close=lambda: (closed if closed is not None else []).append("closed"),
    )
    for each in more:
        made.join(each)
    return made


def pacer() -> Pacer:
    return Pacer(OpenLimiter(), 1, LoopClock())


def test_closing_ends_the_queue_drains_every_pacer_and_is_told() -> None:
    closed: list[str] = []
    refused: list[Pacer] = []

    async def ask(each: Pacer) -> None:
        await each.enter(begun=False, must_finish=False)
        with pytest.raises(Draining):  # the one slot is taken
            await each.enter(begun=False, must_finish=False)
        refused.append(each)

    async def scenario() -> None:
        writing, reading = pacer(), pacer()
        open_lane = lane(writing, reading, closed=closed)
        assert open_lane.pacers == (writing, reading)
        async with open_task_group() as tasks:
            tasks.start_soon(ask, writing)
            tasks.start_soon(ask, reading)
            await anyio.sleep(1)
            open_lane.close()
        assert await open_lane.updates.take() is None
        assert set(refused) == {writing, reading}

    in_virtual_time(scenario())
    assert closed == ["closed"]


def test_a_lane_shows_how_far_it_is() -> None:
    assert repr(lane(pacer())) == "<Lane eu: 0 done, <Pacer ?, 0/1 in flight, 0 waiting>>"
