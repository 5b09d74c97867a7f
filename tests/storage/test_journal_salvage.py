"""Of a damaged journal each line that is provably whole is found, and no other."""

import os
from pathlib import Path

import msgspec
import pytest

from batcher.errors import DamageError
from batcher.storage.hash_chain import ChainTip
from batcher.storage.journal_reader import LINE_AT_MOST
from batcher.storage.journal_salvage import salvaged_lines


@pytest.fixture
def lines() -> list[bytes]:
    tip = ChainTip()
    return [tip.seal(msgspec.json.encode({"id": number})) for number in range(1, 7)]


def whole(path: Path, lines: list[bytes], unchained: int | None = 0) -> list[int]:
    """The numbers of the lines that are taken."""
    path.write_bytes(b"".join(lines))
    found = salvaged_lines(path, unchained)
    return [msgspec.json.decode(each.body)["id"] for each in found if each.whole or each.old]


def without_chain(line: bytes) -> bytes:
    return line.partition(b',"chain"')[0] + b"}\n"


def test_what_was_done_to_a_line_takes_it_and_at_most_the_next_one(
    tmp_path: Path, lines: list[bytes]
) -> None:
    path, all_of_them = tmp_path / "x.jsonl", [1, 2, 3, 4, 5, 6]
    assert whole(path, lines) == all_of_them
    assert whole(path, [*lines, b'{"id":7']) == all_of_them  # torn
    assert whole(path, [lines[0], lines[1].replace(b"2", b"9", 1), *lines[2:]]) == [1, 3, 4, 5, 6]
    assert whole(path, [lines[0], *lines[2:]]) == [1, 4, 5, 6]  # of 3 nothing proves the place
    assert whole(path, [lines[0], lines[0], *lines[1:]]) == all_of_them
    assert whole(path, [lines[0], b"\n", *lines[1:]]) == [1, 3, 4, 5, 6]
    assert whole(path, [lines[0], without_chain(lines[1]), *lines[2:]]) == [1, 4, 5, 6]
    assert whole(path, lines[::-1]) == []
    assert whole(path, []) == []


def test_lines_of_old_journals_have_no_chain_and_stand_before_those_that_have(
    tmp_path: Path, lines: list[bytes]
) -> None:
    path, old = tmp_path / "x.jsonl", [without_chain(line) for line in lines[:2]]
    assert whole(path, [*old, *lines[2:]], unchained=2) == [1, 2, 3, 4, 5, 6]
    assert whole(path, [*old, *lines[2:]], unchained=None) == [1, 2, 3, 4, 5, 6]
    assert whole(path, [*old, *lines[2:]], unchained=1) == [1, 4, 5, 6]
    assert whole(path, [*lines, *old], unchained=None) == [1, 2, 3, 4, 5, 6]


def test_a_line_without_an_end_costs_no_more_than_itself(
    tmp_path: Path, lines: list[bytes]
) -> None:
    endless = b"x" * (LINE_AT_MOST + 5) + b"\n"
    assert whole(tmp_path / "x.jsonl", [lines[0], endless, *lines[1:]]) == [1, 3, 4, 5, 6]


def test_what_is_no_regular_file_is_not_read_and_nothing_there_has_no_lines(tmp_path: Path) -> None:
    assert list(salvaged_lines(tmp_path / "gone.jsonl", 0)) == []
    os.mkfifo(tmp_path / "fifo.jsonl")
    with pytest.raises(DamageError, match="a FIFO"):
        list(salvaged_lines(tmp_path / "fifo.jsonl", 0))
