"""The journal of a run as its report reads it: proved first, and of a damaged one what is whole.

Each line of the input once: what has a second result, or is of no line, is no result.
"""

from collections.abc import Callable, Iterator
from contextlib import suppress

import msgspec

from batcher.compact import LineSet
from batcher.errors import DamageError
from batcher.jobs.run_reader import RunReader
from batcher.records import Result
from batcher.report.run_report import Proof
from batcher.storage.hash_chain import ChainTip, Head, link
from batcher.storage.journal_salvage import salvaged_lines
from batcher.storage.run_directory import RunDirectory
from batcher.storage.run_manifest import RunManifest

EVERY = 1000  # results between two looks whether to go on


def go_on() -> None:
    """Nobody wants it to end early."""


class ReportedResults:
    """The results of a run, read once; the members are right when all were read.

    ``run``: it with its input, None where that is not at hand. ``check``: called now and then;
    what it raises ends the reading. ``lines``, ``head``: of what was read; ``duplicates``: lines
    that have a second one; ``damage``: in a sentence, why it is not all.
    """

    def __init__(
        self,
        directory: RunDirectory,
        manifest: RunManifest,
        run: RunReader | None,
        check: Callable[[], None] = go_on,
    ) -> None:
        self.duplicates = 0
        self.damage: str | None = None
        self.head: Head = ChainTip().head()
        self.done = LineSet()
        self._directory = directory
        self._manifest = manifest
        self._run = run
        self._check = check
        self._journals = directory.journals()

    def __repr__(self) -> str:
        return f"<ReportedResults of {self._directory.path}: {self.head.lines:,} lines>"

    @property
    def unproved(self) -> int:
        """How many results are from before lines were chained."""
        known = self._journals.known
        return self.head.lines if known is None else min(known.unproven, self.head.lines)

    @property
    def proved_by(self) -> Proof:
        known, lines = self._journals.known, self.head.lines
        if lines and self.unproved == lines:
            return "nothing"
        is_known = known is not None and (known.results.lines > 0 or not lines)
        return "run.json" if is_known and self.damage is None else "chain"

    def __iter__(self) -> Iterator[Result]:
        journal = self._journals.results
        try:
            self.head = journal.tip().head()
        except DamageError as error:
            self.damage = told(error)
            yield from self._whole()
            return
        records, number = journal.records(msgspec.json.Decoder(Result), "a result"), 0
        try:
            for number, result in records:
                if not number % EVERY:
                    self._check()
                if self._is_once(result, number):
                    yield result
        except DamageError as error:  # it is no result, or the file was changed meanwhile
            self.damage = self.damage or told(error)
            yield from self._whole(after=number)
        else:
            self.head = journal.tip().head()  # of a run under way it has grown

    def _is_once(self, result: Result, number: int) -> bool:
        fault = self._fault(result)
        if fault is None and self.done.add(result.line):
            return True
        if fault is None:
            self.duplicates += 1
            fault = f"is of line {result.line}, which has more than one result"
        self.damage = self.damage or f"{self._directory.results}: line {number} {fault}."
        return False

    def _fault(self, result: Result) -> str | None:
        if self._run is not None:
            return self._run.lines.fault(result)
        if result.line > self._manifest.input.size:  # a line has a byte
            return f"is of line {result.line}, which is not in the input"
        return None

    def _whole(self, after: int = 0) -> Iterator[Result]:
        """The results up to the first line that is not provably as it was written.

        But for the first lines, ``after`` so many of which it begins.
        """
        known, tip = self._journals.known, ChainTip()
        unchained = None if known is None else known.unproven
        decode = msgspec.json.Decoder(Result).decode
        with suppress(DamageError, OSError, ValueError, RecursionError):
            for line in salvaged_lines(self._directory.results, unchained):
                if not (line.whole or line.old):
                    break
                result = decode(line.body)
                tip.lines += 1
                tip.chain = link(tip.chain, line.body)
                if line.old:
                    tip.extend(line.body + b"\n")
                else:
                    tip.extend(b'%s,"chain":"%s"}\n' % (line.body[:-1], tip.chain))
                if not tip.lines % EVERY:
                    self._check()
                if tip.lines > after and self._is_once(result, tip.lines):
                    yield result
        self.head = tip.head()


def told(error: DamageError) -> str:
    """What is wrong, without what a command that repairs would do about it."""
    return str(error).partition(" The file was changed by something else.")[0]
