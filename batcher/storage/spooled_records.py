"""Very many records that are needed again soon, in any order: the most of them in a file."""

from typing import Generic, TypeVar

import msgspec

from batcher.storage.spooled_lines import SpooledLines

Record = TypeVar("Record")


class SpooledRecords(Generic[Record]):
    """Records of one ``kind``, each found again by where it begins. Raises as SpooledLines does."""

    def __init__(self, kind: type[Record]) -> None:
        self._lines = SpooledLines()
        self._encode = msgspec.json.Encoder().encode
        self._decode = msgspec.json.Decoder(kind).decode

    def __repr__(self) -> str:
        return f"<SpooledRecords: {self._lines}>"

    def put(self, record: Record) -> int:
        """Add a record; returns where it begins."""
        return self._lines.put(self._encode(record))

    def at(self, begin: int) -> Record:
        """The record that begins there."""
        return self._decode(self._lines.at(begin))
