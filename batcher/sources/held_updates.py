"""Updates that wait in memory: the most urgent comes out first, and those of a trigger in order.

An earlier update of a trigger is as urgent as the most urgent that waits behind it.
"""

import heapq
from collections import deque
from itertools import count

from msgspec.structs import replace

from batcher.records import Update

Trigger = tuple[str, str]
Claim = tuple[int, int, Trigger]
"""An urgency, turned round; the number of its update; and the trigger that it is of."""


class HeldUpdates:
    """Updates of one target. While all have the same urgency they come out as they went in.

    ``count``: how many there are.
    """

    def __init__(self) -> None:
        self.count = 0
        self._plain: deque[Update] = deque()  # as long as none is more urgent than another
        self._claims: list[Claim] = []  # a heap, also of updates that were taken for a later one
        self._of: dict[Trigger, deque[tuple[int, Update]]] = {}  # else those that wait
        self._numbers = count()

    def __len__(self) -> int:
        return self.count

    def __repr__(self) -> str:
        return f"<HeldUpdates: {len(self)}>"

    def put(self, update: Update) -> None:
        self.count += 1
        if not self._of:
            self._claims.clear()
            if not self._plain or self._plain[-1].urgency == update.urgency:
                self._plain.append(update)
                return
            for earlier in self._plain:
                self._rank(earlier)
            self._plain.clear()
        self._rank(update)

    def take(self) -> Update:
        """The update whose turn it is, as urgent as what makes it so. Raises LookupError."""
        if self._plain:
            self.count -= 1
            return self._plain.popleft()
        while self._claims:
            urgency, number, trigger = self._claims[0]
            waiting = self._of.get(trigger)
            if not waiting or waiting[0][0] >= number:
                heapq.heappop(self._claims)
            if waiting and waiting[0][0] <= number:
                self.count -= 1
                update = waiting.popleft()[1]
                if not waiting:
                    del self._of[trigger]
                return update if -urgency == update.urgency else replace(update, urgency=-urgency)
        raise LookupError("nothing is held")

    def clear(self) -> None:
        self._plain.clear()
        self._claims.clear()
        self._of.clear()
        self.count = 0

    def _rank(self, update: Update) -> None:
        number, trigger = next(self._numbers), (update.domain, update.trigger)
        heapq.heappush(self._claims, (-update.urgency, number, trigger))
        self._of.setdefault(trigger, deque()).append((number, update))
