"""The audit of a run's books, which reads files only.

Every line of the input has to be once among the results or not started, and the counts as summed
up.
"""

from collections import Counter, defaultdict
from collections.abc import Mapping

from msgspec import Struct

from batcher.compact import LineSet
from batcher.jobs.run_reader import RunReader
from batcher.records import STATUSES, Counts, Summary

SHOWN = 20  # discrepancies of a kind that are kept to be shown; all are counted


class Discrepancy(Struct, frozen=True, kw_only=True):
    """What is not as it should be about a line of the input, or about the run (line 0)."""

    line: int
    what: str


class Discrepancies(Struct, kw_only=True):
    """Discrepancies of one kind: the first ones, and how many in all."""

    count: int = 0
    first: list[Discrepancy] = []

    def add(self, line: int, what: str) -> None:
        self.count += 1
        if len(self.first) < SHOWN:
            self.first.append(Discrepancy(line=line, what=what))


class Audit(Struct, frozen=True, kw_only=True):
    """What the books say: results by status, updates without one, and what is ``wrong`` there."""

    counts: Counter[str]
    not_started: int
    wrong: Discrepancies


def audit_run(run: RunReader) -> Audit:
    """Hold the results of a run against its input, and its summary against both.

    Raises JournalError for a damaged file, InputError.
    """
    wrong = Discrepancies()
    per_target = _count_results(run, wrong)
    counts = sum(per_target.values(), Counter[str]())
    not_started = sum(map(len, run.indexes.values())) - counts.total()
    if (summary := run.summary()) is None:
        wrong.add(
            0,
            "there is no summary.json: the run did not come to its end; start it again to"
            " resume it",
        )
    else:
        _compare_summary(summary, counts, per_target, not_started, wrong)
    return Audit(counts=counts, not_started=not_started, wrong=wrong)


def _count_results(run: RunReader, wrong: Discrepancies) -> defaultdict[str, Counter[str]]:
    """Results by target and status."""
    seen, indexes = LineSet(), run.indexes.values()
    per_target = defaultdict[str, Counter[str]](Counter)
    for result in run.results():
        if result.line in seen:
            wrong.add(result.line, "has more than one result")
            continue
        seen.add(result.line)
        if not any(result.line in found for found in indexes):
            wrong.add(result.line, "has a result and is not in the input")
            continue
        per_target[result.target][result.status] += 1
    return per_target


def _compare_summary(
    summary: Summary,
    counts: Counter[str],
    per_target: Mapping[str, Counter[str]],
    not_started: int,
    wrong: Discrepancies,
) -> None:
    _compare("not_started", summary.not_started, not_started, "", wrong)
    _compare_counts(summary, counts, "", wrong)
    for target, part in summary.targets.items() if isinstance(summary.targets, dict) else ():
        _compare_counts(part, per_target[target], f" of target {target}", wrong)


def _compare_counts(said: Counts, counts: Counter[str], whose: str, wrong: Discrepancies) -> None:
    for status in STATUSES:
        _compare(status, getattr(said, status), counts[status], whose, wrong)


def _compare(status: str, said: int, found: int, whose: str, wrong: Discrepancies) -> None:
    if said != found:
        wrong.add(0, f"summary.json says {said} {status}{whose}, the results say {found}")
