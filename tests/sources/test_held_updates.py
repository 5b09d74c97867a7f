"""What waits in memory comes out by urgency, and never before an earlier one of its trigger."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from batcher.records import Update
from batcher.sources.held_updates import HeldUpdates
from batcher.testing import update

STEPS = st.lists(st.none() | st.tuples(st.sampled_from("abcd"), st.integers(0, 2)), max_size=60)


def expected(waiting: list[Update]) -> Update:
    """Whose turn it is, in the plainest words: the first of the most urgent one's trigger."""
    most = max(waiting, key=lambda each: (each.urgency, -each.line))
    first = min((each for each in waiting if each.trigger == most.trigger), key=lambda e: e.line)
    return replace(first, urgency=most.urgency)


@settings(max_examples=80)
@given(STEPS)
def test_each_comes_out_once_and_in_its_turn(steps: list[tuple[str, int] | None]) -> None:
    held, waiting = HeldUpdates(), list[Update]()
    for number, step in enumerate([*steps, *[None] * len(steps)]):
        if step is not None:
            waiting.append(replace(update(number, step[0]), urgency=step[1]))
            held.put(waiting[-1])
        elif waiting:
            taken = held.take()
            assert taken == expected(waiting)
            waiting = [each for each in waiting if each.line != taken.line]
        else:
            with pytest.raises(LookupError):
                held.take()
        assert len(held) == len(waiting)
    assert repr(held) == f"<HeldUpdates: {len(waiting)}>"


def test_what_is_cleared_is_gone() -> None:
    held = HeldUpdates()
    for urgency in (0, 1):
        held.put(replace(update(urgency), urgency=urgency))
    held.clear()
    assert len(held) == 0
    held.put(update(2))
    assert held.take().line == 2
