"""The journals of a run directory, results and before images, and their heads in ``run.json``.

Whoever reads or rewrites either of them does it with what is known of its end.
"""

from contextlib import suppress
from pathlib import Path

from msgspec import Struct

from batcher.errors import DamageError
from batcher.records import Count
from batcher.storage.hash_chain import EMPTY, Head
from batcher.storage.journal_reader import JournalReader


class Heads(Struct, frozen=True, kw_only=True):
    """How far the journals of a run went when that was written last.

    ``unproven``: results from before lines were chained. ``next``: what a rewrite puts in their
    place; while it is there each journal may be either, and what is made from them (failed lines,
    summary) may be of the other.
    """

    results: Head
    before: Head
    unproven: Count = 0
    next: "Heads | None" = None


NO_LINES = Heads(results=EMPTY, before=EMPTY)


class RunJournals:
    """The journals of a run, each read with the head that it has.

    ``known``: what ``run.json`` says of them; None in runs from before lines were chained.
    """

    def __init__(self, results: Path, before: Path, known: Heads | None) -> None:
        self.known = known
        likely = [each for each in (known and known.next, known) if each is not None]
        self.results = _reader(results, [heads.results for heads in likely])
        self.before = _reader(before, [heads.before for heads in likely])

    def unproven(self) -> int:
        """How many results are from before lines were chained: a change of them can't be seen."""
        return self.results.tip().lines if self.known is None else self.known.unproven

    def heads(self, next: Heads | None = None) -> Heads:
        """The heads as they are, with those of a rewrite. Raises DamageError."""
        results, before = self.results.tip().head(), self.before.tip().head()
        return Heads(results=results, before=before, unproven=self.unproven(), next=next)

    def __repr__(self) -> str:
        return f"<RunJournals {self.results!r}, {self.before!r}>"


def _reader(path: Path, heads: list[Head]) -> JournalReader:
    """Read with the first of these heads that fits; they are two while a rewrite goes on."""
    for head in heads[:-1]:
        reader = JournalReader(path, head)
        with suppress(DamageError):
            reader.tip()
            return reader
    return JournalReader(path, heads[-1] if heads else None)
