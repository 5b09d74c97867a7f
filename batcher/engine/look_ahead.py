"""How many updates may be looked at ahead of being sent; the less urgent take nobody's place.

Who enters leaves, and whoever waited longest among the most urgent comes next.
"""

import heapq
from collections import Counter
from itertools import count

from batcher.wake_up import WakeUp


class LookAhead:
    """Places for updates. ``limit``: of those of each urgency and above together."""

    # thousands of targets have one each
    __slots__ = ("_inside", "_limit", "_order", "_total", "_waiting")

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._inside = Counter[int]()  # by urgency
        self._total = 0  # inside
        self._waiting: list[tuple[int, int, WakeUp]] = []  # a heap
        self._order = count()

    def __repr__(self) -> str:
        return f"<LookAhead {self._total}/{self._limit}, {len(self._waiting)} waiting>"

    @property
    def is_waited_for(self) -> bool:
        """Whether anybody waits for a place."""
        return bool(self._waiting)

    @property
    def is_used(self) -> bool:
        """Whether anybody has a place."""
        return self._total > 0

    @property
    def is_full(self) -> bool:
        """Whether all places are taken."""
        return self._total >= self._limit

    def resize(self, limit: int) -> None:
        """Have so many places from now on; nobody who is inside has to leave."""
        self._limit = limit
        if self._waiting:
            self._admit()

    def take(self, urgency: int) -> bool:
        """Take a place that is there at once, which ``leave`` gives back; False: there is none."""
        is_for_all = not self._waiting and self._total < self._limit  # as nearly always
        if not is_for_all and (self._is_behind(urgency) or not self._has_room(urgency)):
            return False
        self._inside[urgency] += 1
        self._total += 1
        return True

    async def enter(self, urgency: int) -> None:
        """Wait for a place, which ``leave`` gives back."""
        if self.take(urgency):
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
        self._total -= 1
        if self._waiting:
            self._admit()

    def _admit(self) -> None:
        while self._waiting and self._has_room(-self._waiting[0][0]):
            key, _, turn = heapq.heappop(self._waiting)
            self._inside[-key] += 1
            self._total += 1
            turn.call()

    def _has_room(self, urgency: int) -> bool:
        return sum(n for each, n in self._inside.items() if each >= urgency) < self._limit

    def _is_behind(self, urgency: int) -> bool:
        """Whether somebody as urgent waits already."""
        return bool(self._waiting) and -self._waiting[0][0] >= urgency
