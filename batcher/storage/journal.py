"""The journal: the append-only file that makes a run resumable, of results or of before images.

Group commit: records that come while one write is under way go to disk together with the next. A
record is there only after fsync. Nothing here decides; what a result means is in ``records``.
"""

import errno
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Generic, Self, TypeVar

import anyio
import anyio.to_thread
import msgspec

from batcher.errors import JournalError
from batcher.records import BriefResult, Result
from batcher.storage.file_system import open_or_create

R = TypeVar("R")


class Journal(Generic[R]):
    """A file of records, one JSON line each, open for appending.

    Use as an async context manager.
    """

    def __init__(self, path: Path, *, write: Callable[[int, memoryview], int] = os.write) -> None:
        self.path = path
        self._write_to = write
        self._encoder = msgspec.json.Encoder()
        self._pending: list[bytes] = []
        self._added = 0
        self._durable = 0
        # once a batch is lost, nothing that comes after may be told of
        self._broken: JournalError | None = None
        self._writing = anyio.Lock(fast_acquire=True)
        try:
            self._file = open_or_create(path, os.O_RDWR | os.O_APPEND)
            self._length = cut_torn_line(self._file)
        except OSError as error:
            raise JournalError(_cannot(path, error)) from error

    def __repr__(self) -> str:
        return f"<Journal {self.path}: {self._durable} written, {len(self._pending)} pending>"

    @property
    def length(self) -> int:
        """Bytes that are on disk."""
        return self._length

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, kind: object, error: BaseException | None, traceback: object) -> None:
        try:
            with anyio.CancelScope(shield=True):
                await self.flush()
        except JournalError:
            if error is None:
                raise
        finally:
            os.close(self._file)

    def add(self, record: R) -> None:
        """Take a record without waiting for the disk; ``flush`` makes it durable."""
        self._pending.append(self._encoder.encode(record) + b"\n")
        self._added += 1

    async def append(self, record: R) -> None:
        """Return when the record is on disk.

        Raises JournalError; the file stays valid and the run resumable.
        """
        self.add(record)
        await self.flush()

    async def flush(self) -> None:
        """Return when all that was added is on disk. Raises JournalError."""
        mine = self._added
        async with self._writing:
            if self._broken is not None:
                raise JournalError(str(self._broken)) from self._broken
            if self._durable >= mine:
                return  # written by somebody who came before
            batch, self._pending = b"".join(self._pending), []
            upto = self._added
            with anyio.CancelScope(shield=True):
                await anyio.to_thread.run_sync(self._write, batch)
            self._durable = upto

    def _write(self, batch: bytes) -> None:
        try:
            view = memoryview(batch)
            while view:
                view = view[self._write_to(self._file, view) :]
            os.fdatasync(self._file)
            self._length += len(batch)
            in_place = os.path.samestat(os.fstat(self._file), os.stat(self.path))
        except FileNotFoundError:
            in_place = False
        except OSError as error:
            self._cut_back()
            self._broken = JournalError(_cannot(self.path, error))
            raise self._broken from error
        if not in_place:  # what is written to a file without a name is lost
            self._broken = JournalError(
                f"{self.path}: removed or replaced while the run went on. Put its directory back as"
                " it was and run the same command again: it resumes."
            )
            raise self._broken

    def _cut_back(self) -> None:
        """Leave whole lines only. When even that fails, the next start cuts the torn line."""
        try:
            os.ftruncate(self._file, self._length)
        except OSError:
            return


def read_brief_results(path: Path) -> Iterator[BriefResult]:
    """Of each result of a journal, oldest first, only what the books need.

    A torn last line is passed over. Raises JournalError for a damaged one.
    """
    return _decoded(path, BriefResult)


def read_results(path: Path) -> Iterator[Result]:
    """The results of a journal, oldest first.

    A torn last line is passed over. Raises JournalError for a damaged one.
    """
    return _decoded(path, Result)


D = TypeVar("D")


def _decoded(path: Path, kind: type[D]) -> Iterator[D]:
    decode = msgspec.json.Decoder(kind).decode
    for number, line in whole_lines(path):
        yield decode_line(line, decode, path, number)


def decode_line(
    line: bytes, decode: Callable[[bytes], D], path: Path, number: int, what: str = "a result"
) -> D:
    """The record of one line. Raises JournalError, which says where the damage is."""
    try:
        return decode(line)
    except (ValueError, RecursionError) as error:
        raise JournalError(
            f"{path}: line {number} is not {what} ({error}). The file was changed by something"
            " else; restore it, or start a new run with another --out."
        ) from error


def whole_lines(path: Path) -> Iterator[tuple[int, bytes]]:
    """Number (from 1) and bytes of every line but a torn last one; none where there is no file."""
    if not path.exists():
        return
    with path.open("rb") as file:
        for number, line in enumerate(file, 1):
            if line.endswith(b"\n"):
                yield number, line


def cut_torn_line(file: int) -> int:
    """Cut off what a crash left of a last line; returns the length that remains."""
    length = os.lseek(file, 0, os.SEEK_END)
    keep = length
    while keep:
        start = max(0, keep - 65536)
        newline = os.pread(file, keep - start, start).rfind(b"\n")
        if newline >= 0:
            keep = start + newline + 1
            break
        keep = start
    if keep < length:
        os.ftruncate(file, keep)
    return keep


def _cannot(path: Path, error: OSError) -> str:
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return (
            f"{path}: the disk is full. Every result up to here is kept. Free some space and run"
            " the same command again."
        )
    return (
        f"{path}: can't be written: {error.strerror}. Put that right and run the same command"
        " again: it resumes."
    )
