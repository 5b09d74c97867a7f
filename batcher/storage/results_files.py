"""The files of a results directory: begun, completed, taken over from the dead, searched.

    DIR/NAME.jsonl.open    being written, flocked by its worker; without a holder it was left by a
                           worker that died
    DIR/NAME.jsonl         complete: whole lines, at least one, never touched again but to remove it
                           when it is sent

NAME begins with the UTC time and is unique in a fleet. Several workers can share a directory where
rename and flock work across their hosts.
"""

import mmap
import os
import re
import secrets
import socket
from contextlib import suppress
from pathlib import Path

import anyio
import msgspec
from structlog.typing import FilteringBoundLogger

from batcher.clock import SystemClock
from batcher.errors import DamageError
from batcher.records import Delivered
from batcher.storage.file_lock import try_lock
from batcher.storage.file_system import move, remove, sync_directory
from batcher.storage.journal import Journal, cut_torn_line

_OPEN = re.compile(r"\d{8}T\d{6}\.\d{6}Z-.+\.jsonl\.open")
# whatever else is in the directory is not ours to remove
_COMPLETE = re.compile(r"\d{8}T\d{6}\.\d{6}Z-.+\.jsonl")

_decode = msgspec.json.Decoder(Delivered).decode


class OpenFile:
    """A file that is being written. Empty and durable when this returns.

    Raises OSError, JournalError.
    """

    def __init__(self, folder: Path) -> None:
        while True:
            self.path = folder / f"{_new_name()}.jsonl.open"
            if (lock := try_lock(self.path)) is not None:
                break  # else a worker that just started took it for one that was left
        self.lock = lock
        self.completed = anyio.Event()
        try:
            self.journal: Journal[Delivered] = Journal(self.path)
            sync_directory(folder)
        except BaseException:
            os.close(lock)
            raise


class ResultsFiles:
    """The files in one results directory, oldest first. None of it waits; for use in a thread."""

    def __init__(self, path: Path, log: FilteringBoundLogger) -> None:
        self.path = path
        self._log = log

    def complete(self) -> list[Path]:
        return self._named(_COMPLETE)

    def take_over(self) -> None:
        """Complete the files of workers that died."""
        for path in self._named(_OPEN):
            try:
                lock = try_lock(path, create=False)
            except (OSError, DamageError) as error:
                self._log.warning("results.left_open", part=path.name, reason=str(error))
                continue
            if lock is not None:
                self.finish(path, lock)

    def finish(self, path: Path, lock: int) -> None:
        """Give an open file its last name; one without a whole line is removed.

        Where that fails, the next start does it.
        """
        try:
            if cut_torn_line(lock):
                os.fsync(lock)
                move(path, path.with_suffix(""))
            else:
                remove(path)
        except OSError as error:
            self._log.warning("results.left_open", part=path.name, reason=error.strerror)
        finally:
            os.close(lock)

    def find(self, message_id: str, since: float) -> Delivered | None:
        """The result of a message in a file written to after ``since``, seconds since the epoch."""
        needle = b'"message_id":' + msgspec.json.encode(message_id)
        for path in (*self._named(_OPEN), *self.complete()):
            # removed by now; empty files can't be mapped
            with suppress(OSError, ValueError), path.open("rb") as file:
                if os.fstat(file.fileno()).st_mtime >= since:
                    with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
                        if (at := content.rfind(needle)) >= 0:
                            start, end = content.rfind(b"\n", 0, at) + 1, content.find(b"\n", at)
                            return _decode(content[start:end])
        return None

    def _named(self, pattern: re.Pattern[str]) -> list[Path]:
        with suppress(OSError):  # of a directory that can't be read, beginning a file tells
            names = os.listdir(self.path)
            return sorted(self.path / name for name in names if pattern.fullmatch(name))
        return []


def _new_name() -> str:
    moment = f"{SystemClock().utc():%Y%m%dT%H%M%S.%fZ}"
    return f"{moment}-{socket.gethostname()}-{os.getpid()}-{secrets.token_hex(4)}"
