"""Collections of a command look at little, and those of a program are its own."""

import gc
import weakref
from collections.abc import Iterator

import anyio
import click
import pytest

from batcher.cli.garbage_collection import (
    AGAIN,
    MANY,
    NEW_AT_LEAST,
    NEW_OF_EACH,
    OURS,
    SETTLED,
    keep_what_lasts,
)
from batcher.testing import in_virtual_time


class _Cycle:
    """What only a collection frees."""

    def __init__(self) -> None:
        self.itself = self


@pytest.fixture(autouse=True)
def as_before() -> Iterator[None]:
    before = gc.get_threshold()
    yield
    gc.unfreeze()
    gc.set_threshold(*before)


async def _for(seconds: float, targets: int) -> None:
    with anyio.move_on_after(seconds):
        await keep_what_lasts(targets, anyio.sleep)


def _as(owner: str | None) -> click.Context:
    return click.Context(click.Command("run"), obj=owner)


@pytest.mark.parametrize(
    ("targets", "owner", "left_out"),
    [(MANY, OURS, True), (MANY - 1, OURS, False), (MANY, None, False)],
)
def test_what_many_targets_hold_is_left_out(targets: int, owner: str, left_out: bool) -> None:
    before = gc.get_threshold()
    with _as(owner):
        in_virtual_time(_for(SETTLED - 1, targets))
        assert gc.get_freeze_count() == 0
        in_virtual_time(_for(SETTLED + 1, targets))
    assert (gc.get_freeze_count() > 10_000) is left_out
    assert (gc.get_threshold() != before) is left_out


def test_the_more_targets_the_less_often_new_objects_are_looked_through() -> None:
    found = []
    with _as(OURS):
        for targets in (MANY, 1000, 5000):
            in_virtual_time(_for(1, targets))
            found.append(gc.get_threshold()[0])
    assert found == [NEW_AT_LEAST, NEW_OF_EACH * 1000, NEW_OF_EACH * 5000]


def test_what_was_left_out_and_has_gone_is_freed_all_the_same() -> None:
    held = [_Cycle()]
    gone = weakref.ref(held[0])

    async def drop() -> None:
        await anyio.sleep(SETTLED + 1)
        held.clear()
        assert gone() is not None

    async def both() -> None:
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(drop)
            tasks.start_soon(_for, SETTLED + AGAIN + 1, MANY)

    with _as(OURS):
        in_virtual_time(both())
    assert gone() is None
