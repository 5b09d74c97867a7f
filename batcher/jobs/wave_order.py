"""In which order the updates of a target have their turn in waves: spread over its domains.

The most urgent first; of the same urgency one of each domain, then the next of each, the domains in
the order in which the file has them. So what the first waves change is of all domains, and updates
of one trigger stay in their order. All lines count, also those that are done: whoever reads the
same file finds the same order.
"""

from array import array
from collections.abc import Iterable, Iterator, Sequence

from batcher.sources.file_source import FileSource


class WaveOrder:
    """The lines of one target; 4 bytes each."""

    def __init__(self) -> None:
        self._lines: dict[int, dict[str, array[int]]] = {}  # by urgency and domain

    def __repr__(self) -> str:
        parts = [lines for domains in self._lines.values() for lines in domains.values()]
        return f"<WaveOrder: {sum(map(len, parts)):,} lines in {len(parts):,} parts>"

    def add(self, line: int, domain: str, urgency: int = 0) -> None:
        """Add a line, higher than those before of the same urgency."""
        domains = self._lines.setdefault(urgency, {})
        if (lines := domains.get(domain)) is None:
            lines = domains[domain] = array("I")
        lines.append(line)

    def __iter__(self) -> Iterator[int]:
        for urgency in sorted(self._lines, reverse=True):
            yield from _one_of_each(self._lines[urgency].values())


def read_order(source: FileSource) -> WaveOrder:
    """Read all lines of a target for their order. Raises InputError as the source does."""
    order = WaveOrder()
    for update in source.updates():
        order.add(update.line, update.domain, update.urgency)
    return order


def _one_of_each(domains: Iterable[Sequence[int]]) -> Iterator[int]:
    """The first of each, then the second of each, and so on."""
    left, turn = list(domains), 0
    while left:
        for lines in left:
            yield lines[turn]
        turn += 1
        left = [lines for lines in left if len(lines) > turn]
