"""What was done to triggers: read from the run and results directories under a folder.

Reads only. Directories that are in use or damaged are named, and keep nothing of the others back.
"""

import heapq
import os
from collections.abc import Iterable, Iterator
from itertools import chain, groupby
from pathlib import Path

from msgspec import Struct

from batcher.errors import BatcherError, InputError
from batcher.foreign_text import printable
from batcher.jobs.recorded_touches import RunTouches, Touch, TouchReader, WorkerTouches
from batcher.jobs.results_run import TimeSpan
from batcher.records import Result
from batcher.storage.results_files import IMAGES
from batcher.storage.results_reader import ResultsReader
from batcher.storage.run_directory import REHEARSAL_REPORT
from batcher.updates.selection import Selector

LIMIT = 100  # touches
EVER = TimeSpan()


class TriggerHistory(Struct, frozen=True, kw_only=True):
    """What is known of the triggers that were asked for, newest first.

    ``older``: how many more there are; ``directories``: how many were read; ``notes``: in words,
    which of them may not have told all; ``unread``: which could not be read, and why.
    """

    touches: list[Touch]
    older: int
    directories: int
    notes: list[str]
    unread: list[str]


class _Found(Struct, frozen=True):
    at: str
    place: int
    result: Result
    reader: TouchReader


def read_history(
    folder: Path, *, selector: Selector | None = None, span: TimeSpan = EVER, limit: int = LIMIT
) -> TriggerHistory:
    """The newest ``limit`` touches of the selected triggers (None: of all) in that time.

    Memory is that of the touches that it gives, and of the line index of one input. Raises
    InputError where there is no such folder.
    """
    newest, total = list[_Found](), 0
    notes, unread, count = list[str](), list[str](), 0
    for path, reader in _readers(folder, unread):
        count += 1
        try:
            found, matches = _newest_of(reader, count, selector, span, limit)
            note = reader.note()
        except (BatcherError, OSError) as error:
            unread.append(_said(path, error))
            continue
        total += matches
        newest = heapq.nlargest(limit, chain(newest, found), key=_by_time)
        notes += [] if note is None else [printable(note)]
    touches = sorted(_touches(newest), key=lambda each: each.at)[::-1]
    return TriggerHistory(
        touches=touches,
        older=total - len(newest),
        directories=count,
        notes=notes,
        unread=unread,
    )


def _readers(folder: Path, unread: list[str]) -> Iterator[tuple[Path, TouchReader]]:
    """Of each directory below it that has results; but for hidden ones, and links to others.

    What was rehearsed touched no trigger.
    """
    if not folder.is_dir():
        raise InputError(f"{folder}: no directory. Give the one that the runs are in, with --in.")

    def note(error: OSError) -> None:
        unread.append(_said(folder, error))

    for name, below, files in os.walk(folder, onerror=note):
        if REHEARSAL_REPORT in files:
            below[:] = []
            continue
        path, is_run = Path(name), "run.json" in files
        below[:] = [] if is_run else sorted(each for each in below if not each.startswith("."))
        try:
            if is_run:
                yield path, RunTouches(path)
            elif not ResultsReader(path).is_empty:
                below[:] = [each for each in below if each != IMAGES]
                yield path, WorkerTouches(path)
        except (BatcherError, OSError) as error:
            unread.append(_said(path, error))


def _newest_of(
    reader: TouchReader, place: int, selector: Selector | None, span: TimeSpan, limit: int
) -> tuple[list[_Found], int]:
    """The newest matches of a directory that was read to its end, and how many there are."""
    heap, total = list[tuple[str, int, Result]](), 0
    for result in reader.results():
        if result.domain is None or result.trigger is None or not span.holds(result.finished_at):
            continue
        if selector is not None and not selector.takes(result.domain, result.trigger):
            continue
        total += 1
        add = heapq.heappush if len(heap) < limit else heapq.heappushpop
        add(heap, (result.finished_at, total, result))
    return [_Found(at, place, result, reader) for at, _, result in sorted(heap)], total


def _touches(found: Iterable[_Found]) -> Iterator[Touch]:
    """With all that is known of them, a directory at a time."""
    by_place = sorted(found, key=lambda each: (each.place, each.at, each.result.line))
    for _, group in groupby(by_place, key=lambda each: each.place):
        of_place = list(group)
        yield from of_place[0].reader.touches([each.result for each in of_place])


def _by_time(found: _Found) -> tuple[str, int, int]:
    return found.at, found.place, found.result.line


def _said(path: Path, error: Exception) -> str:
    if isinstance(error, OSError) and error.strerror:
        return printable(f"{error.filename or path}: {error.strerror}")
    return printable(str(error))
