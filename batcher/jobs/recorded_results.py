"""The results of a run as its journal has them, each held against the input.

Whoever reads results of a run gets them from here: of a line that is there, of its target and with
its id, and once each.
"""

from collections.abc import Iterator
from typing import TypeVar

import msgspec

from batcher.compact import LineSet
from batcher.records import BriefResult, Result
from batcher.sources.input_lines import InputLines
from batcher.storage.journal_reader import JournalReader, damaged

R = TypeVar("R", BriefResult, Result)


def checked_results(
    journal: JournalReader, lines: InputLines, kind: type[R]
) -> Iterator[tuple[int, bytes, R]]:
    """Number in the journal, bytes and record of each result, oldest first, read as that kind.

    Raises DamageError, which names the line that is not as it was written, or not of this input.
    """
    seen = LineSet()
    for number, line, result in journal.records(msgspec.json.Decoder(kind).decode, "a result"):
        fault = lines.fault(result)
        if fault is None and result.line in seen:
            fault = f"is of line {result.line}, which has more than one result"
        if fault is not None:
            raise damaged(journal.path, fault, number)
        seen.add(result.line)
        yield number, line, result


def proven_results(journal: JournalReader) -> Iterator[Result]:
    """The results of a run whose input is not at hand, oldest first.

    Raises DamageError for a line that is not as it was written.
    """
    decode = msgspec.json.Decoder(Result).decode
    return (result for *_, result in journal.records(decode, "a result"))
