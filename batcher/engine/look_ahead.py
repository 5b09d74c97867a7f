"""How many updates may be looked at ahead of being sent; the less urgent take nobody's place.

Who enters leaves, and whoever waited longest among the most urgent comes next.
"""

import heapq
from collections import Counter
from itertools import count

from batcher.wake_up import WakeUp


class LookAhead:
    """Places for updates. ``limit``: of those of each urgency and above together."""

    __slots__ = ("_inside", "_limit", "_order", "_waiting")  # thousands of targets have one each

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._inside = Counter[int]()  # by urgency
        self._waiting: list[tuple[int, int, WakeUp]] = []  # a heap
        self._order = count()

    def __repr__(self) -> str:
        return f"<LookAhead {self._inside.total()}/{self._limit}, {len(self._waiting)} waiting>"

    @property
    def is_waited_for(self) -> bool:
        """Whether anybody waits for a place."""
        return bool(self._waiting)

    @property
    def is_used(self) -> bool:
        """Whether anybody has a place."""
        return self._inside.total() > 0

    @property
    def is_full(self) -> bool:
        """Whether all places are taken."""
        return self._inside.total() >= self._limit

    def resize(self, limit: int) -> None:
        """Have so many places from now on; nobody who is inside has to leave."""
        self._limit = limit
        self._admit()

    async def enter(self, urgency: int) -> None:
        """Wait for a place, which ``leave`` gives back."""
        if self._has_room(urgency) and not self._is_behind(urgency):
            self._inside[urgency] += 1
            return
        waiter = (-urgency, next(self._order), WakeUp())
        heapq.heappush(self._waiting, waiter)
        try:
            await waiter[2]
        except BaseException:
            if waiter in self._waiting:
                self._waiting.remove(waiter)
                heapq.heapify(self._waiting)
            else:
                self.leave(urgency)
            raise

    def leave(self, urgency: int) -> None:
        """Give a place back."""
        self._inside[urgency] -= 1
        self._admit()

    def _admit(self) -> None:
        while self._waiting and self._has_room(-self._waiting[0][0]):
            key, _, turn = heapq.heappop(self._waiting)
            self._inside[-key] += 1
            turn.call()

    def _has_room(self, urgency: int) -> bool:
        return sum(n for each, n in self._inside.items() if each >= urgency) < self._limit

    def _is_behind(self, urgency: int) -> bool:
        """Whether somebody as urgent waits already."""
        return bool(self._waiting) and -self._waiting[0][0] >= urgency
