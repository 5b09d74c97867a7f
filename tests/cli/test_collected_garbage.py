"""Collections of a run with many targets look at little."""

import gc
from collections.abc import Iterator

import pytest

from batcher.cli.collected_garbage import MANY, SETTLED, THRESHOLDS, spare_what_lasts
from batcher.testing import LoopClock, in_virtual_time


@pytest.fixture(autouse=True)
def as_before() -> Iterator[None]:
    before = gc.get_threshold()
    yield
    gc.unfreeze()
    gc.set_threshold(*before)


@pytest.mark.parametrize("targets", [MANY - 1, MANY])
def test_what_many_targets_hold_is_looked_through_once(targets: int) -> None:
    before, clock = gc.get_threshold(), LoopClock()

    async def spare() -> float:
        await spare_what_lasts(targets, clock)
        return clock.now()

    took = in_virtual_time(spare())
    many = targets >= MANY
    assert took == pytest.approx(SETTLED if many else 0.0, abs=0.01)
    assert (gc.get_freeze_count() > 10_000) is many
    assert gc.get_threshold() == (THRESHOLDS if many else before)
