"""What a process was told about its pace while it works: pauses, and upper bounds on top of quotas.

One object a process. Who told it (a command, a file, a timetable) keeps words of his own in it, so
that one who lets go takes away nothing of the others: of several the strictest counts.
"""

from collections.abc import Callable

import anyio

from batcher.accounting.time_breakdown import Cause, TimeBreakdown
from batcher.ports import Clock

LATENESS = 0.005  # seconds by which an event loop wakes late; a pace loses nothing by it
LOOK_AGAIN = 5.0  # seconds after which a share is reckoned anew: the quota is found meanwhile


class PaceControl:
    """Pauses, rates and shares, each by who asked for it.

    ``pauses``: in words, why nothing is sent; ``rates``: updates per second at most, of each
    target; ``shares``: parts of the quota (0 to 1) of each operation. ``is_silent``: nobody said
    anything that holds.
    """

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self.pauses: dict[str, str] = {}
        self.rates: dict[str, float] = {}
        self.shares: dict[str, float] = {}
        self.is_silent = True
        self.changed = anyio.Event()  # another one after each change
        self._heads: set[anyio.CancelScope] = set()
        self._paused_before = 0.0  # seconds, without the pause of the moment
        self._paused_at = 0.0

    def __repr__(self) -> str:
        return f"<PaceControl {self.paused or 'not paused'}, {self.rate}/s, share {self.share}>"

    @property
    def paused(self) -> str | None:
        """Why nothing is sent, in words; None: it is."""
        return "; ".join(self.pauses.values()) or None

    @property
    def rate(self) -> float | None:
        """Updates per second at most; None: as many as the settings allow."""
        return min(self.rates.values(), default=None)

    @property
    def share(self) -> float | None:
        """The part of a quota to use; None: what the settings say."""
        return min(self.shares.values(), default=None)

    def pause(self, by: str, words: str) -> None:
        """Give no more permits; what is in flight is finished."""
        if not self.pauses:
            self._paused_at = self.clock.now()
        self.pauses[by] = words
        for head in self._heads:
            head.cancel()
        self._change()

    def resume(self, by: str) -> None:
        """Let go of a pause, if there is one by that name."""
        if self.pauses.pop(by, None) is None:
            return
        if not self.pauses:
            self._paused_before += self.clock.now() - self._paused_at
        self._change()

    def bound(self, by: str, *, rate: float | None = None, share: float | None = None) -> None:
        """Set both bounds by that name; None, and a share of all: no bound."""
        if share is not None and share >= 1:
            share = None
        for bounds, value in ((self.rates, rate), (self.shares, share)):
            bounds.pop(by, None)
            if value is not None:
                bounds[by] = value
        self._change()

    def paused_seconds(self, now: float) -> float:
        """For how many seconds it was paused up to ``now``."""
        return self._paused_before + (now - self._paused_at if self.pauses else 0.0)

    def unpaused(self) -> float:
        """Monotonic seconds that stand still while it is paused: what limits count by."""
        return (self._paused_at if self.pauses else self.clock.now()) - self._paused_before

    def begin_wait(self, head: anyio.CancelScope) -> None:
        """Cancel who waits for a token, should a pause begin."""
        self._heads.add(head)

    def end_wait(self, head: anyio.CancelScope) -> None:
        self._heads.discard(head)

    def _change(self) -> None:
        self.is_silent = not (self.pauses or self.rates or self.shares)
        changed, self.changed = self.changed, anyio.Event()
        changed.set()


class PaceGate:
    """What a PaceControl means for one pacer.

    ``quota``: requests per second of which a share is taken, None while nothing is known;
    ``takes_rate``: whether upper rates are meant for it, too. One waiter at a time.
    """

    def __init__(
        self,
        control: PaceControl,
        *,
        quota: Callable[[], float | None] = lambda: None,
        takes_rate: bool = True,
    ) -> None:
        self.control = control
        self._quota = quota
        self._takes_rate = takes_rate
        self._last: float | None = None  # when the last permit was due at that pace

    @property
    def rate(self) -> float | None:
        """Requests per second at most; None: no bound."""
        return self.bound()

    def bound(self, without: str | None = None) -> float | None:
        """Requests per second at most, by all who said so but one; None: no bound."""
        control, bounds = self.control, []
        if self._takes_rate:
            bounds += [rate for by, rate in control.rates.items() if by != without]
        shares = [share for by, share in control.shares.items() if by != without]
        if shares and (quota := self._quota()) is not None:
            bounds.append(min(shares) * quota)
        return min(bounds, default=None)

    async def wait(self, time_breakdown: TimeBreakdown) -> float:
        """Return as soon as nothing is paused and the pace allows one more.

        Returns the seconds for which the pace held it.
        """
        control, held = self.control, 0.0
        while not control.is_silent:
            if control.pauses:
                await self._wait_as("paused", None, time_breakdown)
                continue
            rate, now = self.rate, control.clock.now()
            due = now if rate is None or self._last is None else self._last + 1 / rate
            if due <= now:
                break
            await self._wait_as("token", min(due - now, LOOK_AGAIN), time_breakdown)
            held += control.clock.now() - now
        return held

    def passed(self, now: float) -> None:
        """Note that a permit was given."""
        if not self.control.rates and not self.control.shares:
            return
        rate = self.rate
        due = now if rate is None or self._last is None else self._last + 1 / rate
        self._last = max(due, now - LATENESS)

    async def _wait_as(
        self, cause: Cause, seconds: float | None, time_breakdown: TimeBreakdown
    ) -> None:
        clock, changed = self.control.clock, self.control.changed
        chosen = cause == "token"
        time_breakdown.enter(cause, clock.now(), chosen=chosen)
        try:
            with anyio.move_on_after(seconds):
                await changed.wait()
        finally:
            time_breakdown.leave(cause, clock.now(), chosen=chosen)
