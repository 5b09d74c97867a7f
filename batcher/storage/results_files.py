"""The files of a results directory: begun, completed, taken over from the dead.

    DIR/NAME.jsonl.open    being written, flocked by its worker; without a holder it was left by a
                           worker that died
    DIR/NAME.jsonl         complete: whole lines, at least one, never touched again but to remove it
                           when it is sent
    DIR/images/…           the before images of the same worker and time, where it kept any: both
                           names alike, held and completed together with the results

NAME begins with the UTC time and is unique in a fleet. Several workers can share a directory where
rename and flock work across their hosts.
"""

import errno
import os
import re
import secrets
import socket
from contextlib import suppress
from pathlib import Path

import anyio
from structlog.typing import FilteringBoundLogger

from batcher.clock import SystemClock
from batcher.errors import DamageError
from batcher.records import Delivered
from batcher.storage.directory_check import why_not_own
from batcher.storage.file_lock import try_lock
from batcher.storage.file_system import make_directory, move, remove, sync_directory, sync_file
from batcher.storage.hash_chain import ChainTip
from batcher.storage.journal import Journal, cut_torn_line
from batcher.storage.message_images import MessageImage
from batcher.storage.regular_file import open_regular

IMAGES = "images"  # the directory of before images
_OPEN = re.compile(r"\d{8}T\d{6}\.\d{6}Z-.+\.jsonl\.open")
# whatever else is in the directory is not ours to remove
_COMPLETE = re.compile(r"\d{8}T\d{6}\.\d{6}Z-.+\.jsonl")


class OpenFile:
    """A file that is being written. Empty and durable when this returns.

    ``images``: the file of before images beside it, once it was begun. ``beginning``: to be held
    while that is asked or done. Raises OSError, JournalError.
    """

    def __init__(self, folder: Path) -> None:
        while True:
            self.path = folder / f"{_new_name()}.jsonl.open"
            if (lock := try_lock(self.path)) is not None:
                break  # else a worker that just started took it for one that was left
        self.lock = lock
        self.completed = anyio.Event()
        self.images: Journal[MessageImage] | None = None
        self.beginning = anyio.Lock(fast_acquire=True)
        try:
            self.journal: Journal[Delivered] = Journal(self.path, ChainTip())
            sync_directory(folder)
        except BaseException:
            os.close(lock)
            raise

    @property
    def name(self) -> str:
        """The name that it has once it is complete; that of its images, too."""
        return self.path.stem

    def begin_images(self) -> None:
        """Begin the file of its images. Raises OSError, JournalError."""
        path = images_beside(self.path)
        make_directory(path.parent)
        if (why := why_not_own(path.parent)) is not None:
            raise OSError(errno.EPERM, why, str(path.parent))
        images: Journal[MessageImage] = Journal(path, ChainTip())
        sync_directory(path.parent)
        self.images = images


class ResultsFiles:
    """The files in one results directory, oldest first. None of it waits; for use in a thread."""

    def __init__(self, path: Path, log: FilteringBoundLogger) -> None:
        self.path = path
        self._log = log

    def complete(self) -> list[Path]:
        """The complete files of results and of images."""
        found = [*_named(self.path / IMAGES, _COMPLETE), *_named(self.path, _COMPLETE)]
        return sorted(found, key=lambda path: path.name)

    def results(self) -> list[Path]:
        """All files of results, also those that are being written."""
        return [*_named(self.path, _OPEN), *_named(self.path, _COMPLETE)]

    def images(self) -> list[Path]:
        """All files of images, also those that are being written."""
        folder = self.path / IMAGES
        return [*_named(folder, _OPEN), *_named(folder, _COMPLETE)]

    def take_over(self) -> None:
        """Complete the files of workers that died."""
        for path in _named(self.path, _OPEN):
            try:
                lock = try_lock(path, create=False)
            except (OSError, DamageError) as error:
                self._log.warning("results.left_open", part=path.name, reason=str(error))
                continue
            if lock is not None:
                self.finish(path, lock)
        for path in _named(self.path / IMAGES, _OPEN):
            if not (self.path / path.name).exists():  # completed by who knew of no images
                self._finish_images(path)

    def finish(self, path: Path, lock: int) -> None:
        """Give an open file and its images their last names; one without a whole line is removed.

        Where that fails, the next start does it.
        """
        self._finish_images(images_beside(path))
        try:
            _complete(path, lock)
        except OSError as error:
            self._log.warning("results.left_open", part=path.name, reason=error.strerror)
        finally:
            os.close(lock)

    def _finish_images(self, path: Path) -> None:
        try:
            file = open_regular(path, os.O_RDWR)
            try:
                _complete(path, file)
            finally:
                os.close(file)
        except FileNotFoundError:
            return
        except (OSError, DamageError) as error:
            self._log.warning("images.left_open", part=path.name, reason=str(error))


def images_beside(results: Path) -> Path:
    """The file of the images of a file of results."""
    return results.parent / IMAGES / results.name


def _named(folder: Path, pattern: re.Pattern[str]) -> list[Path]:
    with suppress(OSError):  # of a directory that can't be read, beginning a file tells
        names = os.listdir(folder)
        return sorted(folder / name for name in names if pattern.fullmatch(name))
    return []


def _complete(path: Path, file: int) -> None:
    """Give an open file its last name, or remove it where it has no whole line. Raises OSError."""
    if cut_torn_line(file):
        sync_file(file)
        move(path, path.with_suffix(""))
    else:
        remove(path)


def _new_name() -> str:
    moment = f"{SystemClock().utc():%Y%m%dT%H%M%S.%fZ}"
    return f"{moment}-{socket.gethostname()}-{os.getpid()}-{secrets.token_hex(4)}"
