"""What goes on for ever is refused as it is read, whatever it is packed in."""

import gzip
import io
import tracemalloc
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import zstandard

from batcher.errors import InputError
from batcher.sources.bounded_reader import BLANKS, LINE, UNPACKED, BoundedReader
from batcher.sources.decompression import BLOCK
from batcher.sources.inspection import inspect
from batcher.sources.local_file import local_file
from batcher.updates.line_reader import LINE_AT_MOST
from tests.sources.samples import BOM, READER, line


class Repeated(io.RawIOBase):
    """A block for ever, or so many times."""

    def __init__(self, block: bytes, times: float = float("inf")) -> None:
        self._block, self._times = block, times

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        if self._times <= 0:
            return 0
        self._times -= 1
        buffer[: len(self._block)] = self._block
        return len(self._block)


def read(block: bytes, times: float = float("inf"), most: float = float("inf")) -> int:
    """How many bytes come before the end."""
    bounded = BoundedReader(Repeated(block, times), "u.jsonl", lambda: most)
    count, buffer = 0, bytearray(BLOCK)
    while found := bounded.readinto(buffer):
        count += found
    return count


LONG = b"x" * 4096


@pytest.mark.parametrize(
    ("block", "words"),
    [
        (LONG, "a line of more than 16,777,216 bytes"),
        (b"\0" * 4096, "a line of more than"),
        (b"\n" * 4096, "more than 2,097,152 bytes of nothing but blanks"),
        (b" \r\n\t" * 1024, "nothing but blanks"),
        (b"{}\n", "gives more than 20,000,000 bytes"),
    ],
)
def test_what_never_ends_is_refused_within_a_bound(block: bytes, words: str) -> None:
    with pytest.raises(InputError, match=words) as told:
        read(block if len(block) > 99 else block * 1000, most=20_000_000)
    assert "u.jsonl: " in str(told.value)


def test_up_to_the_bounds_everything_comes() -> None:
    assert read(LONG, LINE // 4096) == LINE
    assert read(b"\n" * 4096, BLANKS // 4096) == BLANKS
    assert read(LONG + b"\n" + b" " * 4096, LINE // 4096) == 2 * LINE + LINE // 4096


def _gzip_bomb(path: Path) -> None:
    with gzip.open(path, "wb", compresslevel=1) as file:
        for _ in range(2 * LINE // len(LONG) // 64):
            file.write(LONG * 64)


def _zstd_bomb(path: Path) -> None:
    path.write_bytes(zstandard.compress(b" " * (8 * LINE)))


@pytest.mark.parametrize(("name", "make"), [("b.gz", _gzip_bomb), ("b.zst", _zstd_bomb)])
@pytest.mark.parametrize("how", ["copied", "inspected"])
def test_a_bomb_is_refused_before_it_takes_memory_or_disk(
    how: str, name: str, make: Callable[[Path], None], tmp_path: Path
) -> None:
    path, copy = tmp_path / name, tmp_path / "copies" / "input.jsonl"
    copy.parent.mkdir()
    make(path)
    tracemalloc.start()
    try:
        with pytest.raises(InputError, match=rf"{name}: has .*more than"):
            local_file(path, copy) if how == "copied" else inspect(path, READER)
        assert tracemalloc.get_traced_memory()[1] < 80 << 20
    finally:
        tracemalloc.stop()
    assert list(copy.parent.iterdir()) == []


def test_lines_that_unpack_to_far_more_than_is_stored_are_a_bomb_as_well() -> None:
    passed: list[int] = []

    def most() -> int:
        passed.append(1)
        return UNPACKED if len(passed) < 3 else 0

    with pytest.raises(InputError, match="gives more than 0 bytes"):
        list(iter(BoundedReader(Repeated(b"{}\n" * 9), "b.gz", most)))


def test_a_device_that_never_ends_leaves_no_copy(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="/dev/zero: has a line of more than"):
        local_file("/dev/zero", tmp_path / "input.jsonl")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("start", [b"", BOM])
@pytest.mark.parametrize(
    "rest", [b"\n", b"", line(2) + b"\n"], ids=["blank", "blank at the end", "an update"]
)
def test_a_line_that_begins_with_a_mebibyte_of_blanks_is_invalid_and_never_passed_over(
    start: bytes, rest: bytes, tmp_path: Path
) -> None:
    path = tmp_path / "u.jsonl"
    told: list[tuple[int, str]] = []
    path.write_bytes(line(1) + b"\n" + b" " * (LINE_AT_MOST + 1) + rest)
    found = inspect(path, READER, on_violation=lambda at, wrong: told.append((at, str(wrong))))
    assert (found.total, found.invalid) == (2, 1)
    assert told == [(2, "longer than 1,048,576 bytes")]


def test_after_a_valid_beginning_and_a_mebibyte_of_blanks_there_may_be_anything(
    tmp_path: Path,
) -> None:
    path = tmp_path / "u.jsonl"
    for start in (b"", BOM):
        path.write_bytes(start + line(1) + b" " * LINE_AT_MOST + b"garbage\n" + line(2))
        found = inspect(path, READER)
        assert (found.total, found.invalid) == (2, 1)


def test_a_file_that_grows_as_it_is_read_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "u.jsonl"
    path.write_bytes(b"".join(line(number) + b"\n" for number in range(9_000)))

    def grow(at: int, wrong: object) -> None:
        with path.open("ab") as file:
            file.write(b"{}\n" * 200_000)

    path.write_bytes(b"{}\n" + path.read_bytes())
    with pytest.raises(InputError, match=r"u\.jsonl: was written to while it was read"):
        inspect(path, READER, on_violation=grow)
