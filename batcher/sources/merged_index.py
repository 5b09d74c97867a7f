"""The lines of several targets as one index, in the order of the file."""

import heapq
from collections.abc import Iterator, Sequence

from batcher.sources.line_index import LineIndex


def merged_index(indexes: Sequence[LineIndex]) -> LineIndex:
    """One index of the lines of all of these, which are of one file, with their urgencies."""
    merged = LineIndex(indexes[0].stamp)
    for line, offset, checksum, urgency in heapq.merge(*map(_entries, indexes)):
        merged.lines.append(line)
        merged.offsets.append(offset)
        merged.hashes.append(checksum)
        merged.urgencies.append(urgency)
    return merged


def _entries(index: LineIndex) -> Iterator[tuple[int, int, int, int]]:
    """Line, offset, checksum and urgency of each, in the order of the file."""
    for place, line in enumerate(index.lines):
        yield line, index.offsets[place], index.hashes[place], index.urgency(place)
