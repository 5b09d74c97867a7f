"""In which order the lines of a file are taken: the most urgent first, and each trigger's in order.

So an earlier line of a trigger is as urgent as the most urgent that comes after it.
"""

from array import array
from collections.abc import Mapping
from pathlib import Path

from batcher.compact import PARTITIONS, short_hash
from batcher.sources.input_file import open_input
from batcher.sources.line_index import LineIndex
from batcher.updates.line_reader import LineReader


def raise_earlier_lines(path: Path, reader: LineReader, targets: Mapping[str, LineIndex]) -> None:
    """Give each line at least the urgency of the later ones of its trigger.

    Reads the file once more where lines have different priorities, and keeps 8 bytes a line
    meanwhile. Raises InputError when it can't be read; that it has changed is noticed later.
    """
    ordered = [_Triggers(index) for index in targets.values() if index.urgencies]
    if not ordered:
        return
    with open_input(path) as file:
        for line, _, raw in file.lines():
            for each in ordered:
                if each.expects(line):
                    each.add(reader.trigger_of(raw))
    for each in ordered:
        each.raise_earlier()


class _Triggers:
    """The triggers of the lines of an index, as hashes: two that share one rarely pass for one.

    Then a line is taken sooner than it had to be, never later, and never out of order.
    """

    def __init__(self, index: LineIndex) -> None:
        self._index = index
        self._hashes = array("I")

    def expects(self, line: int) -> bool:
        """Whether the next trigger is that of this line."""
        place = len(self._hashes)
        return place < len(self._index) and self._index.lines[place] == line

    def add(self, trigger: tuple[str, str] | None) -> None:
        self._hashes.append(0 if trigger is None else short_hash("\0".join(trigger)))

    def raise_earlier(self) -> None:
        urgencies = self._index.urgencies
        for places in self._partitions():
            highest: dict[int, int] = {}
            for place in reversed(places):
                trigger, own = self._hashes[place], urgencies[place]
                urgencies[place] = highest[trigger] = max(own, highest.get(trigger, own))

    def _partitions(self) -> "list[array[int]]":
        """The places, ascending, those of one trigger together: few triggers at a time."""
        partitions = [array("I") for _ in range(PARTITIONS)]
        for place, trigger in enumerate(self._hashes):
            partitions[trigger % PARTITIONS].append(place)
        return partitions
