"""An index of the lines of several targets, in the order of the file."""

from batcher.sources.line_index import LineIndex
from batcher.sources.merged_index import merged_index


def index_of(*lines: tuple[int, int]) -> LineIndex:
    """Of lines and their urgencies."""
    index = LineIndex((0, 0))
    for line, urgency in lines:
        index.add(line, 10 * line, b"%d" % line, urgency)
    return index


def test_lines_keep_their_place_in_the_file_their_bytes_and_their_urgency() -> None:
    one, other = index_of((1, 9), (4, 9)), index_of((2, 0), (3, 5))
    merged = merged_index([one, other])
    assert list(merged.lines) == [1, 2, 3, 4]
    assert list(merged.offsets) == [10, 20, 30, 40]
    assert all(merged.matches(line, b"%d" % line) for line in range(1, 5))
    assert [merged.lines[place] for place in merged.places()] == [1, 4, 3, 2]
