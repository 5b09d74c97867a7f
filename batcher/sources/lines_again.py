"""Lines of a file that was checked, read again in any order, single ones or many together."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

import msgspec

from batcher.compact import SHORT
from batcher.records import Update
from batcher.sources.file_source import FileSource
from batcher.sources.line_index import file_stamp
from batcher.sources.line_owners import LineOwners
from batcher.sources.scattered_lines import lines_from
from batcher.updates.line_reader import LineReader


@contextmanager
def open_lines_again(path: Path, owners: LineOwners, reader: LineReader) -> Iterator["LinesAgain"]:
    """The lines of a file, open. Raises InputError where there are lines and it is gone."""
    if not any(owners.indexes):
        yield LinesAgain(path, owners, reader, None)
        return
    with FileSource(path, owners.indexes[0], reader).open() as file:
        yield LinesAgain(path, owners, reader, file)


class LinesAgain:
    """The lines of a file. Their updates are without AWS's time of what they are based on."""

    def __init__(
        self, path: Path, owners: LineOwners, reader: LineReader, file: BinaryIO | None
    ) -> None:
        self._path = path
        self._owners = owners
        self._reader = reader
        self._file = file
        self._ahead: dict[int, Update] = {}

    def __repr__(self) -> str:
        return f"<LinesAgain of {self._owners!r}>"

    def read_ahead(self, lines: Iterable[int]) -> None:
        """Read lines together that are likely to be asked for next.

        What can't be read so is read when it is asked for.
        """
        self._ahead = {}
        if self._file is None or file_stamp(self._path) != self._owners.indexes[0].stamp:
            return
        places = sorted(self._places(lines))
        raws = lines_from(self._file, [offset for offset, *_ in places])
        there = [
            (line, urgency, raw)
            for (_, line, hashed, urgency), raw in zip(places, raws, strict=True)
            if raw is not None and hash(raw) & SHORT == hashed  # as short_hash has it
        ]
        numbers = [line for line, _, _ in there]
        updates = self._reader.read_all([raw for _, _, raw in there], numbers)
        for (line, urgency, _), update in zip(there, updates or (), strict=False):
            if update.urgency == urgency:
                self._ahead[line] = _untimed(update)

    def _places(self, lines: Iterable[int]) -> Iterator[tuple[int, int, int, int]]:
        """Of those of these lines that are in the file offset, number, hash and urgency."""
        for owner, own in self._owners.split(lines).items():
            index = self._owners.indexes[owner]
            places = index.lines.places(own)
            hashes, urgencies = map(index.hashes.__getitem__, places), map(index.urgency, places)
            yield from zip(index.offsets.at(places), own, hashes, urgencies, strict=True)

    def update(self, line: int) -> Update | None:
        """The update of a line; None where it is not in the file.

        Raises InputError when the file has changed.
        """
        if (update := self._ahead.get(line)) is not None:
            return update
        source = self._source_of(line)
        return None if source is None else _untimed(source.again(line, self._file))

    def update_of(self, id: str, line: int) -> Update | None:
        """The update of a line, as ``update`` gives it, where it has that id; else None."""
        if (source := self._source_of(line)) is None:
            return None
        update = self._reader.read(source.raw(line, self._file), line)
        return _untimed(update) if isinstance(update, Update) and update.id == id else None

    def _source_of(self, line: int) -> FileSource | None:
        owner = self._owners.of(line)
        if owner is None:
            return None
        return FileSource(self._path, self._owners.indexes[owner], self._reader)


def _untimed(update: Update) -> Update:
    if update.based_on is None:
        return update
    base = msgspec.structs.replace(update.based_on, last_updated_at=None)
    return msgspec.structs.replace(update, based_on=base)
