"""The lines of a rollback: before images put back, newest first, each held against what the run
had made of its trigger.
"""

from array import array
from collections.abc import Iterator
from typing import Any

import msgspec
from msgspec import Struct

from batcher.compact import HashMultiset, LineSet, hashed
from batcher.errors import JournalError, RunDirectoryError
from batcher.jobs.run_reader import RunReader
from batcher.storage.before_images import images, images_backwards, line_number
from batcher.storage.journal import decoded, outcomes, whole_lines
from batcher.triggers.diff import digest, irreversible, merged


class Undo(Struct, frozen=True, kw_only=True):
    """One update undone.

    ``line``: the update line that does it; ``remains``: members that an update can't take away.

    ``sure``: it is known to have been applied.
    """

    line: dict[str, Any]
    remains: list[str]
    sure: bool


class Outcomes:
    """The results of a run, by id: 8 bytes an update, and what ids cost that are not their
    line's number.
    """

    def __init__(self, past: RunReader) -> None:
        """Raises JournalError."""
        self._path = past.directory.results
        self._offsets = array("Q")  # by line, one more than the place in the journal; 0 for none
        self._named: dict[str, int] = {}
        self._odd = LineSet()  # lines whose number is not the id
        at = 0
        for number, raw in whole_lines(self._path):
            place = decoded(raw, _PLACE.decode, self._path, number)
            if place.id != str(place.line):
                self._named[place.id] = place.line
            if place.id != str(place.line) or place.status == "invalid":
                self._odd.add(place.line)
            if len(self._offsets) <= place.line:
                self._offsets.frombytes(bytes(8 * (place.line + 1024 - len(self._offsets))))
            self._offsets[place.line] = at + 1
            at += len(raw)

    def line(self, name: str) -> int | None:
        """The line of the update of that id; None when it has no result."""
        if name in self._named:
            return self._named[name]
        line = line_number(name)
        return None if line is None or line in self._odd or not self._at(line) else line

    def of(self, line: int) -> "_Place | None":
        """The result of that line; None when there is none."""
        if not (at := self._at(line)):
            return None
        with self._path.open("rb") as file:
            file.seek(at - 1)
            return _PLACE.decode(file.readline())

    def _at(self, line: int) -> int:
        return self._offsets[line] if line < len(self._offsets) else 0


class _Place(Struct):
    id: str
    line: int
    status: str
    digest: str | None = None  # of the trigger as AWS's answer showed it


_PLACE = msgspec.json.Decoder(_Place)


def undos(past: RunReader) -> Iterator[Undo]:
    """What puts a run's changes back, newest first.

    Raises RunDirectoryError without images, JournalError for damaged files.

    An update without an answer may have been applied: its trigger is held against what it would
    have made of it.
    """
    path = past.directory.before
    if not path.exists():
        raise RunDirectoryError(
            f"{past.directory.path}: this run kept no before images, so what it changed can't be"
            " put back. Run with --before to be able to."
        )
    outcomes, triggers, unsettled = Outcomes(past), HashMultiset(), set[str]()
    for image in images(path):
        triggers.add(image.trigger)
        # read ahead of an update that a stopped run did not come to, or not to its end
        if outcomes.line(image.id) is None:
            unsettled.add(image.id)
    open_lines, repeated = past.lines_of(unsettled), triggers.repeated()
    # by trigger of several images: what the newer ones can't take away again
    stays: dict[int, dict[str, Any]] = {}
    for number, image, members in images_backwards(path):
        line = outcomes.line(image.id) or open_lines.get(image.id)
        if line is None:
            raise JournalError(
                f"{path}: line {number} is the image of an update {image.id} that the run does not"
                " have. The file was changed by something else; restore it."
            )
        (update,) = past.updates([line])
        result = outcomes.of(line)
        before = {name: value for name, value in members.items() if name[0].isupper()}
        left, remains = stays.get(hashed(image.trigger), {}), irreversible(update.request, before)
        after = (not left and result and result.digest) or digest(
            merged(update.request, before) | left
        )
        sure = result is not None and (result.status == "succeeded" or result.digest is not None)
        if remains and sure and hashed(image.trigger) in repeated:
            stays[hashed(image.trigger)] = left | {name: update.request[name] for name in remains}
        yield Undo(line={**members, "based_on": {"sha256": after}}, remains=remains, sure=sure)


def without_image(past: RunReader) -> int:
    """How many updates succeeded and have no image: they created their trigger, or were run with
    ``--no-before``.
    """
    kept = HashMultiset()
    for image in images(past.directory.before):
        kept.add(image.id)
    kept.sort()
    return sum(
        result.status == "succeeded" and result.id not in kept
        for result in outcomes(past.directory.results)
    )
