"""A journal that was written before, read with nothing taken on trust.

All its readers go through here.
A line that was changed, lost or put in is a DamageError before any line is handed on. Old journals,
whose lines have no chain, are read too, where ``run.json`` knows no head of them.
"""

import os
from array import array
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, TypeVar

from batcher.errors import DamageError
from batcher.storage.hash_chain import ChainTip, Head, link, split
from batcher.storage.regular_file import open_regular

LINE_AT_MOST = 16 << 20  # bytes: as much memory a damaged file may cost
BLOCK = 1 << 18  # bytes read at once

D = TypeVar("D")


class JournalReader:
    """The lines of a journal. ``head``: what ``run.json`` says of it; None where it says nothing.

    Every method raises DamageError where a line is not as it was written, before it returns any.
    """

    def __init__(self, path: Path, head: Head | None = None) -> None:
        self.path = path
        self._head = head
        self._tip = ChainTip()
        self._chained = False  # the last line had a chain
        self._stamp: tuple[int, ...] = ()  # of the file when it was proven
        self._offsets = array("Q")

    def __repr__(self) -> str:
        return f"<JournalReader {self.path}: {self._tip!r}>"

    def tip(self) -> ChainTip:
        """The end of the journal, where the next line goes."""
        with self._open() as file:
            return ChainTip() if file is None else self._tip

    def lines(self) -> Iterator[tuple[int, bytes]]:
        """Number (from 1) and bytes, without newline, of each line but a torn last one."""
        with self._open() as file:
            if file is not None:
                yield from enumerate(_lines(file, self.path, self._tip.size), 1)

    def records(self, decode: Callable[[bytes], D], what: str) -> Iterator[tuple[int, bytes, D]]:
        """Number, bytes and record of each line; ``what`` a record is called."""
        for number, line in self.lines():
            yield number, line, decode_line(line, decode, self.path, number, what)

    def backwards(self) -> Iterator[tuple[int, bytes]]:
        """Number and bytes of each line, last one first; takes 8 bytes a line."""
        offsets = self._all_offsets()
        with self._open() as file:
            for number in range(len(offsets), 0, -1):
                yield number, _line_at(file, offsets[number - 1])

    def line(self, number: int) -> bytes:
        """One line, without newline; takes 8 bytes for each line of the journal."""
        offset = self._all_offsets()[number - 1]
        with self._open() as file:
            return _line_at(file, offset)

    def _all_offsets(self) -> "array[int]":
        """Where each line begins, in bytes."""
        if not self._offsets:
            at = 0
            for _, line in self.lines():
                self._offsets.append(at)
                at += len(line) + 1
        return self._offsets

    @contextmanager
    def _open(self) -> Iterator[BinaryIO | None]:
        """The file from its beginning, proven; None where there is none and need be none."""
        try:
            descriptor = open_regular(self.path)
        except FileNotFoundError:
            if self._head is not None and self._head.lines:
                raise damaged(self.path, "is gone") from None
            yield None
            return
        with os.fdopen(descriptor, "rb") as file:
            found = os.fstat(descriptor)
            stamp = (found.st_dev, found.st_ino, found.st_size, found.st_ctime_ns)
            if stamp != self._stamp:
                self._prove(file, found.st_size)
                self._stamp, self._offsets = stamp, array("Q")
                file.seek(0)
            yield file

    def _prove(self, file: BinaryIO, size: int) -> None:
        """Hold all lines against head and chain; of what the head knows its SHA-256 is enough."""
        head, self._tip, self._chained = self._head, ChainTip(), False
        if head is not None and size >= head.size and _is_whole(file, head, self._tip):
            self._tip.lines, self._tip.chain = head.lines, head.chain.encode()
        else:
            self._tip = ChainTip()
        tip = self._tip
        file.seek(tip.size)
        for line in _lines(file, self.path, number=tip.lines):
            self._take(line)
        if head is not None and tip.lines < head.lines:
            lost = f"ends after line {tip.lines}, where run.json knows of {head.lines} lines"
            raise damaged(self.path, lost)

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


def damaged(path: Path, what: str, number: int | None = None) -> DamageError:
    """The error for a file, or a line of it, that is not as it was written."""
    where = f"{path}: " if number is None else f"{path}: line {number} "
    return DamageError(
        f"{where}{what}. The file was changed by something else. Restore it, or give --repair to go"
        " on with what is provably whole; the damaged file is kept beside."
    )


def _lines(file: BinaryIO, path: Path, end: int | None = None, number: int = 0) -> Iterator[bytes]:
    """The whole lines from here to ``end``, in bytes, or to the end of the file.

    ``number``: of the line before, for the DamageError where one has no end.
    """
    rest, left = b"", end
    while block := file.read(BLOCK if left is None else min(BLOCK, left)):
        left = None if left is None else left - len(block)
        lines = (rest + block).split(b"\n")
        rest = lines.pop()
        yield from lines
        number += len(lines)
        if len(rest) > LINE_AT_MOST:
            raise damaged(path, f"is longer than {LINE_AT_MOST:,} bytes", number + 1)


def _is_whole(file: BinaryIO, head: Head, tip: ChainTip) -> bool:
    """Whether a file begins with the bytes of a head; ``tip`` takes them in."""
    lines, since_newline = 0, 0
    while tip.size < head.size and since_newline <= LINE_AT_MOST:
        if not (block := file.read(min(BLOCK, head.size - tip.size))):
            return False
        tip.extend(block)
        lines += block.count(b"\n")
        since_newline = len(block) if b"\n" in block else since_newline + len(block)
    return lines == head.lines and tip.head().sha256 == head.sha256


def _line_at(file: BinaryIO | None, offset: int) -> bytes:
    assert file is not None  # it was read before
    file.seek(offset)
    return file.readline(LINE_AT_MOST).removesuffix(b"\n")
