"""An input that can be read once only is copied whole, or not at all."""

import io
import os
from pathlib import Path
from typing import Any

import pytest

from batcher.errors import InputError
from batcher.sources.inspection import inspect
from batcher.sources.local_file import is_local, local_file, place_for_copies
from tests.sources.samples import READER, line


@pytest.mark.parametrize(
    ("origin", "local"),
    [("updates.jsonl", True), ("./-", True), ("-", False), ("s3://bucket/updates.jsonl", False)],
)
def test_what_is_in_the_file_system(origin: str, local: bool) -> None:
    assert is_local(origin) is local


def test_what_is_no_file_is_one_clear_error(tmp_path: Path) -> None:
    for read in (
        lambda path: inspect(path, READER),
        lambda path: local_file(path, tmp_path / "input.jsonl"),
    ):
        with pytest.raises(InputError, match="there is no such file"):
            read(tmp_path / "nowhere.jsonl")
        with pytest.raises(InputError, match="that is a directory"):
            read(tmp_path)


def test_standard_input_is_copied_for_its_owner_only_and_a_plain_file_is_not(
    tmp_path: Path,
) -> None:
    into = tmp_path / "input.jsonl"
    assert local_file("-", into, stdin=io.BytesIO(line(1))) == into
    assert into.read_bytes() == line(1)
    assert into.stat().st_mode & 0o777 == 0o600
    assert local_file(into, tmp_path / "other.jsonl") == into
    assert list(tmp_path.iterdir()) == [into]


def test_a_pipe_is_copied_because_it_can_be_read_once_only(tmp_path: Path) -> None:
    reading, writing = os.pipe()
    os.write(writing, line(1))
    os.close(writing)
    try:
        assert local_file(f"/dev/fd/{reading}", tmp_path / "input.jsonl").read_bytes() == line(1)
    finally:
        os.close(reading)


class Breaks(io.BytesIO):
    """Some bytes, and then an error."""

    def readinto(self, buffer: Any) -> int:
        if count := super().readinto(buffer):
            return count
        raise OSError(5, "Input/output error")


def test_of_an_input_that_breaks_off_there_is_no_copy(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"standard input: can't be read: .*, after 0 unpacked"):
        local_file("-", tmp_path / "input.jsonl", stdin=Breaks(b"line"))
    assert list(tmp_path.iterdir()) == []


def test_a_place_for_copies_is_made_only_where_something_is_copied(tmp_path: Path) -> None:
    plain, packed = tmp_path / "u.jsonl", tmp_path / "u.jsonl.gz"
    for path in (plain, packed):
        path.write_bytes(b"")
    with place_for_copies(str(plain)) as place, pytest.raises(OSError, match="Not a directory"):
        (place / "input.jsonl").write_bytes(b"")
    for origin in (str(packed), str(tmp_path), "-", "s3://bucket/key", None):
        with place_for_copies(origin) as place:
            (place / "input.jsonl").write_bytes(b"")
        assert not place.exists()
