"""What can be done after a run, each with the command that does it, at the end of its line.

A command that can't help is left out.
"""

import shlex
from collections.abc import Iterator, Sequence
from pathlib import Path

from batcher.accounting.remedies import Remedy, remedy
from batcher.cli.output.next_command import next_command
from batcher.config import Settings
from batcher.error_codes import MORE_THAN_ASKED, NOT_AS_ASKED
from batcher.foreign_text import printable
from batcher.jobs.run_ending import RunEnding
from batcher.number_text import several
from batcher.records import Result, Summary
from batcher.storage.run_directory import RunDirectory
from batcher.storage.run_manifest import ROLLBACK
from batcher.updates.target_names import some_names

TO = "To put back what it has changed"


def next_steps(directory: RunDirectory, summary: Summary, ending: RunEnding) -> Iterator[str]:
    """Lines for people."""
    if summary.in_doubt or summary.maybe_applied or ending.maybe_sent:
        yield f"To settle what is in doubt, by looking: {next_command('verify', directory.path)}"
    if summary.stale:
        yield from _after_stale(ending)
    if summary.partial and ending.parent is not None and ending.kind == ROLLBACK:
        again = next_command("rollback", Path(ending.parent), "--recreate")
        how = f"by deleting and creating it{ending.reason}"
        yield f"To put back in full what is partial, {how}: {again}"
    if ending.failed_lines and (summary.failed or summary.in_doubt):
        yield from _after_failures(directory, summary, ending)
    undoes = ending.images and ending.kind != ROLLBACK
    back = next_command("rollback", directory.path)
    if undoes and summary.differs:
        what = "What differs was applied, and is not as asked: a retry leaves it alone."
        yield f"{what} {TO}{ending.reason}: {back}"
    elif undoes and summary.succeeded and _is_amiss(summary):
        yield f"{TO}{ending.reason}: {back}"


def _is_amiss(summary: Summary) -> bool:
    well = summary.succeeded + summary.unchanged
    return summary.stopped is not None or well < summary.total


def _after_stale(ending: RunEnding) -> Iterator[str]:
    was = "Stale is what somebody changed since, and was left alone."
    if ending.kind == ROLLBACK and ending.parent is not None:
        again = next_command("rollback", Path(ending.parent), "--force")
        yield f"{was} To put it back all the same{ending.reason}: {again}"
    elif ending.input is not None and "://" not in ending.input and ending.input != "-":
        path = Path(ending.input)
        out = path.with_name(f"{path.name.partition('.jsonl')[0]}.new-plan.jsonl")
        yield f"{was} To make a new plan{_elsewhere('plan', path, ending, '--out', str(out))}"
    else:
        yield f"{was} Make a new plan of the same updates, and run that."


def _after_failures(directory: RunDirectory, summary: Summary, ending: RunEnding) -> Iterator[str]:
    by_remedy: dict[Remedy, list[str]] = {}
    for code in summary.errors:
        if summary.differs and code in (NOT_AS_ASKED, MORE_THAN_ASKED):
            continue
        by_remedy.setdefault(remedy(code), []).append(code)
    by_remedy.pop(Remedy.BY_STATUS, None)
    by_remedy = by_remedy or {Remedy.RETRY: []}
    alone = len(by_remedy) == 1
    if codes := by_remedy.get(Remedy.FIND):
        count = sum(summary.errors[code] for code in codes)
        found = [each for each in ending.failures if each.error and each.error.code in codes]
        first = _of_first(next(iter(found), None), summary)
        look = f"Which there are{_where(found)}{_elsewhere('export', None, ending, *first)}"
        yield f"Of {several(count, 'update')} the trigger is not there, or not to be seen. {look}"
    if Remedy.FIND in by_remedy or Remedy.CORRECT in by_remedy:
        yield from _to_correct(directory, ending)
    for which, said in (
        (Remedy.ALLOW, "Allow it to these credentials, or give others; then"),
        (Remedy.RETRY, "To run the failed ones again"),
    ):
        if which in by_remedy:
            flags = [] if alone else [w for code in by_remedy[which] for w in ("--code", code)]
            again = next_command("retry", directory.path, *flags)
            yield f"{said}{ending.reason}: {again}"


def _where(found: Sequence[Result]) -> str:
    """Where the first of several targets is the one that is looked at, which these are."""
    first, *others = dict.fromkeys(each.target for each in found) or [""]
    if not others:
        return ""
    return f" in target {printable(first)}, and so in {printable(some_names(others))}"


def _of_first(found: Result | None, summary: Summary) -> tuple[str, ...]:
    """The flags that say where the trigger of a result is to be looked for, of several targets."""
    if found is None or not found.domain:
        return ("--all",)
    named = isinstance(summary.targets, dict) or found.target != Settings().target
    return ("--domain", found.domain, *(("--target", found.target) if named else ()))


def _to_correct(directory: RunDirectory, ending: RunEnding) -> Iterator[str]:
    """In a copy where one works: the file in the run directory is a part of the run's books."""
    name = directory.path.resolve().name.removesuffix(".run")
    copy = Path(f"{name}.corrected.jsonl")
    copying = shlex.join(["cp", "-i", "--", str(directory.failed), str(copy)])
    yield f"Sent as they are they fail again. To correct them in a copy: {copying}"
    yield f"Then, to run the corrected ones{_elsewhere('run', copy, ending)}"


def _elsewhere(name: str, path: Path | None, ending: RunEnding, *more: str) -> str:
    """A command that takes no place from the run, which may have it from the one that it follows.

    Behind a colon, before which stands what has to be given besides.
    """
    place = (word for flag in ending.place.items() if flag[0] not in more for word in flag)
    found = next_command(name, path, *more, *place)
    tables = ending.has_tables and "--config" not in shlex.split(found)
    return f"{', with a --config that has the tables of its targets' if tables else ''}: {found}"
