"""Results folded into numbers: counts, costs, and whether they say that the run should stop.

No I/O and no clock. A tally is fed by one event loop and may be read at any time.
"""

from collections import Counter

import msgspec

from batcher.records import STATUSES, Counts, Result, Seconds, Summary
from batcher.rules.verdicts import Verdict

REFUSED_IN_A_ROW = 20  # that many AccessDenied and not one success: the role lacks the permission, not the trigger
PERCENTAGE_COUNTS_FROM = 100  # results; before that a percentage says little


class Tally:
    """Running totals of one target, or of a run."""

    def __init__(self) -> None:
        self.statuses: Counter[str] = Counter()
        self.errors: Counter[str] = Counter()
        self.attempts = 0
        self.throttles = 0
        self.seconds = Seconds()
        self.session_attempts = 0  # answered other than by a throttle, in this process
        self.session_throttles = 0
        self.denied_in_a_row = 0
        self.ever_accepted = False

    @property
    def done(self) -> int:
        return self.statuses.total()

    @property
    def unsuccessful(self) -> int:
        return self.done - self.statuses["succeeded"] - self.statuses["unchanged"]

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

    def add(self, result: Result) -> None:
        """Count one result of this session."""
        self.restore(result)
        self.seconds += result.seconds

    def restore(self, result: Result) -> None:
        """Count one result that an earlier session wrote: its time was not spent in this one."""
        self.statuses[result.status] += 1
        self.attempts += result.attempts
        self.throttles += result.throttles
        if result.error is not None:
            self.errors[result.error.code] += 1

    def merge(self, other: "Tally") -> None:
        """Add the numbers of another tally."""
        self.statuses.update(other.statuses)
        self.errors.update(other.errors)
        self.attempts += other.attempts
        self.throttles += other.throttles
        self.session_attempts += other.session_attempts
        self.session_throttles += other.session_throttles
        self.seconds += other.seconds

    def counts(self, total: int) -> Counts:
        return Counts(
            total=total,
            not_started=total - self.done,
            attempts=self.attempts,
            throttles=self.throttles,
            errors=dict(self.errors.most_common()),
            **{status: self.statuses[status] for status in STATUSES},
        )


def stop_reason(tally: Tally, max_failures: str | None) -> str | None:
    """Why the run should stop now, in words, or None. ``max_failures`` is ``N`` or ``P%``."""
    if tally.denied_in_a_row >= REFUSED_IN_A_ROW and not tally.ever_accepted:
        return f"every call was refused: {tally.denied_in_a_row} in a row AccessDenied, none accepted"
    if max_failures is None:
        return None
    failures = tally.unsuccessful
    if not max_failures.endswith("%"):
        over = failures > int(max_failures)
    else:
        share = float(max_failures[:-1]) / 100
        over = tally.done >= PERCENTAGE_COUNTS_FROM and failures > share * tally.done
    return f"{failures} of {tally.done} did not succeed, more than --max-failures {max_failures}" if over else None


def summarize(tallies: dict[str, Tally], totals: dict[str, int], *, wall_seconds: float, stopped: str | None) -> Summary:
    """The summary of a run from the tally and the number of updates of each target."""
    whole = Tally()
    for tally in tallies.values():
        whole.merge(tally)
    counts = whole.counts(sum(totals.values()))
    per_target = {name: tallies[name].counts(total) for name, total in totals.items()}
    summary = Summary(
        **{name: getattr(counts, name) for name in Counts.__struct_fields__},
        wall_seconds=round(wall_seconds, 3),
        rate=round(whole.session_attempts / wall_seconds, 3) if wall_seconds > 0 else 0.0,
        seconds=whole.seconds.rounded(),
        stopped=stopped,
    )
    return msgspec.structs.replace(summary, targets=per_target) if len(per_target) > 1 else summary
