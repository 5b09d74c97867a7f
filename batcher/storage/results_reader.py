"""A results directory read afterwards: what its workers did, and what was there before.

Reads only. Workers may go on meanwhile: a file that is completed while it is read is followed.
"""

import heapq
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import msgspec

from batcher.errors import DamageError
from batcher.logs import logger
from batcher.records import Delivered
from batcher.storage.file_lock import is_locked
from batcher.storage.hash_chain import line_digest
from batcher.storage.journal_reader import JournalReader, damaged, decode_line
from batcher.storage.message_images import MessageImage
from batcher.storage.results_files import ResultsFiles

_decode_result = msgspec.json.Decoder(Delivered).decode
_decode_image = msgspec.json.Decoder(MessageImage).decode


class ResultsReader:
    """What is in a results directory at this moment. ``path``: of the directory.

    Whatever reads raises DamageError for a line that is not as it was written.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._files = ResultsFiles(path, logger(results=str(path)))
        self._results = sorted(self._files.results(), key=_name)
        self._images = sorted(self._files.images(), key=_name)

    def __repr__(self) -> str:
        return f"<ResultsReader {self.path}: {len(self._results)} files>"

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing of a worker."""
        return not self._results and not self._images

    @property
    def has_images(self) -> bool:
        """Whether there are before images."""
        return bool(self._images)

    @property
    def is_open(self) -> bool:
        """Whether a file is not complete: its worker is at work, or was killed. Takes no lock."""
        return any(path.suffix == ".open" for path in self._results)

    def has_image_file(self, name: str) -> bool:
        """Whether that file of images, by its complete name, is here."""
        return any(_name(path) == name for path in self._images)

    def is_written_to(self) -> bool:
        """Whether a worker is at work on it."""
        for path in self._results:
            if path.suffix == ".open":
                with suppress(DamageError):
                    if is_locked(path):
                        return True
        return False

    def results(self) -> Iterator[tuple[str, Delivered]]:
        """Where each result is (file and line, in words), and the result; file by file."""
        for path in self._results:
            for number, line in _lines(path):
                result = decode_line(line, _decode_result, path, number)
                yield f"{path}: line {number}", result

    def images(self) -> Iterator[tuple[str, MessageImage]]:
        """Digest and image, oldest first; those of one file in the order that they have there.

        No more files are open than were written to at one time.
        """
        heads = list[tuple[str, str, str, MessageImage, Iterator[tuple[str, MessageImage]]]]()

        def push(name: str, rest: Iterator[tuple[str, MessageImage]]) -> None:
            for digest, image in rest:
                heapq.heappush(heads, (image.kept_at, name, digest, image, rest))
                break

        for path in [*self._images, None]:
            while heads and (path is None or heads[0][0] < _begun_at(path)):
                _, name, digest, image, rest = heapq.heappop(heads)
                yield digest, image
                push(name, rest)
            if path is not None:
                push(path.name, _images_in(path))


def _images_in(path: Path) -> Iterator[tuple[str, MessageImage]]:
    for number, line in _lines(path):
        yield line_digest(line), decode_line(line, _decode_image, path, number, "a before image")


def _lines(path: Path) -> Iterator[tuple[int, bytes]]:
    """The lines of a file, which may have been completed since it was found."""
    if not path.exists():
        path = path.with_name(_name(path))
    if not path.exists():
        raise damaged(path, "is gone; it was there when the command began")
    yield from JournalReader(path).lines()


def _name(path: Path) -> str:
    """The name of a file once it is complete."""
    return path.name.removesuffix(".open")


def _begun_at(path: Path) -> str:
    """When a file was begun, by its name: in the form, and with the precision, of its records."""
    name = path.name
    return f"{name[:4]}-{name[4:6]}-{name[6:11]}:{name[11:13]}:{name[13:19]}Z"
