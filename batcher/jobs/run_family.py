"""What became of a run's updates since: in it, in its retries, and in the run that it retries.

Of what is to be sent again a retry that is not finished is no part: the same command resumes that
one. What it has changed counts all the same. Reads only, and raises DamageError for results that
are not as they were written.
"""

from collections.abc import Iterable, Iterator
from glob import escape
from itertools import chain
from pathlib import Path
from typing import Any

from msgspec import UNSET, Struct

from batcher.accounting.verdicts import is_maybe_applied
from batcher.jobs.recorded_results import proven_results
from batcher.jobs.run_reader import RunReader, trigger_key
from batcher.records import OPEN, BasedOn, BriefResult, Result
from batcher.storage.run_directory import RunDirectory
from batcher.storage.run_retries import RETRY, NotedRetry, noted_retries
from batcher.storage.stored_path import stored_path
from batcher.triggers.diff import NOTHING
from batcher.wiring.places import one_name_each

MAY_HAVE_CHANGED = ("succeeded", "unchanged", "partial", "differs", "in_doubt")


class Family(Struct, frozen=True, kw_only=True):
    """A run with those it belongs to.

    ``root``: the run whose lines these are; ``retries``: of it and of its retries, this one
    included; ``unreadable``: in words, those that are known of and not to be seen.
    """

    root: RunDirectory
    retries: list[RunDirectory]
    unreadable: list[str]


def newer_results(run: RunReader) -> dict[str, Result]:
    """By id, what has come elsewhere of updates that failed or are in doubt in this run."""
    family = family_of(run.directory)
    others = [each for each in (family.root, *family.retries) if not is_same(each, run.directory)]
    others = [each for each in others if each is family.root or _is_finished(each)]
    if not others:
        return {}
    own = {each.id: each.finished_at for each in run.results() if each.status in OPEN}
    newer = dict[str, Result]()
    for result in results_of(others):
        if own.get(result.id, result.finished_at) < result.finished_at:
            own[result.id], newer[result.id] = result.finished_at, result
    return newer


def lines_again(run: RunReader, lines: Iterable[int]) -> Iterator[tuple[int, dict[str, Any]]]:
    """What a line has to hold for each of those updates to be sent again.

    Where its trigger was deleted and could not be created anew, it is based on nothing being there.
    """
    deleted = frozenset(_deleted(run)) if run.manifest.recreate else frozenset()
    for update in run.updates(lines):
        line = update.as_line()
        if update.line in deleted:
            line["based_on"] = BasedOn(sha256=NOTHING)
        yield update.line, line


def _deleted(run: RunReader) -> list[int]:
    """The lines of a run that recreates whose trigger was deleted last, here or in a retry."""
    newer = newer_results(run)

    def is_deleted(own: BriefResult) -> bool:
        return own.lost is not UNSET or newer.get(own.id, own).lost is not UNSET

    return run.chosen(is_deleted)


def superseded(run: RunReader, lines: Iterable[int]) -> frozenset[int]:
    """Which of the lines would undo a later update of their trigger, if just these were sent now.

    Later is what comes later in the input; what is sent again itself does not count.
    """
    wanted, chosen, triggers = frozenset(lines), dict[str, int](), set[int]()
    family = family_of(run.directory)
    one_name = one_name_each({**family.root.read_manifest().targets, **run.manifest.targets})
    for own in chain.from_iterable(run.named() if wanted else ()):
        if own.line in wanted:
            chosen[own.id] = own.line
            triggers.add(trigger_key(own, one_name))
    since = {each.id: each for each in sorted(results_of(family.retries), key=_finished_at)}
    places, last = list[tuple[int, int, int]](), dict[int, int]()
    for result in results_of([family.root]):
        if (trigger := trigger_key(result, one_name)) not in triggers:
            continue
        if result.id in chosen:
            places.append((result.line, chosen[result.id], trigger))
        elif _may_have_changed(max(result, since.get(result.id, result), key=_finished_at)):
            last[trigger] = max(last.get(trigger, 0), result.line)
    return frozenset(line for place, line, trigger in places if place < last.get(trigger, 0))


def _finished_at(result: Result) -> str:
    return result.finished_at


def _may_have_changed(result: Result) -> bool:
    is_changed = result.status in MAY_HAVE_CHANGED or result.digest is not UNSET
    return is_changed or is_maybe_applied(result)


def results_of(directories: Iterable[RunDirectory]) -> Iterator[Result]:
    """The results of those runs, but for invalid lines. Raises DamageError."""
    for directory in directories:
        for result in proven_results(directory.journals().results):
            if result.status != "invalid":  # its id is a line's number, perhaps another's id
                yield result


def family_of(directory: RunDirectory) -> Family:
    """Find the family of a run. Raises RunDirectoryError, DamageError."""
    root, unreadable, passed = directory, list[str](), [directory]
    while (path := _parent(root)) is not None:
        found = (each for each in _moved_with(root, path) if not _is_among(each, passed))
        if (parent := next(found, None)) is None:
            unreadable.append(f"{path}: the run that {root.path} retries is gone")
            break
        passed.append(root := parent)
    family = [root] if is_same(root, directory) else [root, directory]
    for each in family:  # grows while it is walked
        for noted in noted_retries(each):
            if (child := _noted(each, noted)) is None:
                unreadable.append(f"{noted.directory}: a retry of {each.path} that is gone")
            elif not _is_among(child, family):
                family.append(child)
        family += [child for child in _beside(each) if not _is_among(child, family)]
    return Family(root=root, retries=family[1:], unreadable=unreadable)


def _beside(directory: RunDirectory) -> Iterator[RunDirectory]:
    """Retries that have the name of one, as those of older versions are noted nowhere."""
    path = directory.path.absolute()
    for each in sorted(path.parent.glob(f"{escape(path.name)}.{RETRY}-*")):
        if (child := RunDirectory(each)).manifest.exists() and child.results.exists():
            yield child


def _parent(directory: RunDirectory) -> Path | None:
    manifest = directory.read_manifest()
    return stored_path(manifest.parent) if manifest.kind == RETRY and manifest.parent else None


def _noted(directory: RunDirectory, noted: NotedRetry) -> RunDirectory | None:
    found = _moved_with(directory, stored_path(noted.directory))
    return next((each for each in found if each.read_manifest().run == noted.run), None)


def _moved_with(directory: RunDirectory, path: Path) -> Iterator[RunDirectory]:
    """The runs of that path: beside another, as both may have been moved, and where it was."""
    for each in (directory.path.absolute().with_name(path.name), path):
        if (found := RunDirectory(each)).manifest.exists():
            yield found


def is_same(one: RunDirectory, other: RunDirectory) -> bool:
    """Whether both are one directory, by their paths."""
    return one.path.absolute() == other.path.absolute()


def _is_among(directory: RunDirectory, others: Iterable[RunDirectory]) -> bool:
    return any(is_same(directory, other) for other in others)


def _is_finished(directory: RunDirectory) -> bool:
    summary = directory.read_summary()
    return summary is not None and summary.not_started == 0
