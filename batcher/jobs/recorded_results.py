"""The results of a run as its journal has them, each held against the input.

Whoever reads results of a run gets them from here: of a line that is there, of its target and with
its id, and once each.
"""

from collections.abc import Iterator
from typing import TypeVar

import msgspec

from batcher.compact import LineSet
from batcher.errors import DamageError
from batcher.records import BriefResult, Result
from batcher.sources.input_lines import InputLines
from batcher.storage.journal_reader import JournalReader, damaged

R = TypeVar("R", bound=BriefResult | Result)


def checked_results(
    journal: JournalReader, lines: InputLines, kind: type[R], seen: LineSet | None = None
) -> Iterator[tuple[int, R]]:
    """Number in the journal and record of each result, oldest first, read as that kind.

    ``seen``: an empty set, which the lines that have results are put into.

    Raises DamageError, which names the line that is not as it was written, or not of this input.
    """
    for number, results in checked_chunks(journal, lines, kind, seen):
        yield from enumerate(results, number)


def checked_chunks(
    journal: JournalReader, lines: InputLines, kind: type[R], seen: LineSet | None = None
) -> Iterator[tuple[int, list[R]]]:
    """The checked results, some at a time, and the number of the first, for who is in a hurry."""
    seen = LineSet() if seen is None else seen
    for number, results in journal.record_chunks(msgspec.json.Decoder(kind), "a result"):
        is_held = lines.are_held(results) or not any(map(lines.fault, results))
        if not is_held or not seen.add_all([result.line for result in results]):
            raise _first_fault(journal, lines)
        yield number, results


def _first_fault(journal: JournalReader, lines: InputLines) -> DamageError:
    """The error for the first result that can't be of this input, or whose line had one already."""
    seen = LineSet()
    for number, result in journal.records(msgspec.json.Decoder(BriefResult), "a result"):
        if (fault := lines.fault(result)) is not None:
            return damaged(journal.path, fault, number)
        if not seen.add(result.line):
            what = f"is of line {result.line}, which has more than one result"
            return damaged(journal.path, what, number)
    return damaged(journal.path, "was changed while it was read")


def proven_results(journal: JournalReader) -> Iterator[Result]:
    """The results of a run whose input is not at hand, oldest first.

    Raises DamageError for a line that is not as it was written.
    """
    records = journal.records(msgspec.json.Decoder(Result), "a result")
    return (result for _, result in records)
