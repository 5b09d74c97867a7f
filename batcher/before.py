"""The before images of a run: ``before.jsonl``, in the update format, ready to be run as the undo.

The first image of an update is the one that counts: once it is kept the update may have been sent, and what is read
later may be the update's own work.
"""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import msgspec

from batcher.journal import Journal, whole_lines
from batcher.records import Update
from batcher.rules.hashes import Hashes
from batcher.rules.lineset import LineSet


class BeforeImages:
    """The Images port over ``before.jsonl``."""

    def __init__(self, journal: Journal[dict[str, Any]], kept: Iterable[str] = ()) -> None:
        self._journal = journal
        self._kept = frozenset(kept)

    def kept(self, update: Update) -> bool:
        return update.id in self._kept

    async def keep(self, update: Update, image: dict[str, Any]) -> None:
        await self._journal.append({"id": update.id, "target": update.target, **image})


def unsettled(path: Path, done: LineSet, odd: LineSet, named: Hashes) -> Iterator[str]:
    """The ids of images whose update has no result: those that were in flight when a session ended.

    ``done``: the lines that have a result; ``odd``: those of them whose id is not the line's number, ``named`` these ids.
    """
    decode = msgspec.json.Decoder(_Named).decode
    for _, line in whole_lines(path):
        plain = line[7 : line.find(b'"', 7)]  # {"id":"…": a million of these are looked through before a resume
        if plain.isdigit() and (number := int(plain)) in done and number not in odd:
            continue
        name = decode(line).id
        if not (name.isdecimal() and int(name) in done and int(name) not in odd) and name not in named:
            yield name


class _Named(msgspec.Struct):
    id: str
