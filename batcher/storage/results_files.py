"""The files of a results directory: begun, completed, taken over from the dead, searched.

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
import mmap
import os
import re
import secrets
import socket
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import TypeVar

import anyio
import msgspec
from structlog.typing import FilteringBoundLogger

from batcher.clock import SystemClock
from batcher.errors import DamageError
from batcher.records import Delivered
from batcher.storage.directory_check import why_not_own
from batcher.storage.file_lock import try_lock
from batcher.storage.file_system import make_directory, move, remove, sync_directory, sync_file
from batcher.storage.hash_chain import ChainTip, line_digest
from batcher.storage.journal import Journal, cut_torn_line
from batcher.storage.message_images import KeptImage, MessageImage, content_of
from batcher.storage.regular_file import open_regular

IMAGES = "images"  # the directory of before images
_OPEN = re.compile(r"\d{8}T\d{6}\.\d{6}Z-.+\.jsonl\.open")
# whatever else is in the directory is not ours to remove
_COMPLETE = re.compile(r"\d{8}T\d{6}\.\d{6}Z-.+\.jsonl")

R = TypeVar("R", Delivered, MessageImage)


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

    def find(self, queue: str, message_id: str, since: float) -> Delivered | None:
        """The result of a message in a file written to after ``since``, seconds since the epoch."""
        found = _last_of(self.results(), Delivered, queue, message_id, since)
        return None if found is None else found[1]

    def find_image(self, queue: str, message_id: str, since: float) -> KeptImage | None:
        """Where the newest before image of a message is; as ``find`` finds results."""
        found = _last_of(self.images(), MessageImage, queue, message_id, since)
        if found is None:
            return None
        path, image, line = found
        name, content = path.name.removesuffix(".open"), content_of(image.image)
        return KeptImage(digest=line_digest(line), file=name, content=content)


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


def _last_of(
    paths: list[Path], kind: type[R], queue: str, message_id: str, since: float
) -> tuple[Path, R, bytes] | None:
    """The last line that is of a message of a queue, in the newest file that has one."""
    needle = b'"message_id":' + msgspec.json.encode(message_id)
    decode = msgspec.json.Decoder(kind).decode
    for path in sorted(paths, reverse=True):
        # removed by now; empty files can't be mapped
        with suppress(OSError, ValueError), path.open("rb") as file:
            if os.fstat(file.fileno()).st_mtime >= since:
                with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
                    for line in _lines_with(content, needle):
                        record = decode(line)
                        # two streams may have the same ids
                        if (record.message_id, record.queue) == (message_id, queue):
                            return path, record, line
    return None


def _lines_with(content: mmap.mmap, needle: bytes) -> Iterator[bytes]:
    """The lines that have those bytes in them, last one first."""
    end = len(content)
    while (at := content.rfind(needle, 0, end)) >= 0:
        start, stop = content.rfind(b"\n", 0, at) + 1, content.find(b"\n", at)
        if stop >= 0:
            yield content[start:stop]
        end = start


def _new_name() -> str:
    moment = f"{SystemClock().utc():%Y%m%dT%H%M%S.%fZ}"
    return f"{moment}-{socket.gethostname()}-{os.getpid()}-{secrets.token_hex(4)}"
