"""The before images of a run: ``before.jsonl``, in the update format, ready to be run as the undo.

The first image of an update is the one that counts: once it is kept the update may have been sent, and what is read
later may be the update's own work.
"""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import msgspec

from batcher.errors import JournalError
from batcher.journal import Journal, whole_lines
from batcher.records import Update
from batcher.rules.hashes import HashSet


class BeforeImages:
    """The Images port over ``before.jsonl``."""

    def __init__(self, journal: Journal[dict[str, Any]], kept: Iterable[str] = ()) -> None:
        self._journal = journal
        self._kept = frozenset(kept)

    def kept(self, update: Update) -> bool:
        return update.id in self._kept

    async def keep(self, update: Update, image: dict[str, Any]) -> None:
        await self._journal.append({"id": update.id, "target": update.target, **image})


def images(path: Path) -> Iterator[dict[str, Any]]:
    """The images of a file, oldest first. Raises JournalError for a damaged one."""
    decode = msgspec.json.Decoder(dict[str, Any]).decode
    for number, line in whole_lines(path):
        try:
            yield decode(line)
        except msgspec.DecodeError as error:
            raise JournalError(f"{path}: line {number} is not an image ({error}); restore the file.") from error


def unsettled(path: Path, settled: HashSet) -> Iterator[str]:
    """The ids of images whose update has no result: those that were in flight when a session ended."""
    decode = msgspec.json.Decoder(_Named).decode
    for _, line in whole_lines(path):
        name = decode(line).id
        if name not in settled:
            yield name


class _Named(msgspec.Struct):
    id: str
