"""Which of several indexes of a file a line is in."""

from array import array
from collections.abc import Iterable, Sequence

from batcher.sources.line_index import LineIndex

FEW = 4  # indexes that are asked one after the other


class LineOwners:
    """The index that each line is in: of more than a few 4 bytes a line, up to 65,535 of them 2."""

    def __init__(self, indexes: Sequence[LineIndex]) -> None:
        self._indexes = indexes
        self._owners = array("H" if len(indexes) <= 0xFFFF else "I")  # from 1; 0: none
        if len(indexes) > FEW:
            self._note_owners()

    def _note_owners(self) -> None:
        last = max((each.lines[-1] for each in self._indexes if each), default=0)
        self._owners = owners = array(self._owners.typecode, [0]) * (last + 1)
        for number, index in enumerate(self._indexes, 1):
            for line in index.lines:
                owners[line] = number

    def __repr__(self) -> str:
        return f"<LineOwners of {len(self._indexes)} indexes>"

    def of(self, line: int) -> int | None:
        """At which place among the indexes that of a line is; None where it is in none."""
        if not self._owners:
            return next((at for at, each in enumerate(self._indexes) if line in each), None)
        owner = self._owners[line] if line < len(self._owners) else 0
        return owner - 1 if owner else None

    def split(self, lines: Iterable[int]) -> dict[int, list[int]]:
        """By place of their index, those of some lines that are in any; each once, ascending."""
        wanted = sorted(set(lines))
        if len(self._indexes) == 1:
            held = self._indexes[0].lines
            return {0: [line for line in wanted if line in held]}
        found = dict[int, list[int]]()
        for line in wanted:
            if (owner := self.of(line)) is not None:
                found.setdefault(owner, []).append(line)
        return found
