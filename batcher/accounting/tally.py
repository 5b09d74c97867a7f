"""Results and attempts folded into numbers, and whether these say that the run should stop.

No I/O and no clock. A tally is fed by one event loop and may be read at any time.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import TypeVar

import msgspec
from msgspec import UNSET

from batcher.accounting.denials import Action, Denials
from batcher.accounting.limit import Limit
from batcher.accounting.time_breakdown import LaneSession
from batcher.accounting.time_spent import (
    NOTHING_SPENT,
    RequestsMade,
    RunTimeSpent,
    TimeSpent,
)
from batcher.accounting.verdicts import (
    ACCEPTED,
    LOST,
    THROTTLED,
    UNSENT,
    Verdict,
    is_maybe_applied,
)
from batcher.error_codes import MORE_THAN_ASKED
from batcher.operations import COMPLETIONS, WRITES
from batcher.records import STATUSES, BriefResult, Counts, Result, Summary, TargetSummary

S = TypeVar("S", bound=TargetSummary)

WELL = ("succeeded", "unchanged", "partial")
CHANGED = (*WELL, "differs")  # the trigger shows what this update made of it, or left
MORE_ADVICE = (
    "batcher rollback puts it back; --whole always sends whole triggers, which clears nothing. The"
    " same command again goes on with what is left, and may change more"
)
_CHANGES = WRITES | COMPLETIONS
PERCENTAGE_COUNTS_FROM = 100  # results; before that a percentage says little


class Tally:
    """Running totals of one target, or of a run.

    ``done``: results, whatever their status; ``unsuccessful``: of them those that tell of trouble,
    which a partial one does not: it is as far as a rollback comes.
    ``statuses``, ``errors``, ``read_back``, ``restored``, ``maybe_applied``, ``attempts`` and
    ``throttles`` are of all results that were added; ``session_attempts``, ``session_answered`` and
    ``session_throttles`` of this part of the session, as they come back, whether their update has
    its result or not: of all that reached the network, and AWS answered other than by a throttle,
    or by one. ``throttled``: those answered by one, of all sessions.
    ``ever_accepted``: at least one attempt to write was. ``more_than_asked``: in words, the
    first update of this session that changed what nobody asked for, and what to do about it.
    """

    def __init__(self) -> None:
        self.statuses: Counter[str] = Counter()
        self.errors: Counter[str] = Counter()
        self.read_back: Counter[str] = Counter()
        self.created: Counter[str] = Counter()
        self.restored = 0
        self.maybe_applied = 0
        self.attempts = 0
        self.throttles = 0
        self.session_attempts = 0
        self.session_answered = 0
        self.session_throttles = 0
        self._throttled_before = 0  # in parts and sessions before this one
        self.denials = Denials()
        self.ever_accepted = False
        self.more_than_asked: str | None = None
        self.done = self.unsuccessful = 0
        self._earlier = (0, 0)  # results, and unsuccessful ones, of earlier sessions

    @property
    def session(self) -> tuple[int, int]:
        """Results of this session, and how many of them did not succeed."""
        return self.done - self._earlier[0], self.unsuccessful - self._earlier[1]

    @property
    def throttled(self) -> int:
        return self._throttled_before + self.session_throttles

    def begin_session(self, throttled: int = 0) -> None:
        """Let results so far be of earlier sessions, which --max-failures does not count.

        ``throttled``: so many attempts were, in these.
        """
        self._earlier = (self.done, self.unsuccessful)
        self._throttled_before = throttled
        self.more_than_asked = None

    def begin_part(self) -> None:
        """Let attempts so far be of an earlier part of the session, with a wall time of its own.

        A canary is one part, and what comes after it another.
        """
        self._throttled_before += self.session_throttles
        self.session_attempts = self.session_answered = self.session_throttles = 0

    def count_attempt(self, verdict: Verdict, action: Action, *, sent: bool = True) -> None:
        """Count one attempt as it comes back; of reading only what is refused and allowed.

        ``sent``: it reached the network.
        """
        if action.operation not in COMPLETIONS:  # without these, updates succeed all the same
            self.denials.count(action, verdict)
        if action.operation not in _CHANGES or not sent or verdict is UNSENT:
            return
        self.session_attempts += 1
        if verdict is THROTTLED:
            self.session_throttles += 1
            return
        self.session_answered += verdict is not LOST
        self.ever_accepted |= verdict is ACCEPTED

    def count_interrupted(self) -> None:
        """Count one attempt that was under way when the work was ended: it does not come back."""
        self.session_attempts += 1

    def add(self, result: Result | BriefResult) -> None:
        """Count one result, of this session or an earlier one."""
        self.add_alike(result.status, result.attempts, result.throttles, 1)
        self.add_more(result)

    def add_alike(self, status: str, attempts: int, throttles: int, count: int) -> None:
        """Count so many results that are alike, but for what ``add_more`` counts of each."""
        self.statuses[status] += count
        self.done += count
        self.unsuccessful += (status not in WELL) * count
        self.attempts += attempts * count
        self.throttles += throttles * count

    def add_more(self, result: Result | BriefResult) -> None:
        """Count what few results have, of one that ``add_alike`` counts."""
        if result.error is not None:
            self.errors[result.error.code] += 1
            self.maybe_applied += is_maybe_applied(result)
            if result.status == "differs" and result.error.code == MORE_THAN_ASKED:
                what = f"{result.error.code}, line {result.line}, id {result.id}"
                said = f"{what}: {result.error.message}. {MORE_ADVICE}"
                self.more_than_asked = self.more_than_asked or said
        if result.read_back is not UNSET:
            self.read_back[result.read_back] += 1
        if result.created is not UNSET:
            self.created[result.created] += 1
        self.restored += result.restored is not UNSET

    def forget_results(self) -> None:
        """Start counting results anew; what is of this session's attempts stays."""
        self.statuses.clear()
        self.errors.clear()
        self.read_back.clear()
        self.created.clear()
        self.attempts = self.throttles = self.done = self.unsuccessful = 0
        self.restored = self.maybe_applied = 0

    def merge(self, other: "Tally") -> None:
        """Add the numbers of another tally."""
        self.statuses.update(other.statuses)
        self.errors.update(other.errors)
        self.read_back.update(other.read_back)
        self.created.update(other.created)
        self.restored += other.restored
        self.maybe_applied += other.maybe_applied
        self.done += other.done
        self.unsuccessful += other.unsuccessful
        self.attempts += other.attempts
        self.throttles += other.throttles
        self.session_attempts += other.session_attempts
        self.session_answered += other.session_answered
        self.session_throttles += other.session_throttles

    def counts(self, total: int) -> Counts:
        """The counts of so many updates, those without a result included."""
        return Counts(
            total=total,
            not_started=total - self.done,
            attempts=self.attempts,
            throttles=self.throttles,
            errors=dict(self.errors.most_common()),
            restored=self.restored,
            maybe_applied=self.maybe_applied,
            read_back=dict(self.read_back),
            created=dict(self.created),
            **{status: self.statuses[status] for status in STATUSES},
        )


def stop_reason(tally: Tally, max_failures: Limit | None) -> str | None:
    """Why the run should stop now, in words, or None."""
    if (refused := tally.denials.why_hopeless()) is not None:
        return refused
    if tally.more_than_asked is not None:
        return tally.more_than_asked
    if max_failures is None:
        return None
    done, failures = tally.session
    if max_failures.is_percentage and done < PERCENTAGE_COUNTS_FROM:
        return None
    if not max_failures.exceeded_by(failures, done):
        return None
    how = f"more than --max-failures {max_failures}"
    return f"{failures} of {done} did not succeed, {how} (none turns that off)"


def summarize(
    tallies: Mapping[str, Tally],
    totals: Mapping[str, int],
    sessions: Mapping[str, LaneSession],
    *,
    wall_seconds: float,
    stopped: str | None,
    earlier: RunTimeSpent = NOTHING_SPENT,
) -> Summary:
    """The summary of a run from what is known of each target.

    A target without a session did not start. ``wall_seconds`` and ``stopped`` are of the run as a
    whole; ``earlier``: what the sessions before this one took.
    """
    spent = time_spent(tallies, sessions, wall_seconds) + earlier
    total, whole = sum(totals.values()), added_up(tallies.values())
    summed = _summed(whole, total, spent.run, stopped)
    summary = Summary(**msgspec.structs.asdict(summed))
    if len(totals) == 1:
        return summary
    never = LaneSession()
    targets = {
        name: _summed(tallies[name], total, spent.of(name), sessions.get(name, never).stopped)
        for name, total in totals.items()
    }
    return msgspec.structs.replace(summary, targets=targets)


def time_spent(
    tallies: Mapping[str, Tally], sessions: Mapping[str, LaneSession], wall_seconds: float
) -> RunTimeSpent:
    """What this part of the session has taken so far."""
    requests = {
        name: RequestsMade(
            attempts=tally.session_attempts,
            answered=tally.session_answered,
            throttles=tally.session_throttles,
        )
        for name, tally in tallies.items()
    }
    return RunTimeSpent.of_sessions(sessions, requests, wall_seconds)


def recounted(summary: Summary, tallies: Mapping[str, Tally]) -> Summary:
    """A summary with the counts of these tallies, by target.

    The rest, which is of its last session, stays.
    """
    if isinstance(summary.targets, dict):
        parts = {name: _recounted(part, tallies[name]) for name, part in summary.targets.items()}
        summary = msgspec.structs.replace(summary, targets=parts)
    return _recounted(summary, added_up(tallies.values()))


def added_up(tallies: Iterable[Tally]) -> Tally:
    """One tally with the numbers of all of these."""
    whole = Tally()
    for tally in tallies:
        whole.merge(tally)
    return whole


def _recounted(summary: S, tally: Tally) -> S:
    counts = msgspec.structs.asdict(tally.counts(summary.total))
    return msgspec.structs.replace(summary, **counts)


def _summed(tally: Tally, total: int, spent: TimeSpent, stopped: str | None) -> TargetSummary:
    return TargetSummary(
        **msgspec.structs.asdict(tally.counts(total)),
        wall_seconds=spent.wall_seconds,
        rate=round(spent.rate, 3),
        seconds=spent.seconds,
        double_quota_saves=spent.double_quota_saves,
        held_by_concurrency=spent.held_by_concurrency,
        held_by_pace=spent.held_by_pace,
        without_result=spent.without(tally.attempts, tally.throttles) or UNSET,
        stopped=stopped,
    )
