"""The results directory of a worker: journals that are ended by size and by age, and sent on.

    DIR/NAME.jsonl.open    being written, flocked by its worker; without a holder it was left by the
                           dead
    DIR/NAME.jsonl         complete: whole lines, at least one, never touched again but to take it
                           away when it is sent

NAME begins with the UTC time and is unique in a fleet. Several workers can share a directory where
rename and flock work across their hosts. A result may be there twice, after a redelivery; none is
missing that was told of as kept.
"""

import mmap
import os
import re
import secrets
import socket
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Self

import anyio
import anyio.to_thread
import msgspec
from anyio.abc import TaskGroup

from batcher.backoff import Backoff
from batcher.errors import JournalError, UploadError
from batcher.logs import logger
from batcher.ports import Uploader
from batcher.records import Delivered
from batcher.resettable_event import ResettableEvent
from batcher.storage.atomic_file import sync_directory
from batcher.storage.file_lock import try_lock
from batcher.storage.journal import Journal, cut_torn_line

FIRST_PAUSE, LONGEST_PAUSE = 1.0, 60.0  # seconds after a part that could not be sent
CLOSE_WITHIN = 10.0  # seconds for sending at the end; what is left is sent after the next start

CLOCKS_APART = 60.0  # seconds between this host's clock and a queue's that are borne

_decode = msgspec.json.Decoder(Delivered).decode
_OPEN = re.compile(r"\d{8}T\d{6}\.\d{6}Z-.+\.jsonl\.open")
# whatever else is in the directory is not ours to take away
_COMPLETE = re.compile(r"\d{8}T\d{6}\.\d{6}Z-.+\.jsonl")


class _Part:
    """The file that is being written.

    It has begun, empty and durable, when this returns. Raises OSError, JournalError.
    """

    def __init__(self, folder: Path) -> None:
        while True:
            self.path = folder / f"{_name()}.jsonl.open"
            # else a worker that just started took it for one of the dead
            if (lock := try_lock(self.path)) is not None:
                break
        self.lock = lock
        self.over = anyio.Event()
        try:
            self.journal: Journal[Delivered] = Journal(self.path)
            sync_directory(folder)
        except BaseException:
            os.close(lock)
            raise


class ResultsDirectory:
    """Where a worker's results go. Use as an async context manager; made when it is not there.

    A file is complete when it has ``rotate_bytes``, or after ``rotate_seconds``. ``ship`` takes
    complete files away; one that it can't take is kept and tried again, also after a restart.
    Entering raises JournalError.
    """

    def __init__(
        self,
        path: Path,
        *,
        rotate_bytes: int,
        rotate_seconds: float,
        ship: Uploader | None = None,
        close_within: float = CLOSE_WITHIN,
    ) -> None:
        self.path = path
        self._rotate_bytes = rotate_bytes
        self._rotate_seconds = rotate_seconds
        self._ship = ship
        self._close_within = close_within
        self._part: _Part | None = None
        self._beginning = anyio.Lock(fast_acquire=True)
        self._completed = ResettableEvent()
        self._tasks: TaskGroup
        self._log = logger(results=str(path))

    def __repr__(self) -> str:
        writing = (
            "nothing"
            if self._part is None
            else f"{self._part.path.name} ({self._part.journal.length} bytes)"
        )
        return f"<ResultsDirectory {self.path}: writing {writing}>"

    async def __aenter__(self) -> Self:
        try:
            self.path.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError as error:
            raise JournalError(_unusable(self.path, error)) from error
        await anyio.to_thread.run_sync(self._take_over)
        self._tasks = anyio.create_task_group()
        await self._tasks.__aenter__()
        try:
            await self._writing()
        except BaseException:
            await self._tasks.__aexit__(None, None, None)
            raise
        if self._ship is not None:
            self._tasks.start_soon(self._send_for_ever, self._ship)
        return self

    async def __aexit__(self, *exception: object) -> None:
        try:
            self._tasks.cancel_scope.cancel()
            # without the error, which would come out as a group
            await self._tasks.__aexit__(None, None, None)
        finally:
            with anyio.CancelScope(shield=True):
                if self._part is not None:
                    await self._complete(self._part)
                if self._ship is not None:
                    await self._send_rest(self._ship)

    @property
    def waiting(self) -> int | None:
        """How many complete files wait to be sent on; None where none are sent."""
        return None if self._ship is None else len(self._files(_COMPLETE))

    async def append(self, record: Delivered) -> None:
        """Return when the record is on disk.

        Raises JournalError; the next record is tried in a file of its own.
        """
        part = await self._writing()
        try:
            await part.journal.append(record)
        except JournalError:
            await self._complete(part)
            raise
        if part.journal.length >= self._rotate_bytes:
            await self._complete(part)

    async def find(self, message_id: str, since: float) -> Delivered | None:
        """The result of that message, from a file written to after ``since`` (seconds since the
        epoch); None: there is none.

        Finds what a worker on this directory kept and could not tell its queue. Files that were
        sent on are not looked at.
        """
        return await anyio.to_thread.run_sync(
            self._search, b'"message_id":' + msgspec.json.encode(message_id), since - CLOCKS_APART
        )

    def _search(self, needle: bytes, since: float) -> Delivered | None:
        for path in (*self._files(_OPEN), *self._files(_COMPLETE)):
            # gone by now; empty files can't be mapped
            with suppress(OSError, ValueError), path.open("rb") as file:
                if os.fstat(file.fileno()).st_mtime >= since:
                    with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
                        if (at := content.rfind(needle)) >= 0:
                            return _decode(
                                content[content.rfind(b"\n", 0, at) + 1 : content.find(b"\n", at)]
                            )
        return None

    async def _writing(self) -> _Part:
        async with self._beginning:
            if self._part is None:
                try:
                    self._part = await anyio.to_thread.run_sync(_Part, self.path)
                except OSError as error:
                    raise JournalError(_unusable(self.path, error)) from error
                self._tasks.start_soon(self._age, self._part)
            return self._part

    async def _age(self, part: _Part) -> None:
        with anyio.move_on_after(self._rotate_seconds):
            await part.over.wait()
        await self._complete(part)

    async def _complete(self, part: _Part) -> None:
        """End a file, unless it has ended. From here on results go into another."""
        if part is not self._part:
            return
        self._part = None
        part.over.set()
        with anyio.CancelScope(shield=True):
            with suppress(JournalError):  # who appended was told
                async with part.journal:
                    pass
            await anyio.to_thread.run_sync(self._finish, part.path, part.lock)
        self._completed.set()

    def _take_over(self) -> None:
        """Complete the files of the dead."""
        for path in self._files(_OPEN):
            try:
                lock = try_lock(path, create=False)
            except OSError as error:
                self._log.warning("results.left_open", part=path.name, reason=error.strerror)
                continue
            if lock is not None:
                self._finish(path, lock)

    def _finish(self, path: Path, lock: int) -> None:
        """Give a file its last name; one without a whole line goes.

        Where that fails, the next start does it.
        """
        try:
            if cut_torn_line(lock):
                os.fsync(lock)
                path.rename(path.with_suffix(""))
            else:
                path.unlink()
            sync_directory(path.parent)
        except OSError as error:
            self._log.warning("results.left_open", part=path.name, reason=error.strerror)
        finally:
            os.close(lock)

    # sending on

    async def _send_for_ever(self, ship: Uploader) -> None:
        """Oldest first; a part that can't be sent holds the others back for no longer than a
        pause.
        """
        backoff = Backoff(FIRST_PAUSE, LONGEST_PAUSE)
        while True:
            self._completed.clear()
            left = False
            for path in self._files(_COMPLETE):
                if await self._sent(ship, path):
                    backoff.reset()
                else:
                    left = True
                    await anyio.sleep(backoff.next_pause())
            if not left:
                await self._completed.wait()

    async def _send_rest(self, ship: Uploader) -> None:
        with anyio.move_on_after(self._close_within):
            for path in self._files(_COMPLETE):
                if not await self._sent(ship, path):
                    break

    async def _sent(self, ship: Uploader, path: Path) -> bool:
        """Send one file and take it away.

        One that another worker sends is left to it, and looked after later.
        """
        try:
            if (lock := try_lock(path, create=False)) is None:
                return path not in self._files(_COMPLETE)
            try:
                await ship.send(path)
                os.unlink(path)
            finally:
                os.close(lock)
        except (UploadError, OSError) as error:
            self._log.warning(
                "results.not_sent",
                part=path.name,
                waiting=len(self._files(_COMPLETE)),
                reason=str(error),
            )
            return False
        return True

    def _files(self, named: re.Pattern[str]) -> list[Path]:
        """Those of such a name, oldest first.

        Of a directory that can't be read ``append`` tells.
        """
        with suppress(OSError):
            return sorted(
                self.path / name for name in os.listdir(self.path) if named.fullmatch(name)
            )
        return []


def _name() -> str:
    moment = f"{datetime.now(UTC):%Y%m%dT%H%M%S.%fZ}"
    return f"{moment}-{socket.gethostname()}-{os.getpid()}-{secrets.token_hex(4)}"


def _unusable(path: Path, error: OSError) -> str:
    return (
        f"{path}: can't be used as results directory: {error.strerror}. Put that right, or give"
        " another."
    )
