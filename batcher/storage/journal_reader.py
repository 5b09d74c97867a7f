"""A journal that was written before, read with nothing taken on trust.

All its readers go through here.
A line that was changed, lost or put in is a DamageError before any line is handed on. Old journals,
whose lines have no chain, are read too, where ``run.json`` knows no head of them.
"""

import os
from array import array
from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO, TypeAlias, TypeVar

import msgspec

from batcher.errors import DamageError
from batcher.storage.hash_chain import ChainTip, Head, link, split
from batcher.storage.regular_file import open_regular

LINE_AT_MOST = 16 << 20  # bytes: as much memory a damaged file may cost
BLOCK = 1 << 18  # bytes read at once
PAGES = 64  # of lines that are kept, as those around them are likely to be looked up, too
MARKED = 16  # lines that are read for one that is looked up
TOGETHER = 1 << 15  # bytes that are read for one of several lines: the next one is likely near
# bytes read at once from the end: few enough that what is made of them goes before the garbage
# collector looks at it for the second time, which takes as long as all the rest
BACKWARDS = 1 << 14

D = TypeVar("D")
Stamp: TypeAlias = tuple[int, ...]
Chunk: TypeAlias = tuple[bytes, int]
"""Some whole lines, and how many."""


class JournalReader:
    """The lines of a journal. ``head``: what ``run.json`` says of it; None where it says nothing.

    Every method raises DamageError where a line is not as it was written: while it is read for the
    first time when all was read at the latest, so that nothing made from lines counts before that.
    """

    def __init__(self, path: Path, head: Head | None = None) -> None:
        self.path = path
        self._head = head
        self._tip = ChainTip()
        self._chained = False  # the last line had a chain
        self._stamp: Stamp = ()  # of the file when it was proven
        self._marks = array("Q")
        self._pages: dict[int, list[bytes]] = {}  # the oldest first

    def __repr__(self) -> str:
        return f"<JournalReader {self.path}: {self._tip!r}>"

    def tip(self) -> ChainTip:
        """The end of the journal, where the next line goes."""
        with self._open() as (file, stamp):
            if file is not None and stamp == self._stamp:
                return self._tip
        for _ in self.chunks():
            pass
        return self._tip

    def chunks(self) -> Iterator[Chunk]:
        """All whole lines, some at a time, for who is in a hurry."""
        with self._open() as (file, stamp):
            if file is None:
                self._tip = ChainTip()
            elif stamp == self._stamp:
                yield from _chunks(file, self.path, self._tip.size)
            else:
                yield from self._proving(file)
                self._stamp, self._marks = stamp, array("Q")
                self._pages.clear()

    def lines(self) -> Iterator[tuple[int, bytes]]:
        """Number (from 1) and bytes, without newline, of each line but a torn last one."""
        number = 0
        for chunk, _ in self.chunks():
            for line in chunk.split(b"\n")[:-1]:
                number += 1
                yield number, line

    def records(self, decoder: msgspec.json.Decoder[D], what: str) -> Iterator[tuple[int, D]]:
        """Number and record of each line; ``what`` a record is called."""
        for number, records in self.record_chunks(decoder, what):
            yield from enumerate(records, number)

    def record_chunks(
        self, decoder: msgspec.json.Decoder[D], what: str
    ) -> Iterator[tuple[int, list[D]]]:
        """Records of lines that follow each other, some at a time, and the number of the first."""
        number = 1
        for chunk, lines in self.chunks():
            records = _quickly_decoded(chunk, lines, decoder)
            yield number, records or self._one_by_one(chunk, decoder, what, number - 1)
            number += lines

    def _one_by_one(
        self, chunk: bytes, decoder: msgspec.json.Decoder[D], what: str, number: int
    ) -> list[D]:
        """The records of whole lines; ``number``: of the line before.

        Of a line that is none, the chain says first whether it is as it was written.
        """
        try:
            return [
                decode_line(line, decoder.decode, self.path, at, what)
                for at, line in enumerate(chunk.split(b"\n")[:-1], number + 1)
            ]
        except DamageError:
            JournalReader(self.path, self._head).tip()
            raise

    def chunks_backwards(self) -> Iterator[tuple[int, list[bytes]]]:
        """Number of the first, and lines that follow each other, some at a time, last ones first.

        Takes half a byte a line.
        """
        marks = self._all_marks()
        end = len(marks)
        while end:
            upto = self._tip.size if end == len(marks) else marks[end]
            begin = min(bisect_left(marks, upto - BACKWARDS), end - 1)
            yield begin * MARKED + 1, self._between(begin, end)
            end = begin

    def lines_at(self, numbers: Iterable[int]) -> Iterator[bytes]:
        """Several lines, ascending, each without newline; takes half a byte a line."""
        marks, end = self._all_marks(), 0
        first, lines = 0, list[bytes]()  # those of some pages, up to ``end``
        for number in numbers:
            page = (number - 1) // MARKED
            if page >= end:
                end = max(bisect_left(marks, marks[page] + TOGETHER, page), page + 1)
                first, lines = page * MARKED + 1, self._between(page, end)
            yield lines[number - first]

    def line(self, number: int) -> bytes:
        """One line, without newline; takes half a byte for each line of the journal."""
        page, at = divmod(number - 1, MARKED)
        return self._page(page)[at]

    def _page(self, page: int) -> list[bytes]:
        """The lines from one mark to the next; the last few that were read are kept."""
        if (kept := self._pages.get(page)) is not None:
            return kept
        lines = self._between(page, page + 1)
        if len(self._pages) >= PAGES:
            del self._pages[next(iter(self._pages))]
        self._pages[page] = lines
        return lines

    def _between(self, first: int, end: int) -> list[bytes]:
        """The lines of the pages from one up to, and without, another."""
        marks = self._all_marks()
        begin, upto = marks[first], [*marks[end : end + 1], self._tip.size][0]
        with self._open() as (file, stamp):
            if file is None or stamp != self._stamp:
                raise damaged(self.path, "was changed while it was read")
            file.seek(begin)
            return file.read(upto - begin).split(b"\n")[:-1]

    def _all_marks(self) -> "array[int]":
        """Where each line begins whose number is one more than a multiple of MARKED, in bytes."""
        if not self._marks:
            marks, at = array("Q"), 0
            for number, line in self.lines():
                if number % MARKED == 1:
                    marks.append(at)
                at += len(line) + 1
            self._marks = marks
        return self._marks

    @contextmanager
    def _open(self) -> Iterator[tuple[BinaryIO | None, Stamp]]:
        """The file and what would change with it; None where there is none and need be none."""
        try:
            descriptor = open_regular(self.path)
        except FileNotFoundError:
            if self._head is not None and self._head.lines:
                raise damaged(self.path, "is gone") from None
            yield None, ()
            return
        with os.fdopen(descriptor, "rb") as file:
            found = os.fstat(descriptor)
            yield file, (found.st_dev, found.st_ino, found.st_size, found.st_ctime_ns)

    def _proving(self, file: BinaryIO) -> Iterator[Chunk]:
        """The chunks, held against head and chain; what the head knows by its SHA-256."""
        head, self._chained = self._head, False
        self._tip = tip = ChainTip()
        if head is not None and 0 < head.size <= os.fstat(file.fileno()).st_size:
            chunk = b""
            for chunk, lines in _chunks(file, self.path, head.size):
                tip.extend(chunk)
                tip.lines += lines
                yield chunk, lines
            tip.chain = head.chain.encode()
            last = chunk[chunk.rfind(b"\n", 0, -1) + 1 : -1]
            if tip.head() != head or split(last)[1] not in (None, tip.chain):
                raise self._located(file)
        for chunk, lines in _chunks(file, self.path, number=tip.lines):
            self._take_all(chunk)
            yield chunk, lines
        if head is not None and tip.lines < head.lines:
            lost = f"ends after line {tip.lines}, where run.json knows of {head.lines} lines"
            raise damaged(self.path, lost)

    def _located(self, file: BinaryIO) -> DamageError:
        """The error for the first line that is not as it was written, of a file that is not."""
        file.seek(0)
        self._tip, self._chained = ChainTip(), False
        try:
            for chunk, _ in _chunks(file, self.path):
                self._take_all(chunk)
        except DamageError as error:
            return error
        return damaged(self.path, "is not as run.json knows it")

    def _take_all(self, chunk: bytes) -> None:
        for line in chunk.split(b"\n")[:-1]:
            self._take(line)

    def _take(self, line: bytes) -> None:
        """Hold one more line against the chain; those of old journals may come first, unchained."""
        tip, head = self._tip, self._head
        body, said = split(line)
        may_be_old = head is None or tip.lines < head.lines
        if said is None and (self._chained or not may_be_old):
            raise damaged(self.path, "has no chain", tip.lines + 1)
        self._chained = said is not None
        tip.lines += 1
        tip.chain = link(tip.chain, body)
        tip.extend(line + b"\n")
        if said not in (None, tip.chain):
            raise damaged(self.path, "is not as it was written, or one before it is not", tip.lines)
        if head is not None and tip.lines == head.lines and tip.chain != head.chain.encode():
            raise damaged(self.path, "is not the one that run.json knows", tip.lines)


def decode_line(
    line: bytes, decode: Callable[[bytes], D], path: Path, number: int, what: str = "a result"
) -> D:
    """The record of one line. Raises DamageError, which says where the damage is."""
    try:
        return decode(line)
    except (ValueError, RecursionError) as error:
        raise damaged(path, f"is not {what} ({error})", number) from error


def decode_lines(
    lines: Sequence[bytes],
    decoder: msgspec.json.Decoder[D],
    path: Path,
    numbers: Sequence[int],
    what: str = "a result",
) -> list[D]:
    """The records of several lines. Raises DamageError as ``decode_line`` does."""
    if (found := _quickly_decoded(b"\n".join(lines), len(lines), decoder)) is not None:
        return found
    decode = decoder.decode
    return [
        decode_line(line, decode, path, number, what)
        for line, number in zip(lines, numbers, strict=True)
    ]


def _quickly_decoded(chunk: bytes, lines: int, decoder: msgspec.json.Decoder[D]) -> list[D] | None:
    """The records of so many lines, in half the time of one by one; None where that is needed."""
    with suppress(ValueError, RecursionError):
        if len(records := decoder.decode_lines(chunk)) == lines:
            return records
    return None


def damaged(path: Path, what: str, number: int | None = None) -> DamageError:
    """The error for a file, or a line of it, that is not as it was written."""
    where = f"{path}: " if number is None else f"{path}: line {number} "
    return DamageError(
        f"{where}{what}. The file was changed by something else. Restore it, or run batcher verify"
        " --repair on its run to go on with what is provably whole; the damaged file stays beside."
    )


def _chunks(file: BinaryIO, path: Path, end: int | None = None, number: int = 0) -> Iterator[Chunk]:
    """The whole lines from here to ``end``, in bytes, or to the end of the file.

    ``number``: of the line before, for the DamageError where one has no end.
    """
    rest, left = b"", end
    while block := file.read(BLOCK if left is None else min(BLOCK, left)):
        left = None if left is None else left - len(block)
        if whole := block.rfind(b"\n") + 1:
            chunk = b"".join((rest, memoryview(block)[:whole]))
            number += (lines := chunk.count(b"\n"))
            yield chunk, lines
            rest = block[whole:]
        else:
            rest += block
        if len(rest) > LINE_AT_MOST:
            raise damaged(path, f"is longer than {LINE_AT_MOST:,} bytes", number + 1)
