"""What a run starts from: its checked input, and what earlier sessions of it wrote.

Sends and writes nothing, but for copies of an input that can't be read twice.
"""

import heapq
from collections import defaultdict
from collections.abc import Iterable
from itertools import islice
from pathlib import Path

from msgspec import Struct

from batcher.accounting.tally import Tally, summarize
from batcher.compact import HashMultiset, LineSet
from batcher.jobs.checked_file import CheckedFile
from batcher.jobs.run_order import RunOrder
from batcher.records import Summary
from batcher.sources.checksum import file_checksum
from batcher.sources.inspection import Inspection, OnViolation, inspect
from batcher.sources.line_index import index_lines
from batcher.sources.local_file import local_file
from batcher.storage.atomic_file import AtomicFile
from batcher.storage.before_images import unsettled_ids
from batcher.storage.file_system import hidden_name, remove
from batcher.storage.journal import read_brief_results
from batcher.storage.run_directory import RunDirectory, check_same_input, read_manifest
from batcher.wiring.line_readers import line_reader


class RunState(Struct, frozen=True, kw_only=True, eq=False):
    """Which updates a run has, and what became of them so far.

    ``begun``: by an earlier session; ``totals``: updates of each target, where lines that are
    skipped as invalid count for the default one; ``restored``: results of earlier sessions;
    ``in_flight``: ids of updates that those may have sent without an answer. ``done`` (the lines
    that have a result) and ``tallies`` (by target) grow with the run.
    """

    file: CheckedFile
    begun: bool
    totals: dict[str, int]
    restored: int
    in_flight: frozenset[str]
    done: LineSet
    tallies: dict[str, Tally]

    @property
    def inspection(self) -> Inspection:
        return self.file.inspection

    @property
    def left(self) -> int:
        """Updates that have no result yet."""
        return sum(self.totals.values()) - sum(tally.done for tally in self.tallies.values())

    @property
    def unfinished(self) -> list[str]:
        """The targets that have updates left."""
        targets = self.inspection.targets
        return [name for name in targets if self.totals[name] > self.tallies[name].done]

    def canary_end(self, count: int) -> int | None:
        """The last line of the first ``count`` updates; None when each of these has its result."""
        lines = heapq.merge(*(found.lines for found in self.inspection.targets.values()))
        first = list(islice(lines, count))
        return None if all(line in self.done for line in first) else first[-1]

    def summary(self, reason: str) -> Summary:
        """The summary of the sessions before, and why this one starts nothing."""
        return summarize(self.tallies, self.totals, {}, wall_seconds=0.0, stopped=reason)


def read_input(order: RunOrder, on_violation: OnViolation | None) -> CheckedFile:
    """Check every line; of an input that an earlier session has checked only find the lines.

    Raises InputError when it can't be read, RunDirectoryError when it is another one than before.
    """
    settings, directory, reader = order.settings, order.directory, line_reader(order.settings)
    begun = directory.manifest.exists()
    copy = order.copies / "input.jsonl"
    copy = hidden_name(copy) if begun else copy
    if isinstance(order.origin, str):
        path = local_file(order.origin, copy, profile=settings.profile, region=settings.region)
    else:
        path = _written(order.origin, copy)
    if path == copy and begun:
        path = _recognised(copy, directory)
    if begun and not settings.skip_invalid:
        found = _inspected_before(path, settings.target)
    else:
        found = inspect(path, reader, on_violation=on_violation)
    if begun:  # of what was read just now, line by line
        check_same_input(directory, read_manifest(directory).input, found.size, found.sha256)
    origin = order.origin if isinstance(order.origin, str) else str(path)
    return CheckedFile(origin=origin, settings=settings, path=path, inspection=found, reader=reader)


def restore(order: RunOrder, file: CheckedFile) -> RunState:
    """Take over the results that earlier sessions wrote. Raises JournalError for damaged files."""
    settings, directory = order.settings, order.directory
    totals = {name: len(found) for name, found in file.inspection.targets.items()}
    if settings.skip_invalid and file.inspection.invalid:
        totals[settings.target] = totals.get(settings.target, 0) + file.inspection.invalid
    tallies = defaultdict(Tally, {name: Tally() for name in totals})
    done, in_flight = LineSet(), frozenset[str]()
    if directory.results.exists():
        # named: ids that are not their line's number; odd: lines whose number is no id of theirs
        odd, named = LineSet(), HashMultiset()
        for result in read_brief_results(directory.results):
            done.add(result.line)
            if result.id != str(result.line):
                odd.add(result.line)
                named.add(result.id)
            elif result.status == "invalid":
                odd.add(result.line)  # its number may be the id of another line
            tallies[result.target].add(result)
        named.sort()
        in_flight = frozenset(unsettled_ids(directory.before, done, odd, named))
    for tally in tallies.values():
        tally.begin_session()
    return RunState(
        file=file,
        begun=directory.manifest.exists(),
        totals=totals,
        restored=sum(tally.done for tally in tallies.values()),
        in_flight=in_flight,
        done=done,
        tallies=tallies,
    )


def _written(lines: Iterable[bytes], path: Path) -> Path:
    with AtomicFile(path, replace=True) as file:
        for line in lines:
            file.write(line)
        file.commit()
    return path


def _recognised(copy: Path, directory: RunDirectory) -> Path:
    """Refuse another input than that of the sessions before; the first copy of it is what counts.

    ``copy``: the one made just now; it is removed.
    """
    try:
        check_same_input(directory, read_manifest(directory).input, *file_checksum(copy))
    finally:
        remove(copy)
    return directory.path / "input.jsonl"


def _inspected_before(path: Path, default_target: str) -> Inspection:
    file = index_lines(path, default_target)
    return Inspection(
        total=sum(map(len, file.targets.values())),
        invalid=0,
        violations=0,
        targets=file.targets,
        size=file.size,
        sha256=file.sha256,
    )
