"""How many messages a worker receives ahead of sending them: no more than can be sent soon.

Pure: what is held and how fast it goes are arguments.
"""

from collections.abc import Sequence
from math import ceil
from typing import NamedTuple

UNKNOWN_PACE = 10  # messages held for a target while nobody knows how fast they can be sent
# messages of all targets together: what bounds the memory, and the work of extending them
HELD_AT_MOST = 1000


class TargetLoad(NamedTuple):
    """One target of a worker. ``room``: messages more that it could take.

    ``is_waiting``: it can't be used now; ``is_recent``: messages of late were for it.
    """

    room: int
    is_waiting: bool = False
    is_recent: bool = True


def room_of_target(rate: float | None, ahead: float, *, usable: bool, held: int) -> int:
    """How many messages more a target could send within ``ahead`` seconds at that rate."""
    most = UNKNOWN_PACE if rate is None else max(1, ceil(rate * ahead))
    if not usable:
        most = 1  # one shows whether AWS takes them again
    return max(0, most - held)


def room_of_worker(loads: Sequence[TargetLoad], *, held: int, known_targets: int) -> int:
    """How many messages more to receive; a message may be for any of the known targets."""
    if not loads:
        return UNKNOWN_PACE
    if held >= HELD_AT_MOST:
        return 0
    one_waits = any(load.is_waiting for load in loads)
    all_count = len(loads) == 1 or not held or one_waits
    room = sum(load.room for load in loads if all_count or load.is_recent)
    if not room and one_waits and len(loads) < known_targets:
        return UNKNOWN_PACE  # for a target whose messages are behind those of the one that waits
    return room
