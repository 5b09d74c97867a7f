"""The updates of one target, read from a file that was checked, one line at a time.

The file is read as it is needed, and the bytes of each line are held against those that were
checked: what changed since then is an InputError, never another update.
"""

from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Sized
from pathlib import Path
from typing import BinaryIO

import msgspec

from batcher.compact import short_hash
from batcher.errors import InputError
from batcher.records import Update
from batcher.sources.checksum import file_checksum
from batcher.sources.line_index import LineIndex, file_stamp
from batcher.sources.read_errors import reason
from batcher.updates.line_reader import LINE_AT_MOST, LineReader

OPEN_AT_MOST = 16  # targets that each have the file open: of thousands no descriptor would be left


def may_stay_open(targets: Sized) -> bool:
    """Whether a file may stay open for each of these targets while that is at work."""
    return len(targets) <= OPEN_AT_MOST


class FileSource:
    """A Source of the lines in an index, the most urgent first.

    ``skip(line)`` says which ones to leave out; ``order``: the lines, in another order;
    ``stays_open``: whether the file does from one line to the next, which takes a descriptor.
    """

    looks_back = True

    def __init__(
        self,
        path: Path,
        index: LineIndex,
        reader: LineReader,
        skip: Callable[[int], bool] | None = None,
        order: Iterable[int] | None = None,
        *,
        stays_open: bool = True,
    ) -> None:
        self._path = path
        self._stays_open = stays_open
        self._index = index
        self._reader = reader
        self._skip = skip or (lambda line: False)
        self._order = order

    def __repr__(self) -> str:
        return f"<FileSource {self._path.name}: {len(self._index):,} lines>"

    async def __aiter__(self) -> AsyncIterator[Update]:
        for update in self.updates():
            yield update

    def updates(self) -> Iterator[Update]:
        """The updates, one by one. Raises InputError when the file is gone or has changed."""
        if not self._stays_open:
            yield from (self.again(line) for _, line in self._places() if not self._skip(line))
            return
        with self.open() as file:
            for place, line in self._places():
                if not self._skip(line):
                    yield self._update(self._line(file, place), place)

    def _places(self) -> Iterator[tuple[int, int]]:
        """The place of each line in the index, and the line."""
        index = self._index
        if self._order is None:
            return ((place, index.lines[place]) for place in index.places())
        return ((index.place(line), line) for line in self._order)

    def again(self, line: int, file: BinaryIO | None = None) -> Update:
        """The update of a line. ``file``: as ``open`` gives it, for who reads many.

        Raises LookupError for a line that is not here, InputError when the file has changed.
        """
        return self._update(self.raw(line, file), self._index.place(line))

    def raw(self, line: int, file: BinaryIO | None = None) -> bytes:
        """The bytes of a line as they stand in the file, newline included. ``file`` as in again.

        Raises LookupError for a line that is not here, InputError when the file has changed.
        """
        place = self._index.place(line)
        if file is not None:
            return self._line(file, place)
        with self.open() as own:
            return self._line(own, place)

    def open(self) -> BinaryIO:
        """The file. Raises InputError."""
        try:
            return self._path.open("rb")
        except FileNotFoundError as error:
            raise self._lost("gone") from error
        except OSError as error:
            lost = f"{reason(error)}; it could be read when it was checked"
            raise InputError(f"{self._path}: {lost}") from error

    def _line(self, file: BinaryIO, place: int) -> bytes:
        index, line = self._index, self._index.lines[place]
        # by its name: it may be gone, or another one
        if (stamp := file_stamp(self._path)) != index.stamp:
            raise self._lost("changed" if any(stamp) else "gone", line)
        file.seek(index.offsets[place])
        raw = file.readline(LINE_AT_MOST + 1)
        if short_hash(raw) != index.hashes[place]:
            raise self._lost("changed", line)
        return raw

    def _update(self, raw: bytes, place: int) -> Update:
        line, urgency = self._index.lines[place], self._index.urgency(place)
        update = self._reader.read(raw, line)
        if not isinstance(update, Update):
            raise self._lost("changed", line)
        if update.urgency == urgency:
            return update
        return msgspec.structs.replace(update, urgency=urgency)

    def _lost(self, what: str, line: int | None = None) -> InputError:
        return _lost(self._path, what, "" if line is None else f" (noticed at line {line})")


def refuse_other_content(path: Path, sha256: str) -> None:
    """Raise InputError when a file is not, as a whole, what it was when it was checked."""
    try:
        _, now = file_checksum(path)
    except InputError as error:
        raise _lost(
            path, "gone" if isinstance(error.__cause__, FileNotFoundError) else "unreadable"
        ) from error
    if now != sha256:
        raise _lost(path, "changed")


def _lost(path: Path, what: str, noticed: str = "") -> InputError:
    return InputError(
        f"{path}: {what} since it was checked{noticed}; "
        "put the file back as it was, or start a new run with the new one"
    )
