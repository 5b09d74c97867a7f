"""Which update is next: in the source's order, one at a time of each trigger, others not held back.

Of several that are ready the most urgent goes first. Updates behind a busy trigger are parked: by
their line where the source can look back, whole where it can't.
"""

import heapq
from array import array
from collections import deque
from collections.abc import AsyncIterator
from itertools import count

import anyio.lowlevel

from batcher.ports import Source
from batcher.records import Update
from batcher.wake_up import WakeUp

# updates held in memory behind a busy trigger, for a source that can't look back
PARKED_AT_MOST = 10_000
PARKED_IN_A_ROW = 500  # updates, before other tasks get a turn


class KeyedQueue:
    """Hands out the updates of a source, which one taker at a time reads."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self._updates: AsyncIterator[Update] = aiter(source)
        self._parked: dict[tuple[str, str], _Parked] = {}
        self._ready: list[tuple[int, int, Update]] = []  # a heap: urgency, turned round, and order
        self._order = count()
        self._behind = 0  # updates that are parked
        self._parked_whole = 0
        self._reading = False
        self._exhausted = False
        self._idle: list[WakeUp] = []
        self.closed = False

    async def take(self) -> Update | None:
        """The next update whose trigger nobody works on; None: none is left, or it is closed."""
        while not self.closed:
            if self._ready:
                return heapq.heappop(self._ready)[2]
            if self._may_read:
                if (update := await self._read()) is not None:
                    return update
            elif self._exhausted and not self._behind:
                return None
            else:
                await self._wait()
        return None

    def release(self, update: Update) -> None:
        """Free the trigger of an update: its next one, if one is parked, goes first."""
        key = (update.domain, update.trigger)
        parked = self._parked[key]
        if len(parked):
            ready = self._recall(parked)
            heapq.heappush(self._ready, (-ready.urgency, next(self._order), ready))
            self._wake(1)
        else:
            del self._parked[key]
            if self._exhausted and not self._behind:
                self._wake_all()

    def give_back(self, update: Update) -> None:
        """Free the trigger of an update that has no result."""
        self.release(update)

    def withhold(self, update: Update) -> None:
        """Give out no later update of the trigger of an update, which is not released."""
        key = (update.domain, update.trigger)
        parked = self._parked[key]
        self._behind -= len(parked)
        self._parked_whole -= len(parked.whole or ())
        self._parked[key] = _Withheld()
        self._wake_all()

    def close(self) -> None:
        """Give out nothing any more."""
        self.closed = True
        self._wake_all()

    @property
    def _may_read(self) -> bool:
        return not self._reading and not self._exhausted and self._parked_whole < PARKED_AT_MOST

    async def _read(self) -> Update | None:
        """Read on to an update that may be worked on; None: something else is to be done first."""
        self._reading = True
        try:
            for _ in range(PARKED_IN_A_ROW):
                if (update := await anext(self._updates, None)) is None:
                    self._exhausted = True
                    self._wake_all()
                    return None
                if self._admit(update):
                    self._wake(1)  # somebody else may read on
                    return update
                if self._ready or self._parked_whole >= PARKED_AT_MOST:
                    return None
        finally:
            self._reading = False
        await anyio.lowlevel.checkpoint()
        return None

    async def _wait(self) -> None:
        moment = WakeUp()
        self._idle.append(moment)
        await moment

    def _wake(self, count: int) -> None:
        woken, self._idle = self._idle[:count], self._idle[count:]
        for moment in woken:
            moment.call()

    def _wake_all(self) -> None:
        self._wake(len(self._idle))

    def _admit(self, update: Update) -> bool:
        key = (update.domain, update.trigger)
        if (parked := self._parked.get(key)) is None:
            self._parked[key] = _Parked()
            return True
        if isinstance(parked, _Withheld):
            return False
        self._behind += 1
        if self._source.looks_back:
            parked.lines.append(update.line)
        else:
            parked.whole = parked.whole or deque()
            parked.whole.append(update)
            self._parked_whole += 1
        return False

    def _recall(self, parked: "_Parked") -> Update:
        self._behind -= 1
        if parked.whole:
            self._parked_whole -= 1
            return parked.whole.popleft()
        return self._source.again(parked.next_line())


class _Parked:
    """Updates that wait for their trigger: whole ones, or only their lines (4 bytes each)."""

    __slots__ = ("at", "lines", "whole")

    def __init__(self) -> None:
        self.whole: deque[Update] | None = None
        self.lines = array("I")
        self.at = 0

    def __len__(self) -> int:
        return len(self.whole or ()) + len(self.lines) - self.at

    def next_line(self) -> int:
        self.at += 1
        return self.lines[self.at - 1]


class _Withheld(_Parked):
    """What stands for all later updates of a trigger that are not given out: none of them waits."""
