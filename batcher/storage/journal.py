"""The journal: the append-only file that makes a run resumable, of results or of before images.

Group commit: records that come while one write is under way go to disk together with the next. A
record is there only after fsync. Nothing here decides; what a result means is in ``records``, and
what was written is read by ``journal_reader``.
"""

import errno
import os
from collections.abc import Callable
from pathlib import Path
from typing import Generic, Self, TypeVar

import anyio
import anyio.to_thread
import msgspec

from batcher.errors import JournalError
from batcher.storage.file_system import open_or_create, sync_file
from batcher.storage.hash_chain import ChainTip, Head
from batcher.storage.journal_reader import damaged
from batcher.wake_up import WakeUp

R = TypeVar("R")

# seconds from the beginning of a write to that of the next at least, where several records came
# with it or during it: each takes a thread and a sync of the disk, which cost more than a record,
# and what comes meanwhile goes together. Who is alone has nobody to wait for
APART = 0.01


class Journal(Generic[R]):
    """A file of records, one JSON line each, open for appending.

    ``tip``: where it ends, and the next line goes; it moves on with each line. Without one, lines
    are not chained, and go after the last whole one. Use as an async context manager.
    """

    def __init__(
        self,
        path: Path,
        tip: ChainTip | None = None,
        *,
        write: Callable[[int, memoryview], int] | None = None,
    ) -> None:
        self.path = path
        self._tip = tip
        self._write_to = write or os.write
        self._encoder = msgspec.json.Encoder()
        self._pending: list[bytes] = []
        self._added = 0
        self._durable = 0
        # once a batch is lost, nothing that comes after may be told of
        self._broken: JournalError | None = None
        self._is_writing = False
        # who waits for others to write his record, by its number
        self._waiting: list[tuple[int, WakeUp]] = []
        self._next_at = 0.0  # by the clock of the event loop
        try:
            self._file, self._length = _open(path, tip)
        except OSError as error:
            raise JournalError(_cannot(path, error)) from error
        self._head = None if tip is None else tip.head()

    def __repr__(self) -> str:
        return f"<Journal {self.path}: {self._durable} written, {len(self._pending)} pending>"

    @property
    def length(self) -> int:
        """Bytes that are on disk."""
        return self._length

    @property
    def lines(self) -> int:
        """Lines, also those that were added and are not yet on disk; of a chained journal."""
        return 0 if self._tip is None else self._tip.lines

    @property
    def head(self) -> Head | None:
        """The head of what is on disk; None where lines are not chained."""
        return self._head

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

    def add(self, record: R) -> bytes:
        """Take a record without waiting for the disk; ``flush`` makes it durable.

        Returns its line, without newline and chain.
        """
        line = self._encoder.encode(record)
        self._pending.append(line + b"\n" if self._tip is None else self._tip.seal(line))
        self._added += 1
        return line

    async def append(self, record: R) -> None:
        """Return when the record is on disk.

        Raises JournalError; the file stays valid and the run resumable.
        """
        self.add(record)
        await self.flush()

    async def flush(self) -> None:
        """Return when all that was added is on disk. Raises JournalError."""
        mine = self._added
        while self._durable < mine:
            if self._broken is not None:
                raise JournalError(str(self._broken)) from self._broken
            if not self._is_writing:
                await self._write_pending()
                continue
            over = WakeUp()  # what comes meanwhile goes together with the next
            self._waiting.append((mine, over))
            try:
                await over
            except BaseException:
                if not self._is_writing:  # it may have been his turn to write
                    self._wake()
                raise

    def _wake(self) -> None:
        """Wake those whose records are on disk or lost, and one of the others: he writes next."""
        waiting, self._waiting = self._waiting, []
        somebody_writes = False
        for mine, over in waiting:
            lacks = mine > self._durable and self._broken is None
            if lacks and somebody_writes:
                self._waiting.append((mine, over))
            elif not over.done():  # else he is cancelled
                somebody_writes |= lacks
                over.call()

    async def _write_pending(self) -> None:
        """Put all that was added by its beginning on disk, the end of this turn or later."""
        self._is_writing = True
        try:
            with anyio.CancelScope(shield=True):
                wait = self._next_at - anyio.current_time()
                await anyio.sleep(max(0.0, min(APART, wait)))  # that clock may be set back
                self._next_at = anyio.current_time() + APART
                batch, self._pending = b"".join(self._pending), []
                upto, head = self._added, self._advance(batch)
                await anyio.to_thread.run_sync(self._write, batch)
            if self._added == self._durable + 1:  # nobody came with it, nor meanwhile
                self._next_at = 0.0
            self._durable, self._head = upto, head
        except BaseException as error:  # as where no thread can be had for it
            self._broken = self._broken or JournalError(_lost(self.path, error))
            raise
        finally:
            self._is_writing = False
            self._wake()

    def _advance(self, batch: bytes) -> Head | None:
        """The head of the journal once that is on disk: all that was added up to now."""
        if self._tip is None:
            return None
        self._tip.extend(batch)
        return self._tip.head()

    def _write(self, batch: bytes) -> None:
        try:
            view = memoryview(batch)
            while view:
                view = view[self._write_to(self._file, view) :]
            sync_file(self._file)
            self._length += len(batch)
            written = os.fstat(self._file)
            in_place = os.path.samestat(written, os.stat(self.path))
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
        if written.st_size != self._length:
            self._broken = damaged(self.path, "was changed while the run went on")
            raise self._broken

    def _cut_back(self) -> None:
        """Leave whole lines only. When even that fails, the next start cuts the torn line."""
        try:
            os.ftruncate(self._file, self._length)
        except OSError:
            return


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


def _open(path: Path, tip: ChainTip | None) -> tuple[int, int]:
    """The file, open for appending, and its length without what a crash left of a last line."""
    file = open_or_create(path, os.O_RDWR | os.O_APPEND)
    if tip is None:
        return file, cut_torn_line(file)
    try:
        torn = os.fstat(file).st_size - tip.size
        if torn < 0 or (torn and b"\n" in os.pread(file, torn, tip.size)):
            raise damaged(path, "was changed while it was in use")
        if torn:
            os.ftruncate(file, tip.size)
    except BaseException:
        os.close(file)
        raise
    return file, tip.size


def _lost(path: Path, error: BaseException) -> str:
    return (
        f"{path}: can't be written ({type(error).__name__}). Every result up to here is kept. Run"
        " the same command again: it resumes."
    )


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
