"""Whether a target is away, as its attempts tell: a state machine without a clock.

Closed, requests go out, and a row of bad answers without a good one in between opens it. Open,
nothing is sent but by one request at a time, which probes, after pauses that grow; the first answer
of the service closes it. Whatever was tried in such an outage is charged to no request. A list of
triggers, which nothing depends on, opens none.

Who waits, and for how long, is in ``breaker_gate``.
"""

import random
from collections.abc import Callable
from typing import NamedTuple

from msgspec import Struct

from batcher.accounting.verdicts import (
    ACCEPTED,
    CREDENTIALS,
    DENIED,
    REJECTED,
    THROTTLED,
    UNSENT,
    Verdict,
)
from batcher.engine.retry_state import RetryState
from batcher.operations import LIST_TRIGGERS
from batcher.records import Attempt

_ANSWERS = frozenset({ACCEPTED, REJECTED, DENIED, THROTTLED})


class OutageTuning(Struct, frozen=True, kw_only=True):
    """When a breaker opens, and how often it is probed then. Pauses in seconds."""

    # bad answers of one operation in a row: where one in ten is bad for no reason, that is chance
    # once in 100,000 attempts, and costs one short pause
    row: int = 5
    # requests that these were about: so few may be at fault themselves, as the last ones of a file
    requests: int = 3
    # outages that ended while a request went on failing: then it is at fault itself
    outages: int = 2
    first_pause: float = 1.0  # most faults of AWS are over by then
    growth: float = 1.25  # of each pause: so an outage seems longer by a fifth at most
    longest_pause: float = 60.0  # so much later it is noticed at most that all is well
    jitter: float = 0.25  # of a pause: what failed together does not come back together


class Outage:
    """A target that is away. ``since``: monotonic seconds of the first bad answer of its row.

    ``operation``: the one whose answers say so; ``verdict``, ``code`` and ``reason``: of the latest
    of them.
    """

    def __init__(
        self, since: float, operation: str, verdict: Verdict, code: str, reason: str
    ) -> None:
        self.since = since
        self.operation = operation
        self.verdict = verdict
        self.code = code
        self.reason = reason
        self.probes = 0

    def __repr__(self) -> str:
        return f"<Outage of {self.operation} since {self.since:.1f}: {self.code}>"


class _Bad(NamedTuple):
    """One bad answer of a row. ``charged``: to its request."""

    at: float
    state: RetryState
    charged: bool


class Breaker:
    """Of one target: all of its operations tell it what came of their attempts.

    ``outage``: the present one, None while the breaker is closed; ``next_probe``: when the next
    request may probe, monotonic seconds.
    """

    def __init__(
        self,
        tuning: OutageTuning | None = None,
        uniform: Callable[[float, float], float] = random.uniform,
    ) -> None:
        self.outage: Outage | None = None
        self.next_probe = 0.0
        self._tuning = tuning or OutageTuning()
        self._uniform = uniform
        self._rows: dict[str, list[_Bad]] = {}
        # when the latest request was sent that got a good answer, by operation
        self._proved: dict[str, float] = {}
        self._allowed: set[tuple[str, str]] = set()  # operation, domain; as of late
        self._accepted = False
        self._answered = False

    def __repr__(self) -> str:
        return f"<Breaker {self.outage or 'closed'}>"

    @property
    def is_mid_run(self) -> bool:
        """Whether the target has answered: then it could be reached."""
        return self._answered

    @property
    def has_accepted(self) -> bool:
        """Whether anything was allowed: then the credentials were good."""
        return self._accepted

    def note(
        self,
        state: RetryState,
        operation: str,
        domain: str,
        attempt: Attempt,
        verdict: Verdict,
        now: float,
        probed: str | None = None,
    ) -> None:
        """Take note of an attempt that has come back, and been recorded in the state.

        ``probed``: the operation of the request that probes, where the attempt is made for it.
        """
        state.held = False
        self._answered |= attempt.reached == "answered"
        bad = verdict is not ACCEPTED and self._is_bad(operation, domain, verdict)
        if bad:
            self._note_bad(state, operation, attempt, verdict, now)
            if verdict is DENIED and not state.held:
                self.note_withdrawn(operation, domain)
        elif attempt.reached == "answered" and verdict in _ANSWERS:
            self._note_answer(operation, domain, attempt, verdict, now, probed)
        failed = bad or verdict is CREDENTIALS
        if probed is not None and self.outage is not None and failed:
            self._pause(now, attempt.retry_after or 0.0)

    def note_refused(self, state: RetryState, operation: str, reason: str, now: float) -> None:
        """Take note of credentials that AWS refuses, and that can't be renewed: that is enough."""
        refused = Attempt(
            reached="unsent", seconds=0.0, code=state.last.code, message=reason.removesuffix(".")
        )
        self._note_bad(state, operation, refused, CREDENTIALS, now)

    def note_withdrawn(self, operation: str, domain: str) -> None:
        """Take note that an action is refused in a domain while others are answered.

        Until it is allowed there again, such refusals are of that domain, and not of the target.
        """
        self._allowed.discard((operation, domain))

    def note_renewed(self, now: float) -> None:
        """Take note of new credentials: whether they are good can be seen at once."""
        if self.outage is not None and self.next_probe > now:
            self.next_probe = now
            self.outage.probes = max(0, self.outage.probes - 1)  # it goes on, as the same probe

    def is_explained(self, state: RetryState, operation: str) -> bool:
        """Whether others got good answers to what was sent after a request first got a bad one."""
        since = state.failing_since
        return since is not None and self._proved.get(operation, since) > since

    def _is_bad(self, operation: str, domain: str, verdict: Verdict) -> bool:
        match verdict:
            case Verdict.TRANSIENT | Verdict.LOST:
                return True
            case Verdict.UNSENT:
                return self._answered
            case Verdict.DENIED:  # policies allow actions one by one, and in single domains
                withdrawn = self.outage is not None and self.outage.verdict is DENIED
                return withdrawn or (operation, domain) in self._allowed
        return False

    def _note_bad(
        self, state: RetryState, operation: str, attempt: Attempt, verdict: Verdict, now: float
    ) -> None:
        of_target = verdict in (UNSENT, CREDENTIALS)  # whatever the request
        code, reason = attempt.code or "", _said(attempt)
        if self.outage is not None:
            state.held = True
            state.forgive(not of_target)
            self.outage.verdict, self.outage.code, self.outage.reason = verdict, code, reason
            return
        if operation == LIST_TRIGGERS or (not of_target and self._is_at_fault(state, operation)):
            return
        state.held = True
        if state.failing_since is None:
            state.failing_since = now
        row = self._rows.setdefault(operation, [])
        row.append(_Bad(now, state, not of_target))
        if verdict is CREDENTIALS or self._is_row(row, of_target=of_target):
            self._open(Outage(row[0].at, operation, verdict, code, reason), now)

    def _is_row(self, row: list[_Bad], *, of_target: bool) -> bool:
        requests = len({id(bad.state) for bad in row})
        enough = of_target or requests >= self._tuning.requests
        return enough and len(row) >= self._tuning.row

    def _is_at_fault(self, state: RetryState, operation: str) -> bool:
        return state.outages >= self._tuning.outages or self.is_explained(state, operation)

    def _open(self, outage: Outage, now: float) -> None:
        self.outage = outage
        failing = [bad for row in self._rows.values() for bad in row]
        for bad in failing:
            bad.state.forgive(bad.charged)
        for state in {id(bad.state): bad.state for bad in failing if bad.charged}.values():
            state.outages += 1
        self._rows.clear()
        self._pause(now, 0.0)

    def _pause(self, now: float, asked: float) -> None:
        assert self.outage is not None
        tuning, probes = self._tuning, min(self.outage.probes, 64)  # of a number that is finite
        grown = tuning.first_pause * tuning.growth**probes
        pause = min(tuning.longest_pause, max(asked, grown))
        self.outage.probes += 1
        self.next_probe = now + pause * self._uniform(1 - tuning.jitter, 1.0)

    def _note_answer(
        self,
        operation: str,
        domain: str,
        attempt: Attempt,
        verdict: Verdict,
        now: float,
        probed: str | None,
    ) -> None:
        sent = now - attempt.seconds
        if verdict is ACCEPTED:
            self._accepted = True
            self._allowed.add((operation, domain))
        # a throttle says nothing of the request, and a denial nothing good
        if verdict not in (THROTTLED, DENIED):
            self._proved[operation] = sent
            if row := self._rows.get(operation):
                self._rows[operation] = [bad for bad in row if bad.at >= sent]
        outage = self.outage
        if outage is not None and sent >= outage.since and operation in (outage.operation, probed):
            self.outage = None


def _said(attempt: Attempt) -> str:
    """What a bad answer says, in words; of what was not sent that is a whole sentence."""
    if attempt.reached == "unsent" and attempt.message:
        return attempt.message.removesuffix(".")
    return f"{attempt.code}: {attempt.message}" if attempt.message else str(attempt.code)
