"""Where requests wait while their target is away, as its breaker says, until one of them probes.

The request that probes is known by its task: whatever that sends meanwhile, as a look just before
a write, belongs to the probe.
"""

import random
from collections.abc import Callable
from typing import NamedTuple, TypeAlias

import anyio
from structlog.typing import FilteringBoundLogger

from batcher.accounting.time_breakdown import TimeBreakdown
from batcher.accounting.verdicts import ACCEPTED, CREDENTIALS, DENIED, UNSENT, Verdict
from batcher.engine.breaker import Breaker, Outage
from batcher.engine.pacing import Draining
from batcher.engine.retry_state import RetryState
from batcher.errors import CredentialsOutageError, NotSentOutageError, OutageError
from batcher.records import Attempt

OnBreaker: TypeAlias = Callable[[str, str | None], None]
"""Told of a target: why nothing is sent to it at present, in words; None: it goes on."""

_ERRORS: dict[Verdict, type[OutageError]] = {
    CREDENTIALS: CredentialsOutageError,
    UNSENT: NotSentOutageError,
}
LEAST_WAIT = 0.05  # seconds
PROBE_WITHIN = 60.0  # seconds; one that has not come back by then keeps no others from it


class StoppedInOutage(Draining):
    """Draining came while the target was away; says so in words."""


class Away(NamedTuple):
    """A target that is away: for how many seconds, and the code of its latest bad answer."""

    target: str
    seconds: float
    code: str


class BreakerGate:
    """The breaker of one target, and those who wait for it.

    ``now``: monotonic seconds, which may stand still while the process is told to send nothing;
    ``clock_now``: those of the time breakdown, which do not; default: the same.
    ``limit``: seconds from the first bad answer on after which an outage is given up, by an
    OutageError to everybody. ``observers`` are told when it opens and closes.
    """

    def __init__(
        self,
        target: str,
        *,
        now: Callable[[], float],
        log: FilteringBoundLogger,
        limit: float,
        breaker: Breaker | None = None,
        clock_now: Callable[[], float] | None = None,
    ) -> None:
        self.breaker = breaker or Breaker()
        self.observers: list[OnBreaker] = []
        self._time_breakdown: TimeBreakdown | None = None
        self._target = target
        self._now = now
        self._clock_now = clock_now or now
        self._log = log
        self._limit = limit
        self._waiting: list[_Waiter] = []
        self._prober: _Waiter | None = None
        self._lapses_at = 0.0  # when another may probe, as that one has not come back
        self._draining = False

    def __repr__(self) -> str:
        return f"<BreakerGate {self._target}: {self.breaker!r}, {len(self._waiting)} waiting>"

    @property
    def outage(self) -> Outage | None:
        return self.breaker.outage

    @property
    def away(self) -> Away | None:
        """For how long the target is away; None: it is not."""
        outage = self.outage
        return (
            None if outage is None else Away(self._target, self._now() - outage.since, outage.code)
        )

    @property
    def reason(self) -> str | None:
        """Why nothing is sent, in words; None: it is."""
        outage = self.outage
        return None if outage is None else f"target {self._target} is away: {outage.reason}"

    def of(self, operation: str) -> "OperationGate":
        """The gate for requests of one operation."""
        return OperationGate(self, operation)

    def begin(self, time_breakdown: TimeBreakdown) -> None:
        """Let requests of a lane wait; ``time_breakdown``: where the time of an outage is noted."""
        self._time_breakdown, self._draining = time_breakdown, False
        if self.outage is not None:
            time_breakdown.note_outage(under_way=True, now=self._clock_now())

    def drain(self) -> None:
        """Turn away who waits, from now on."""
        self._draining = True
        self._tell()

    async def admit(self, operation: str) -> None:
        """Return when a request may be sent: at once, or when it is its turn to probe.

        Raises Draining, also to who would have to finish, and OutageError.
        """
        if self.is_open_to_me():
            return
        me = _Waiter(operation, _task())
        self._waiting.append(me)
        try:
            await self._wait(me)
        except BaseException:
            if self._prober is me:
                self._end_probe()
            raise
        finally:
            self._waiting.remove(me)

    async def _wait(self, me: "_Waiter") -> None:
        while (outage := self.outage) is not None and self._prober is not me:
            if self._draining:
                raise StoppedInOutage(f"stopped while nothing could be sent: {self.reason}")
            now, wake_at = self._now(), outage.since + self._limit
            if now >= wake_at:
                error = _ERRORS.get(outage.verdict, OutageError)
                raise error(self._given_up(outage, now))
            probe_at = self._lapses_at if self._prober is not None else self.breaker.next_probe
            if now >= probe_at:
                self._choose_prober(outage, now)
                continue
            # while time stands still that is never over, but not looked at all the time
            with anyio.move_on_after(max(LEAST_WAIT, min(wake_at, probe_at) - now)):
                await me.moved.wait()
            me.moved = anyio.Event()

    def _choose_prober(self, outage: Outage, now: float) -> None:
        """Draw who probes: the first in line may be the very ones that are at fault.

        One of the operation that fails, if there is any, unless such a one has not come back.
        """
        of_it = [each for each in self._waiting if each.operation == outage.operation]
        lapsed = self._prober is not None
        self._prober = random.choice(self._waiting if lapsed or not of_it else of_it)
        self._lapses_at = now + PROBE_WITHIN
        self._prober.moved.set()

    def note(
        self, state: RetryState, operation: str, domain: str, attempt: Attempt, verdict: Verdict
    ) -> None:
        """Take note of an attempt that has come back, and been recorded in the state."""
        before, prober, probed = self.breaker.outage, self._prober, None
        if before is not None and prober is not None and self._is_prober():
            probed = prober.operation
        now = self._now()
        self.breaker.note(state, operation, domain, attempt, verdict, now, probed)
        if self.breaker.outage is not before:
            self._tell_change(before)
        if probed is not None and verdict is not ACCEPTED:
            self.leave(probed)  # what is tried again is another probe

    def note_refused(self, state: RetryState, operation: str, reason: str) -> None:
        """Take note of credentials that AWS refuses, and that can't be renewed."""
        before = self.outage
        self.breaker.note_refused(state, operation, reason, self._now())
        if self.outage is not before:
            self._tell_change(before)

    def note_renewed(self) -> None:
        """Take note of new credentials."""
        if self.outage is not None:
            self.breaker.note_renewed(self._now())
            self._tell()

    def is_open_to_me(self) -> bool:
        """Whether the request that asks may be sent now."""
        return self.breaker.outage is None or self._is_prober()

    def leave(self, operation: str) -> None:
        """End a request's probe, if it is the one that probes, and not what that sends beside."""
        if self._prober is not None and self._prober.operation == operation and self._is_prober():
            self._end_probe()

    def _is_prober(self) -> bool:
        return self._prober is not None and self._prober.task == _task()

    def _end_probe(self) -> None:
        self._prober = None
        self._tell()

    def _tell(self) -> None:
        for each in self._waiting:
            each.moved.set()

    def _tell_change(self, before: Outage | None) -> None:
        outage, now = self.outage, self._now()
        if self._time_breakdown is not None:
            self._time_breakdown.note_outage(under_way=outage is not None, now=self._clock_now())
        if outage is not None:
            self._log.warning(
                "breaker.opened",
                target=self._target,
                operation=outage.operation,
                code=outage.code,
                reason=outage.reason,
            )
        elif before is not None:
            self._log.warning(
                "breaker.closed",
                target=self._target,
                operation=before.operation,
                seconds=round(now - before.since, 1),
                probes=before.probes,
            )
        for told in self.observers:
            told(self._target, self.reason)
        self._tell()

    def _given_up(self, outage: Outage, now: float) -> str:
        return (
            f"target {self._target}: nothing could be done for {now - outage.since:.0f} s"
            f" (--outage-limit): {outage.reason}"
        )


class _Waiter:
    """A request that waits, for that operation and in that task."""

    def __init__(self, operation: str, task: int) -> None:
        self.operation = operation
        self.task = task
        self.moved = anyio.Event()


class OperationGate:
    """A target's gate for the requests of one operation."""

    def __init__(self, gate: BreakerGate, operation: str) -> None:
        self.gate = gate
        self._operation = operation

    @property
    def is_open_to_me(self) -> bool:
        """Whether the request that asks may be sent now."""
        return self.gate.breaker.outage is None or self.gate.is_open_to_me()

    @property
    def is_mid_run(self) -> bool:
        """Whether the target has answered before."""
        return self.gate.breaker.is_mid_run

    async def admit(self) -> None:
        """As BreakerGate does."""
        await self.gate.admit(self._operation)

    def note(self, state: RetryState, domain: str, attempt: Attempt, verdict: Verdict) -> None:
        """Take note of an attempt that has come back, and been recorded in the state."""
        self.gate.note(state, self._operation, domain, attempt, verdict)

    def note_refused(self, state: RetryState, reason: str) -> bool:
        """Take note of credentials that can't be renewed; False: they never were good."""
        if not self.gate.breaker.has_accepted:
            return False
        self.gate.note_refused(state, self._operation, reason)
        return True

    def note_renewed(self) -> None:
        """Take note of new credentials."""
        self.gate.note_renewed()

    def leave(self) -> None:
        """End a request's probe, if it is the one that probes."""
        self.gate.leave(self._operation)

    def is_refused_alone(self, state: RetryState, domain: str) -> bool:
        """Whether others got good answers since a request was first refused."""
        if state.verdict is not DENIED:
            return False
        refused = self.gate.breaker.is_explained(state, self._operation)
        if refused:
            self.gate.breaker.note_withdrawn(self._operation, domain)
        return refused


def _task() -> int:
    return anyio.get_current_task().id
