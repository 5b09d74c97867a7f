"""Results folded into numbers: counts, costs, and whether they say that the run should stop.

No I/O and no clock. A tally is fed by one event loop and may be read at any time.
"""

from collections import Counter
from collections.abc import Mapping
from typing import TypeVar

import msgspec
from msgspec import Struct

from batcher.accounting.limit import Limit
from batcher.accounting.time_breakdown import TimeBreakdown, saved_by_double_quota
from batcher.accounting.verdicts import Verdict
from batcher.records import STATUSES, Counts, Outcome, Result, Seconds, Summary, TargetSummary

S = TypeVar("S", bound=TargetSummary)

# that many AccessDenied and not one success: the role lacks the permission, not the trigger
REFUSED_IN_A_ROW = 20
PERCENTAGE_COUNTS_FROM = 100  # results; before that a percentage says little


class Tally:
    """Running totals of one target, or of a run."""

    def __init__(self) -> None:
        self.statuses: Counter[str] = Counter()
        self.errors: Counter[str] = Counter()
        self.attempts = 0
        self.throttles = 0
        # answered other than by a throttle, in this part of the session: before or after a canary
        self.session_attempts = 0
        self.session_throttles = 0
        self.denied_in_a_row = 0
        self.ever_accepted = False
        self._earlier = (0, 0)  # results, and unsuccessful ones, of earlier sessions

    @property
    def done(self) -> int:
        return self.statuses.total()

    @property
    def unsuccessful(self) -> int:
        return self.done - self.statuses["succeeded"] - self.statuses["unchanged"]

    def begin_session(self) -> None:
        """What was counted so far is of earlier sessions: it does not count towards
        --max-failures any more.
        """
        self._earlier = (self.done, self.unsuccessful)

    def begin_part(self) -> None:
        """Attempts so far are of an earlier part of the session, with a wall time of its own."""
        self.session_attempts = self.session_throttles = 0

    @property
    def session(self) -> tuple[int, int]:
        """Results of this session, and how many of them did not succeed."""
        return self.done - self._earlier[0], self.unsuccessful - self._earlier[1]

    def answered(self, verdict: Verdict) -> None:
        """Count one attempt, as it comes back."""
        match verdict:
            case Verdict.THROTTLED:
                self.session_throttles += 1
            case Verdict.LOST | Verdict.UNSENT:
                pass
            case _:
                self.session_attempts += 1
        if verdict is Verdict.ACCEPTED:
            self.ever_accepted = True
            self.denied_in_a_row = 0
        elif verdict is Verdict.DENIED:
            self.denied_in_a_row += 1
        elif verdict is not Verdict.THROTTLED:
            self.denied_in_a_row = 0

    def looked(self, verdict: Verdict) -> None:
        """Count one reading attempt: only denials tell of the run, which stops when nothing but
        that comes back.
        """
        if verdict is Verdict.DENIED:
            self.answered(verdict)

    def add(self, result: Result | Outcome) -> None:
        """Count one result, of this session or an earlier one."""
        self.statuses[result.status] += 1
        self.attempts += result.attempts
        self.throttles += result.throttles
        if result.error is not None:
            self.errors[result.error.code] += 1

    def forget_results(self) -> None:
        """Start counting results anew; what is of this session's attempts stays."""
        self.statuses.clear()
        self.errors.clear()
        self.attempts = self.throttles = 0

    def merge(self, other: "Tally") -> None:
        """Add the numbers of another tally."""
        self.statuses.update(other.statuses)
        self.errors.update(other.errors)
        self.attempts += other.attempts
        self.throttles += other.throttles
        self.session_attempts += other.session_attempts
        self.session_throttles += other.session_throttles

    def counts(self, total: int) -> Counts:
        return Counts(
            total=total,
            not_started=total - self.done,
            attempts=self.attempts,
            throttles=self.throttles,
            errors=dict(self.errors.most_common()),
            **{status: self.statuses[status] for status in STATUSES},
        )


def stop_reason(tally: Tally, max_failures: Limit | None) -> str | None:
    """Why the run should stop now, in words, or None."""
    if tally.denied_in_a_row >= REFUSED_IN_A_ROW and not tally.ever_accepted:
        return (
            f"every call was refused: {tally.denied_in_a_row} in a row AccessDenied, none accepted"
        )
    if max_failures is None:
        return None
    done, failures = tally.session
    if max_failures.is_percentage and done < PERCENTAGE_COUNTS_FROM:
        return None
    if not max_failures.exceeded_by(failures, done):
        return None
    return f"{failures} of {done} did not succeed, more than --max-failures {max_failures}"


class Course(Struct, frozen=True, kw_only=True):
    """How the session of one target went: what held it up, its slots, and why it was given up,
    else None.
    """

    time_breakdown: TimeBreakdown
    slots: int
    stopped: str | None = None


def summarize(
    tallies: dict[str, Tally],
    totals: dict[str, int],
    courses: dict[str, Course],
    *,
    wall_seconds: float,
    stopped: str | None,
) -> Summary:
    """The summary of a run from what is known of each target; one without a course did not
    start.
    """
    whole = Tally()
    for tally in tallies.values():
        whole.merge(tally)
    course = max(
        courses.values(), key=lambda course: course.time_breakdown.wall_seconds, default=None
    )
    sum_of_all = _sum(
        whole, sum(totals.values()), course, wall_seconds=wall_seconds, stopped=stopped
    )
    summary = msgspec.convert(sum_of_all, Summary, from_attributes=True)
    if len(totals) == 1:
        return summary
    per_target = {
        name: _of_target(tallies[name], total, courses.get(name)) for name, total in totals.items()
    }
    return msgspec.structs.replace(summary, targets=per_target)


def recounted(summary: Summary, tallies: Mapping[str, Tally]) -> Summary:
    """A summary with the counts of these tallies, by target; the rest, which is of its last
    session, stays.
    """
    whole = Tally()
    for tally in tallies.values():
        whole.merge(tally)
    if isinstance(summary.targets, dict):
        parts = {name: _recounted(part, tallies[name]) for name, part in summary.targets.items()}
        summary = msgspec.structs.replace(summary, targets=parts)
    return _recounted(summary, whole)


def _recounted(summary: S, tally: Tally) -> S:
    counts = tally.counts(summary.total)
    return msgspec.structs.replace(
        summary, **{name: getattr(counts, name) for name in Counts.__struct_fields__}
    )


def _of_target(tally: Tally, total: int, course: Course | None) -> TargetSummary:
    wall_seconds = course.time_breakdown.wall_seconds if course else 0.0
    return _sum(
        tally, total, course, wall_seconds=wall_seconds, stopped=course.stopped if course else None
    )


def _sum(
    tally: Tally, total: int, course: Course | None, *, wall_seconds: float, stopped: str | None
) -> TargetSummary:
    counts = tally.counts(total)
    held = course.time_breakdown.seconds() if course else Seconds()
    unaccounted = max(0.0, wall_seconds - (course.time_breakdown.wall_seconds if course else 0.0))
    saved = (
        saved_by_double_quota(
            held, busy_seconds=course.time_breakdown.busy_seconds, slots=course.slots
        )
        if course
        else 0.0
    )
    return TargetSummary(
        **{name: getattr(counts, name) for name in Counts.__struct_fields__},
        wall_seconds=round(wall_seconds, 3),
        rate=round(tally.session_attempts / wall_seconds, 3) if wall_seconds > 0 else 0.0,
        seconds=(held + Seconds(queued=unaccounted)).rounded(),
        double_quota_saves=round(saved, 3),
        stopped=stopped,
    )
