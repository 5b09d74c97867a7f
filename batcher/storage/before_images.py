"""The before images of a run: ``before.jsonl``, in the update format, ready to be run as the undo.

The last image of an update is the one that counts: another is kept only where its trigger was found
neither as asked nor, just before the send, as it had been.
"""

from array import array
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import msgspec

from batcher.compact import HashMultiset, LineSet
from batcher.records import Update
from batcher.storage.journal import Journal, decode_line, whole_lines


class BeforeImage(msgspec.Struct, frozen=True):
    """What every image has to have: of which update, of which trigger."""

    id: str
    DomainName: str
    EventTriggerName: str
    target: str = ""

    @property
    def trigger(self) -> str:
        """One text for all images of one trigger."""
        return f"{self.target}\0{self.DomainName}\0{self.EventTriggerName}"


_DECODE = msgspec.json.Decoder(BeforeImage).decode


class BeforeImages:
    """The BeforeImageStore port over ``before.jsonl``."""

    def __init__(self, journal: Journal[dict[str, Any]], kept: Iterable[str] = ()) -> None:
        self._journal = journal
        self._kept = frozenset(kept)

    def kept(self, update: Update) -> bool:
        return update.id in self._kept

    async def keep(self, update: Update, image: dict[str, Any]) -> None:
        await self._journal.append({"id": update.id, "target": update.target, **image})


def unsettled_ids(path: Path, done: LineSet, odd: LineSet, named: HashMultiset) -> Iterator[str]:
    """The ids of images whose update has no result: those that were in flight when a session ended.

    ``done``: the lines that have a result; ``odd``: those of them whose id is not the line's
    number, ``named`` these ids.
    """
    for number, line in whole_lines(path):
        # {"id":"…": a million of these are looked through before a resume
        plain = line[7 : line.find(b'"', 7)]
        if _is_line(plain.decode(errors="replace"), done, odd):
            continue
        name = decode_line(line, _DECODE, path, number, "a before image").id
        if not _is_line(name, done, odd) and name not in named:
            yield name


def read_images(path: Path) -> Iterator[BeforeImage]:
    """Which updates there are images of, oldest first. Raises JournalError."""
    for number, line in whole_lines(path):
        yield decode_line(line, _DECODE, path, number, "a before image")


def read_images_backwards(path: Path) -> Iterator[tuple[int, BeforeImage, dict[str, Any]]]:
    """Number (from 1), image and its members, newest first; 8 bytes an image.

    Raises JournalError.
    """
    offsets, at = array("Q"), 0
    for _, line in whole_lines(path):
        offsets.append(at)
        at += len(line)
    decode = msgspec.json.Decoder(dict[str, Any]).decode
    with path.open("rb") as file:
        for number in range(len(offsets), 0, -1):
            file.seek(offsets[number - 1])
            line = file.readline()
            image = decode_line(line, _DECODE, path, number, "a before image")
            yield number, image, decode(line)


def line_number(name: str) -> int | None:
    """The line whose default id that is; None when it is none: ``007`` is a name."""
    return int(name) if name.isdecimal() and len(name) < 20 and str(int(name)) == name else None


def _is_line(name: str, done: LineSet, odd: LineSet) -> bool:
    return (line := line_number(name)) is not None and line in done and line not in odd
