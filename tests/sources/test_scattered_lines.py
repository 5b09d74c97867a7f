"""Lines are read together as each by itself, or not at all."""

from itertools import accumulate
from pathlib import Path
from tempfile import TemporaryFile

from hypothesis import given
from hypothesis import strategies as st

from batcher.sources.scattered_lines import GAP, lines_from

LENGTHS = st.integers(0, 90) | st.sampled_from([GAP - 2, GAP - 1, GAP, GAP + 1, 300_000])


@given(st.lists(LENGTHS, min_size=1, max_size=20), st.data())
def test_lines_are_read_from_where_they_begin(lengths: list[int], data: st.DataObject) -> None:
    lines = [b"x" * length + b"\n" for length in lengths]
    offsets = list(accumulate(map(len, lines), initial=0))
    wanted = sorted(data.draw(st.sets(st.integers(0, len(lines) - 1))))
    with TemporaryFile() as file:
        file.write(b"".join(lines))
        file.flush()
        found = list(lines_from(file, [offsets[place] for place in wanted]))
    expected = [lines[place] for place in wanted]
    assert len(found) == len(expected)
    for line, whole in zip(found, expected, strict=True):
        assert line == whole or (line is None and len(whole) > GAP)


def test_what_can_not_be_read_is_left_out(tmp_path: Path) -> None:
    with (tmp_path / "file").open("wb") as file:
        assert list(lines_from(file, [0])) == [None]
