"""The audit of a run's books, which reads files only.

Every line of the input has to be once among the results or not started, and the counts as summed
up.
"""

from bisect import insort
from collections import Counter, defaultdict
from collections.abc import Sequence

from msgspec import Struct

from batcher.accounting.tally import Tally, added_up
from batcher.accounting.target_tallies import TargetTallies
from batcher.accounting.verdicts import is_maybe_applied
from batcher.compact import LineSet, NumbersByLine, hashed
from batcher.jobs.failed_lines import is_as_written
from batcher.jobs.run_reader import RunReader
from batcher.records import STATUSES, BriefResult, Counts, NamedResult, Summary

UNFINISHED = (
    "there is no summary.json: the run was interrupted before its end; run the same command again"
    " to go on"
)
SHOWN = 20  # discrepancies of a kind that are kept to be shown; all are counted


class Discrepancy(Struct, frozen=True, kw_only=True):
    """What is not as it should be about a line of the input, or about the run (line 0)."""

    line: int
    what: str


class Discrepancies(Struct, kw_only=True):
    """Discrepancies of one kind: those of the first lines, in their order, and how many in all."""

    count: int = 0
    first: list[Discrepancy] = []

    def add(self, line: int, what: str) -> None:
        self.count += 1
        if len(self.first) < SHOWN or line < self.first[-1].line:
            insort(self.first, Discrepancy(line=line, what=what), key=lambda each: each.line)
            del self.first[SHOWN:]


class Audit(Struct, frozen=True, kw_only=True):
    """What the books say: results by status, updates without one, and what is ``wrong`` there.

    ``errors``: results by error code; ``maybe_applied``: of those that failed the ones that may
    have been applied; ``unsettled``: these, those in doubt and those without a result, of what was
    to be looked at.
    """

    counts: Counter[str]
    errors: Counter[str]
    maybe_applied: int
    not_started: int
    unsettled: int
    wrong: Discrepancies


def is_doubtful(result: BriefResult) -> bool:
    """Whether nobody knows if an update was applied that has a result."""
    return result.status == "in_doubt" or is_maybe_applied(result)


def audit_run(run: RunReader, scope: LineSet | None = None) -> Audit:
    """Hold the results of a run against its input, and what is made from them against both.

    ``scope``: the lines that are to be looked at, None for all; the books are looked at as a whole.

    Raises DamageError for a damaged file, InputError.
    """
    wrong, found, unsettled = Discrepancies(), _Counted(), 0
    for results in run.named():
        found.add_all(results)
        doubtful = [each.line for each in results if is_doubtful(each)]
        unsettled += sum(scope is None or line in scope for line in doubtful)
        for line in [each.line for each in results if each.image is None]:
            wrong.add(line, "its before image is lost: it can't be put back")
    tallies = found.tallies.by_target()
    whole = added_up(tallies.values())
    lines_left = [lines.without(found.done) for lines in run.lines.of_target.values()]
    not_started = sum(map(len, lines_left))
    unsettled += sum(len(each if scope is None else each.both(scope)) for each in lines_left)
    _compare_triggers(run, found, wrong)
    if (summary := run.directory.read_summary()) is None:
        wrong.add(0, UNFINISHED)
    else:
        _compare_summary(summary, whole, tallies, wrong)
        _compare("not_started", summary.not_started, not_started, "", wrong)
    if run.journals.known is not None and not is_as_written(run):
        wrong.add(0, "failed.jsonl does not have the lines that failed or are in doubt")
    return Audit(
        counts=whole.statuses,
        errors=whole.errors,
        maybe_applied=whole.maybe_applied,
        not_started=not_started,
        unsettled=unsettled,
        wrong=wrong,
    )


class _Counted:
    """The results of a run, counted. ``triggers``: by line, a hash of the one it is of; or 0."""

    def __init__(self) -> None:
        self.done = LineSet()
        self.tallies = TargetTallies()
        self.triggers = NumbersByLine("Q")

    def add_all(self, results: Sequence[NamedResult]) -> None:
        lines = [each.line for each in results]
        self.done.add_all(lines)
        self.tallies.add_all(results)
        self.triggers.put_all(lines, map(_named_hash, results))


def _compare_triggers(run: RunReader, found: _Counted, wrong: Discrepancies) -> None:
    """Hold domain and trigger of each result against the line that it is of."""
    for line, names in run.triggers():
        said = found.triggers.of(line)
        if said and (names is None or said != _trigger_hash(*names)):
            wrong.add(line, "has a result of another trigger")


def _named_hash(result: NamedResult) -> int:
    if result.domain is None or result.trigger is None:
        return 0
    return _trigger_hash(result.domain, result.trigger)


def _trigger_hash(domain: str, trigger: str) -> int:
    return hashed(f"{domain}\0{trigger}") or 1


def _compare_summary(
    summary: Summary, whole: Tally, tallies: defaultdict[str, Tally], wrong: Discrepancies
) -> None:
    _compare_counts(summary, whole, "", wrong)
    for target, part in summary.targets.items() if isinstance(summary.targets, dict) else ():
        _compare_counts(part, tallies[target], f" of target {target}", wrong)


def _compare_counts(said: Counts, tally: Tally, whose: str, wrong: Discrepancies) -> None:
    """Hold counts against those of the results; how many are not started is not among these."""
    counts = tally.counts(said.total)
    for name in (*STATUSES, "attempts", "throttles"):
        _compare(name, getattr(said, name), getattr(counts, name), whose, wrong)
    if said.errors != counts.errors:
        wrong.add(0, f"summary.json says other errors{whose} than the results")


def _compare(status: str, said: int, found: int, whose: str, wrong: Discrepancies) -> None:
    if said != found:
        wrong.add(0, f"summary.json says {said} {status}{whose}, the results say {found}")
