"""What a rehearsal has shown, as one record, and its verdict in words.

Holds names, counts and codes; nothing that a trigger is made of.
"""

from collections.abc import Iterator

from msgspec import Struct

from batcher.jobs.rehearsal_phases import RehearsedRollback, RehearsedRun
from batcher.jobs.rehearsed_targets import RehearsedQuota
from batcher.jobs.rehearsed_triggers import Unrestored
from batcher.jobs.run_audit import Discrepancies
from batcher.jobs.verify import Verification
from batcher.number_text import about_duration, several
from batcher.records import Summary

NOT_KNOWN = (
    "What the emulator can't know: what AWS refuses for reasons of its own, what these credentials"
    " may do there (batcher doctor asks), its real limits and answers, and what changes there until"
    " the run."
)
BECOMES = {
    "failed": "would fail",
    "in_doubt": "would be left in doubt",
    "invalid": "would be left out, as it breaks a rule",
    "stale": "would be stale, and not sent",
    "partial": "would be put back in part only",
    "differs": "would come out otherwise than asked, or change more",
    "not_started": "would not be started",
}
"""What of an update that is not as asked is said, by the status of its result."""


class RehearsedPart(Struct, frozen=True, kw_only=True):
    """A target's part: where it is, its quotas, and how long it takes there at the real pace.

    ``seconds`` of the run and ``undo_seconds`` of its rollback: None where nobody can say.
    """

    account: str | None
    region: str | None
    endpoint: str | None
    quotas: dict[str, RehearsedQuota]
    updates: int
    seconds: float | None
    undo_seconds: float | None


class ProvedBooks(Struct, frozen=True, kw_only=True):
    """What ``verify`` found of a run: whether it ``holds``, what is ``wrong``, what ``differs``."""

    holds: bool
    seconds: float
    looked_at: int
    wrong: Discrepancies
    differs: Discrepancies

    @classmethod
    def of(cls, found: Verification, seconds: float) -> "ProvedBooks":
        """What counts of a verification that took so long."""
        return cls(
            holds=found.holds,
            seconds=seconds,
            looked_at=found.looked_at,
            wrong=found.wrong,
            differs=found.differs,
        )


class RehearsedSteps(Struct, frozen=True, kw_only=True):
    """What each step has shown; None for one that there was nothing to do for."""

    run: RehearsedRun
    verified: ProvedBooks | None = None
    rollback: RehearsedRollback
    rollback_verified: ProvedBooks | None = None


class Rehearsal(Struct, frozen=True, kw_only=True):
    """What would happen if the file were run, how long that takes, and whether it can be undone.

    ``problems``: in words, what would not be as asked or could not be put back; none is a success.
    ``read_from``: ``live``, or the export that the triggers are of; ``triggers``: how many were
    there, ``missing``: named and not there, ``unread``: those that could not be had.
    ``unrestored``: what, member by member, is not what it was. ``seconds`` and ``undo_seconds``:
    expected at the real pace, None where nobody can say; ``unknown``: what all of that rests on.
    """

    verdict: str
    problems: list[str]
    file: str
    directory: str
    read_from: str
    speed: float
    updates: int
    triggers: int
    missing: int
    unread: Discrepancies
    targets: dict[str, RehearsedPart]
    seconds: float | None
    undo_seconds: float | None
    steps: RehearsedSteps
    unrestored: Unrestored
    unknown: list[str]

    @property
    def succeeded(self) -> bool:
        """Whether everything would be as asked and could be put back."""
        return not self.problems


def problems_of(
    steps: RehearsedSteps, unrestored: Unrestored, unread: Discrepancies
) -> Iterator[str]:
    """In words, each thing that would not be as it should."""
    run, rollback = steps.run, steps.rollback
    if unread.count:
        yield f"{several(unread.count, 'trigger')} could not be had as it is now"
    if run.refused is not None:
        yield f"the run would send nothing: {run.refused}"
        return
    yield from _of_summary("", run.summary)
    if steps.verified is not None and not steps.verified.holds:
        yield f"the run would not prove: {_unproved(steps.verified)}"
    if rollback.run is None and _changes(run.summary):
        yield f"it could not be put back: {rollback.why_not}"
    if rollback.irreversible:
        yield f"{several(rollback.irreversible, 'update')} can't be undone in full by an update"
    if rollback.unsure:
        yield f"{several(rollback.unsure, 'update')} without an answer may not be undone in full"
    if rollback.unseen:
        yield f"{several(rollback.unseen, 'update')} can't be undone: what they create stays"
    if rollback.run is not None:
        if rollback.run.refused is not None:
            yield f"the rollback would send nothing: {rollback.run.refused}"
        yield from _of_summary("of the rollback ", rollback.run.summary)
    if steps.rollback_verified is not None and not steps.rollback_verified.holds:
        yield f"the rollback would not prove: {_unproved(steps.rollback_verified)}"
    if unrestored.count:
        yield f"{several(unrestored.count, 'trigger')} would not be as before after the rollback"


def verdict_of(
    problems: list[str], run: RehearsedRun, seconds: float | None, undo_seconds: float | None
) -> str:
    """The verdict, in one sentence."""
    if problems:
        more = "" if len(problems) == 1 else f" ({several(len(problems) - 1, 'more reason')})"
        return f"Not as asked, or not to be undone: {problems[0]}{more}."
    summary = run.summary
    changed = 0 if summary is None else summary.succeeded
    if not changed:
        return "Nothing would change: every trigger is as asked already."
    took, undo = _lasting(seconds), _lasting(undo_seconds)
    return (
        f"Everything would be as asked, in {took}, and could be put back exactly, in {undo}:"
        f" {several(changed, 'update')} would change something."
    )


def _lasting(seconds: float | None) -> str:
    return "an unknown time" if seconds is None else about_duration(seconds)


def _of_summary(whose: str, summary: Summary | None) -> Iterator[str]:
    if summary is None:
        return
    for status, becomes in BECOMES.items():
        if count := getattr(summary, status):
            yield f"{several(count, 'update')} {whose}{becomes}"
    if summary.stopped is not None:
        yield f"the {'rollback' if whose else 'run'} would stop: {summary.stopped}"


def _unproved(found: ProvedBooks) -> str:
    if found.differs.count:
        return f"{several(found.differs.count, 'live trigger')} not as asked"
    return found.wrong.first[0].what if found.wrong.first else "not everything was looked at"


def _changes(summary: Summary | None) -> int:
    if summary is None:
        return 0
    sure = summary.succeeded + summary.differs + summary.partial
    return sure + summary.in_doubt + summary.maybe_applied
