"""Which of several indexes of a file a line is in."""

from array import array
from collections.abc import Collection, Iterable, Sequence

from batcher.sources.line_index import LineIndex

FEW = 4  # indexes that are asked one after the other


class LineOwners:
    """The index that each line is in: of more than a few 2 bytes a line, of very many 4.

    That is noted when it is asked for; no line may be added later.
    """

    def __init__(self, indexes: Iterable[LineIndex]) -> None:
        self.indexes = list(indexes)
        self._noted: array[int] | None = None  # by line, from 1; 0: none

    def __repr__(self) -> str:
        return f"<LineOwners of {len(self.indexes)} indexes>"

    @property
    def are_few(self) -> bool:
        """Whether there are so few indexes that nothing is noted."""
        return len(self.indexes) <= FEW

    def of(self, line: int) -> int | None:
        """At which place among the indexes that of a line is; None where it is in none."""
        if self.are_few:
            return next((at for at, each in enumerate(self.indexes) if line in each), None)
        noted = self._owners()
        return noted[line] - 1 if line < len(noted) and noted[line] else None

    def of_each(self, lines: Sequence[int]) -> list[int | None]:
        """What ``of`` gives of several lines."""
        if self.are_few or max(lines, default=0) >= len(noted := self._owners()):
            return list(map(self.of, lines))
        return [noted[line] - 1 if noted[line] else None for line in lines]

    def split(self, lines: Iterable[int]) -> dict[int, list[int]]:
        """By place of their index, those of some lines that are in any; each once, ascending."""
        wanted = sorted(set(lines))
        if len(self.indexes) == 1:
            held = self.indexes[0].lines
            return {0: [line for line in wanted if line in held]}
        found = dict[int, list[int]]()
        for line, owner in zip(wanted, self.of_each(wanted), strict=True):
            if owner is not None:
                found.setdefault(owner, []).append(line)
        return found

    def _owners(self) -> "array[int]":
        if self._noted is None:
            last = max((each.lines[-1] for each in self.indexes if each), default=0)
            self._noted = owners_by_line([each.lines for each in self.indexes], last)
        return self._noted


def owners_by_line(sets: Collection[Iterable[int]], last: int) -> "array[int]":
    """By line, up to the last one, which of those sets it is in, from 1; 0: in none.

    Takes 2 bytes a line, of very many sets 4.
    """
    noted = array("H" if len(sets) <= 0xFFFF else "I", [0]) * (last + 1)
    for number, lines in enumerate(sets, 1):
        for line in lines:
            noted[line] = number
    return noted
