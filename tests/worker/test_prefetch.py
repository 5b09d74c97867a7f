"""How many messages to receive: what can be sent soon, by targets that messages are likely for."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from batcher.worker.prefetch import (
    HELD_AT_MOST,
    UNKNOWN_PACE,
    TargetLoad,
    room_of_target,
    room_of_worker,
)

WAITS = TargetLoad(0, is_waiting=True)


@pytest.mark.parametrize(
    ("rate", "usable", "held", "room"),
    [
        (None, True, 0, UNKNOWN_PACE),
        (20.0, True, 0, 40),  # for two seconds
        (20.0, True, 15, 25),
        (20.0, True, 50, 0),  # it was faster before
        (0.1, True, 0, 1),
        (20.0, False, 0, 1),  # to see whether AWS takes them again
        (20.0, False, 1, 0),
    ],
)
def test_a_target_has_room_for_what_it_can_send_soon(
    rate: float | None, usable: bool, held: int, room: int
) -> None:
    assert room_of_target(rate, 2.0, usable=usable, held=held) == room


@pytest.mark.parametrize(
    ("loads", "held", "known", "room"),
    [
        ([], 0, 3, UNKNOWN_PACE),
        ([TargetLoad(5)], 7, 1, 5),
        ([TargetLoad(5), TargetLoad(7)], 3, 2, 12),
        ([TargetLoad(5), TargetLoad(7, is_recent=False)], 3, 2, 5),
        ([TargetLoad(5), TargetLoad(7, is_recent=False)], 0, 2, 12),  # it may be any one's turn
        ([TargetLoad(5, is_recent=False)], 3, 1, 5),  # there is no other
        ([WAITS, TargetLoad(7, is_recent=False)], 3, 2, 7),
        ([WAITS, TargetLoad(0)], 3, 2, 0),
        ([WAITS], 3, 2, UNKNOWN_PACE),  # the other one's are behind those of the one that waits
        ([WAITS], HELD_AT_MOST, 2, 0),
        ([TargetLoad(5)], HELD_AT_MOST, 1, 0),
    ],
)
def test_a_worker_receives_what_its_targets_have_room_for(
    loads: list[TargetLoad], held: int, known: int, room: int
) -> None:
    assert room_of_worker(loads, held=held, known_targets=known) == room


@given(
    st.lists(st.builds(TargetLoad, st.integers(0, 50), st.booleans(), st.booleans())),
    st.integers(0, 2000),
)
def test_never_more_than_all_targets_have_room_for_when_each_was_seen(
    loads: list[TargetLoad], held: int
) -> None:
    room = room_of_worker(loads, held=held, known_targets=len(loads))
    assert 0 <= room <= (sum(load.room for load in loads) if loads else UNKNOWN_PACE)
