"""The first requests of many targets of one process leave one after the other.

Where a thousand of them left together, connections and answers would keep the event loop busy for
seconds. Answers would come as late, and whoever measures a quota by them would find another one.
"""

import math

import anyio

from batcher.ports import Clock

SPACING = 0.01  # seconds from one to the next: what a connection and a first search cost is less
LATE = 0.01  # seconds: a loop that is woken later than that is busy with those that have begun
# seconds: on a machine that is always busy the next one has to begin all the same
TURN_AT_MOST = 0.05
WAIT_AT_MOST = 60.0  # seconds: also where each of those before it took much longer


class SpacedStarts:
    """Turns to begin, SPACING apart, and further where the event loop is late."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._free_at = -math.inf
        self._line = anyio.Lock()

    def take(self) -> bool:
        """Whether it is one's turn at once; then it is taken."""
        now = self._clock.now()
        if self._line.locked() or now < self._free_at:
            return False
        self._free_at = now + SPACING
        return True

    async def wait(self) -> None:
        """Return when it is one's turn, in the order of those who ask."""
        with anyio.move_on_after(WAIT_AT_MOST):
            async with self._line:
                began = self._clock.now()
                while await self._is_late() and self._clock.now() - began < TURN_AT_MOST:
                    pass
                self._free_at = self._clock.now() + SPACING

    async def _is_late(self) -> bool:
        """Whether who sleeps for SPACING is woken late."""
        due = self._clock.now() + SPACING
        await self._clock.sleep(SPACING)
        return self._clock.now() - due > LATE
