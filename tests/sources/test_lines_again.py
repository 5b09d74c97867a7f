"""Lines read again together are what each of them is when it is read by itself."""

import json
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from batcher.errors import InputError
from batcher.sources.line_index import index_lines
from batcher.sources.line_owners import LineOwners
from batcher.sources.lines_again import open_lines_again
from tests.sources.samples import READER, line

BASE = {"sha256": "0" * 64, "LastUpdatedAt": 1.0}
LINES = st.builds(
    lambda number, more, blanks: line(number, **more) + blanks,
    st.integers(0, 9),
    st.fixed_dictionaries(
        {},
        optional={
            "target": st.sampled_from(["a", "b", "c", "d", "e"]),
            "id": st.text(min_size=1, max_size=3),
            "priority": st.integers(0, 9),
            "based_on": st.just(BASE),
            "Description": st.just("x" * 5000),
            "nobody knows it": st.just(1),
        },
    ),
    st.sampled_from([b"", b"", b" ", b"\r", b"\n\n"]),
)


@settings(max_examples=60, deadline=None)
@given(st.lists(LINES, min_size=1, max_size=12), st.sets(st.integers(1, 16)))
def test_what_is_read_ahead_is_what_is_read_one_by_one(
    lines: list[bytes], wanted: set[int]
) -> None:
    with TemporaryDirectory() as folder:
        path = Path(folder) / "updates.jsonl"
        path.write_bytes(b"\n".join(lines))
        owners = LineOwners(index_lines(path, "main").targets.values())
        with open_lines_again(path, owners, READER) as again:
            one_by_one = {number: _read(again, number) for number in wanted}
            again.read_ahead(wanted)
            assert {number: _read(again, number) for number in wanted} == one_by_one
    assert "LastUpdatedAt" not in json.dumps(one_by_one)


def _read(again: Any, number: int) -> Any:
    try:
        update = again.update(number)
    except InputError as error:  # a line that can't be read: it was changed
        return str(error)
    return update and [update.line, update.urgency, update.as_line() | {"based_on": None}]


def test_a_file_that_changed_is_not_read_ahead(tmp_path: Path) -> None:
    path = tmp_path / "updates.jsonl"
    path.write_bytes(line(1))
    owners = LineOwners(index_lines(path, "main").targets.values())
    with open_lines_again(path, owners, READER) as again:
        path.write_bytes(line(2) + b"\n")
        again.read_ahead([1])
        with pytest.raises(InputError, match="changed since"):
            again.update(1)


def test_where_there_are_no_lines_there_is_none(tmp_path: Path) -> None:
    with open_lines_again(tmp_path / "gone.jsonl", LineOwners([]), READER) as again:
        again.read_ahead([1])
        assert again.update(1) is again.update_of("1", 1) is None
