"""The lines of a rollback: before images put back, newest first, each held against what the run had made of its trigger."""

from array import array
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct

from batcher.journal import whole_lines
from batcher.past import PastRun
from batcher.rules.plan import digest, irreversible, merged


class Undo(Struct, frozen=True, kw_only=True):
    """One update undone. ``line``: the update line that does it; ``remains``: members that an update can't take away."""

    line: dict[str, Any]
    remains: list[str]


class Outcomes:
    """The results of a run, by id: 8 bytes an update, and what ids cost that are not their line's number."""

    def __init__(self, past: PastRun) -> None:
        self._path = past.directory.results
        self._offsets = array("Q")  # by line, one more than the place in the journal; 0 for none
        self._named: dict[str, int] = {}
        at = 0
        for _, raw in whole_lines(self._path):
            place = _PLACE.decode(raw)
            if place.id != str(place.line):
                self._named[place.id] = place.line
            if len(self._offsets) <= place.line:
                self._offsets.frombytes(bytes(8 * (place.line + 1024 - len(self._offsets))))
            self._offsets[place.line] = at + 1
            at += len(raw)

    def line(self, name: str) -> int:
        """The line of the update of that id."""
        return self._named.get(name) or int(name)

    def digest(self, line: int) -> str | None:
        """Of the trigger as AWS's answer to that update showed it; None when there was none."""
        at = self._offsets[line] if line < len(self._offsets) else 0
        if not at:
            return None
        with self._path.open("rb") as file:
            file.seek(at - 1)
            return _PLACE.decode(file.readline()).digest


class _Place(Struct):
    id: str
    line: int
    digest: str | None = None


_PLACE = msgspec.json.Decoder(_Place)


def undos(past: PastRun) -> Iterator[Undo]:
    """What puts a run's changes back, newest first. Raises JournalError.

    An update without an answer may have been applied: its trigger is held against what it would have made of it.
    """
    outcomes = Outcomes(past)
    for image in _backwards(past.directory.before):
        line = outcomes.line(image["id"])
        (update,) = past.updates([line])
        before = {name: value for name, value in image.items() if name[0].isupper()}
        after = outcomes.digest(line) or digest(merged(update.request, before))
        yield Undo(line={**image, "based_on": {"sha256": after}}, remains=irreversible(update.request, before))


def _backwards(path: Path) -> Iterator[dict[str, Any]]:
    """The lines of a file, last one first; 8 bytes a line."""
    offsets, at = array("Q"), 0
    decode = msgspec.json.Decoder(dict[str, Any]).decode
    with path.open("rb") as file:
        for line in file:
            if line.endswith(b"\n"):
                offsets.append(at)
                at += len(line)
        for offset in reversed(offsets):
            file.seek(offset)
            yield decode(file.readline())
