"""Lines are found again wherever they went, in little memory."""

import resource
import tracemalloc
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from batcher.errors import OutputError
from batcher.storage.spooled_lines import PAGE, SpooledLines

LINE = st.binary(max_size=9).map(lambda each: each.replace(b"\n", b""))
LONG = st.integers(PAGE - 2, 20 * PAGE).map(lambda size: b"x" * size)


@given(st.lists(LINE | LONG, max_size=30), st.integers(0, 3000), st.data())
def test_each_line_is_found_where_it_began(
    given_lines: list[bytes], in_memory: int, data: st.DataObject
) -> None:
    lines = SpooledLines(in_memory)
    begins = [lines.put(each) for each in given_lines]
    assert repr(lines) == f"<SpooledLines: {sum(map(len, given_lines)) + len(begins):,} bytes>"
    order = data.draw(st.permutations(range(len(begins))))
    assert [lines.at(begins[at]) for at in order] == [given_lines[at] for at in order]


def test_lines_take_no_more_memory_than_was_said() -> None:
    lines, line = SpooledLines(in_memory=100_000), b"x" * 100
    tracemalloc.start()
    try:
        for _ in range(10_000):
            last = lines.put(line)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 200_000
    assert lines.at(last) == lines.at(0) == line


def test_where_there_is_no_place_for_lines_the_error_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match="Set TMPDIR"):
        SpooledLines(in_memory=0, place=tmp_path / "gone").put(b"line")


def test_on_a_full_disk_what_was_put_is_kept_and_nothing_else_is_said_at_the_end(
    capsys: pytest.CaptureFixture[str],
) -> None:
    lines, limits = SpooledLines(in_memory=1000), resource.getrlimit(resource.RLIMIT_FSIZE)
    begins = [lines.put(each) for each in (b"a" * 900, b"b" * 900)]
    resource.setrlimit(resource.RLIMIT_FSIZE, (2000, limits[1]))
    try:
        with pytest.raises(OutputError, match="File too large"):
            lines.put(b"c" * 2000)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    begins.append(lines.put(b"d" * 900))
    assert [lines.at(begin)[:1] for begin in begins] == [b"a", b"b", b"d"]
    resource.setrlimit(resource.RLIMIT_FSIZE, (2000, limits[1]))
    try:
        with pytest.raises(OutputError):
            lines.put(b"e" * 2000)
        del lines
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert capsys.readouterr().err == ""
