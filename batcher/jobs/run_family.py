"""What became of a run's updates since: in it, in its retries, and in the run that it retries.

A retry that is not finished is no part of it: the same command resumes that one. Reads only, and
raises DamageError for results that are not as they were written.
"""

from collections.abc import Iterable, Iterator
from glob import escape
from pathlib import Path

from msgspec import UNSET

from batcher.jobs.recorded_results import proven_results
from batcher.jobs.run_reader import RunReader, trigger_key
from batcher.records import OPEN, Result
from batcher.storage.run_directory import RunDirectory

RETRY = "retry"
MAY_HAVE_CHANGED = ("succeeded", "unchanged", "partial", "in_doubt")


def newer_results(run: RunReader) -> dict[str, Result]:
    """By id, what has come elsewhere of updates that failed or are in doubt in this run."""
    others = [each for each in _family(run.directory) if each.path != run.directory.path]
    if not others:
        return {}
    own = {each.id: each.finished_at for each in run.results() if each.status in OPEN}
    newer = dict[str, Result]()
    for result in _results(others):
        if own.get(result.id, result.finished_at) < result.finished_at:
            own[result.id], newer[result.id] = result.finished_at, result
    return newer


def superseded(run: RunReader, lines: Iterable[int]) -> frozenset[int]:
    """Which of the lines would undo a later update of their trigger, if just these were sent now.

    Later is what comes later in the input; what is sent again itself does not count.
    """
    wanted, chosen, triggers = frozenset(lines), dict[str, int](), set[int]()
    for result in run.results() if wanted else ():
        if result.line in wanted:
            chosen[result.id] = result.line
            triggers.add(trigger_key(result))
    root, *retries = _family(run.directory)
    since = {each.id: each for each in sorted(_results(retries), key=_finished_at)}
    places, last = list[tuple[int, int, int]](), dict[int, int]()
    for result in _results([root]):
        if (trigger := trigger_key(result)) not in triggers:
            continue
        if result.id in chosen:
            places.append((result.line, chosen[result.id], trigger))
        elif _may_have_changed(max(result, since.get(result.id, result), key=_finished_at)):
            last[trigger] = max(last.get(trigger, 0), result.line)
    return frozenset(line for place, line, trigger in places if place < last.get(trigger, 0))


def _finished_at(result: Result) -> str:
    return result.finished_at


def _may_have_changed(result: Result) -> bool:
    return result.status in MAY_HAVE_CHANGED or result.digest is not UNSET


def _results(directories: Iterable[RunDirectory]) -> Iterator[Result]:
    for directory in directories:
        for result in proven_results(directory.journals().results):
            if result.status != "invalid":  # its id is a line's number, perhaps another's id
                yield result


def _family(directory: RunDirectory) -> list[RunDirectory]:
    """The run whose lines these are, this run and all finished retries."""
    root = directory
    while (parent := _parent(root)) is not None:
        root = parent
    path = root.path.absolute()
    found = [each for each in (root, directory) if each is root or each.path != root.path]
    for each in sorted(path.parent.glob(f"{escape(path.name)}.{RETRY}-*")):
        child = RunDirectory(each)
        if each != directory.path.absolute() and child.results.exists() and _is_finished(child):
            found.append(child)
    return found


def _parent(directory: RunDirectory) -> RunDirectory | None:
    """The run that this one retries: beside it, as both may have been moved, or where it was."""
    manifest = directory.read_manifest()
    if manifest.kind != RETRY or manifest.parent is None:
        return None
    beside = directory.path.absolute().with_name(Path(manifest.parent).name)
    for path in (beside, Path(manifest.parent)):
        found = RunDirectory(path)
        if found.manifest.exists() and found.results.exists():
            return found
    return None


def _is_finished(directory: RunDirectory) -> bool:
    summary = directory.read_summary()
    return summary is not None and summary.not_started == 0
