"""What is on disk of messages that were delivered before: found without reading a file twice.

A file is read once, and later only what was added to it; 16 bytes a record are kept of it. None of
it waits; for use in a thread, one at a time.
"""

import os
from array import array
from bisect import bisect_left
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO, Generic, NamedTuple, TypeVar

import msgspec
from msgspec import Struct

from batcher.compact import hashed
from batcher.errors import DamageError
from batcher.records import Delivered
from batcher.storage.message_images import MessageImage
from batcher.storage.regular_file import open_regular

PART = 4_000_000  # bytes read in a row, some 50 ms
SEGMENTS_AT_MOST = 16  # of a file that grows; then they become one

R = TypeVar("R", Delivered, MessageImage)


class Found(NamedTuple, Generic[R]):
    """A record, the file that it is in, and its line."""

    path: Path
    record: R
    line: bytes


class KeptRecords(Generic[R]):
    """The records of one kind. ``paths``: the files that there are, being written or complete."""

    def __init__(self, paths: Callable[[], list[Path]], kind: type[R]) -> None:
        self._paths = paths
        self._decode: Callable[[bytes], R] = msgspec.json.Decoder(kind).decode
        self._files: dict[str, _File] = {}

    def __repr__(self) -> str:
        return f"<KeptRecords of {len(self._files)} files>"

    def read_new(self, since: float) -> Iterator[None]:
        """Read what is new in files written to after ``since``, seconds since the epoch.

        Yields after each part.
        """
        paths = {_name(path): path for path in self._paths()}
        for gone in self._files.keys() - paths.keys():
            del self._files[gone]
        for name, path in paths.items():
            # removed by now, or completed: then it has what it had
            with suppress(OSError, DamageError), _opened(path) as opened:
                status = os.fstat(opened.fileno())
                file = self._files.setdefault(name, _File())
                file.path = path
                if status.st_mtime >= since and status.st_size > file.read:
                    yield from file.read_on(opened)

    def find(self, queue: str, message_id: str, since: float) -> Found[R] | None:
        """The last record of a message of a queue, in the newest file written to after ``since``.

        Of what ``read_new`` has read.
        """
        key = _key(queue, message_id)
        for name in sorted(self._files, reverse=True):
            file = self._files[name]
            if places := sorted(file.places(key), reverse=True):
                for path in (file.path, file.path.with_name(name)):
                    with suppress(OSError, DamageError, ValueError), _opened(path) as opened:
                        if os.fstat(opened.fileno()).st_mtime < since:
                            break
                        for place in places:
                            opened.seek(place)
                            line = opened.readline().rstrip(b"\n")
                            record = self._decode(line)
                            if (record.message_id, record.queue) == (message_id, queue):
                                return Found(path, record, line)
                        break
        return None


class _File:
    """A file as far as it was read: the hash of each record's message, sorted, and its place."""

    def __init__(self) -> None:
        self.path = Path()
        self.read = 0
        self._segments: list[tuple[array[int], array[int]]] = []

    def read_on(self, opened: BinaryIO) -> Iterator[None]:
        opened.seek(self.read)
        while lines := opened.readlines(PART):
            is_torn = not lines[-1].endswith(b"\n")
            if is_torn:  # or being written: what comes of it is read the next time, from its start
                lines.pop()
            if lines:
                self._add(lines)
                yield
            if is_torn:
                return

    def places(self, key: int) -> Iterator[int]:
        """Where records of a message may be; another may have the same key."""
        for keys, places in self._segments:
            at = bisect_left(keys, key)
            while at < len(keys) and keys[at] == key:
                yield places[at]
                at += 1

    def _add(self, lines: list[bytes]) -> None:
        found = []
        for line in lines:
            with suppress(ValueError, RecursionError):  # damaged: no record of a message
                names = _decode_names(line)
                found.append((_key(names.queue, names.message_id), self.read))
            self.read += len(line)
        if len(self._segments) == SEGMENTS_AT_MOST:
            for segment in self._segments:
                found += zip(*segment, strict=True)
            self._segments.clear()
        found.sort()
        if found:
            keys, places = zip(*found, strict=True)
            self._segments.append((array("Q", keys), array("Q", places)))


class _Names(Struct):
    queue: str
    message_id: str


_decode_names = msgspec.json.Decoder(_Names).decode


def _opened(path: Path) -> BinaryIO:
    return os.fdopen(open_regular(path), "rb")


def _key(queue: str, message_id: str) -> int:
    return hashed(f"{queue}\0{message_id}")


def _name(path: Path) -> str:
    """The name of a file once it is complete."""
    return path.name.removesuffix(".open")
