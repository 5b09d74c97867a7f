"""Files of updates.

However they are packed they hold the same, and what is wrong with them is told with its place.
"""

import hashlib
import os
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from batcher.errors import InputError
from batcher.records import Update
from batcher.sources.file_source import (
    OPEN_AT_MOST,
    FileSource,
    may_stay_open,
    refuse_other_content,
)
from batcher.sources.inspection import Inspection, inspect
from batcher.sources.line_index import file_stamp
from batcher.sources.local_file import local_file
from tests.sources.samples import BOM, PACKED, READER, line


async def updates(path: Path, found: Inspection, target: str = "main", **more: Any) -> list[Update]:
    return [update async for update in FileSource(path, found.targets[target], READER, **more)]


@pytest.mark.parametrize("suffix", PACKED)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=25)
@given(
    st.lists(st.sampled_from(["update", "blank", "wrong"]), max_size=12),
    st.sampled_from([b"\n", b"\r\n"]),
    st.booleans(),
    st.booleans(),
)
async def test_however_a_file_is_packed_and_written_the_same_updates_come_out(
    tmp_path: Path, suffix: str, kinds: list[str], end: bytes, marked: bool, ended: bool
) -> None:
    others = {"blank": b" ", "wrong": b"{}"}
    lines = [others.get(kind, line(number)) for number, kind in enumerate(kinds, 1)]
    data = (BOM if marked else b"") + end.join(lines) + (end if ended else b"")
    path = tmp_path / f"updates.{suffix}"
    path.write_bytes(PACKED[suffix](data))

    found = inspect(path, READER)
    assert (found.total, found.invalid) == (len(kinds) - kinds.count("blank"), kinds.count("wrong"))
    assert (found.size, found.sha256) == (
        path.stat().st_size,
        hashlib.sha256(path.read_bytes()).hexdigest(),
    )

    plain = local_file(path, tmp_path / "input.jsonl")
    assert plain.read_bytes() == data
    expected = [number for number, kind in enumerate(kinds, 1) if kind == "update"]
    assert [number for each in found.targets.values() for number in each.lines] == expected
    if expected:
        assert [
            (update.line, update.trigger) for update in await updates(plain, inspect(plain, READER))
        ] == [(number, f"cart-{number}") for number in expected]


async def test_each_target_has_its_updates_in_order_and_can_look_back(tmp_path: Path) -> None:
    path = tmp_path / "updates.jsonl"
    path.write_bytes(
        b"\n".join(
            line(number % 4, target="ab"[number % 2], id=f"row-{number}") for number in range(1, 9)
        )
    )
    found = inspect(path, READER)
    assert {name: list(each.lines) for name, each in found.targets.items()} == {
        "b": [1, 3, 5, 7],
        "a": [2, 4, 6, 8],
    }
    assert [(each.triggers, each.domains) for each in found.targets.values()] == [
        (2, {"acme": 4})
    ] * 2
    source = FileSource(path, found.targets["a"], READER, skip=lambda number: number == 4)
    assert [update.id async for update in source] == ["row-2", "row-6", "row-8"]
    assert [update.id async for update in source] == ["row-2", "row-6", "row-8"]
    assert source.looks_back
    assert source.again(4).id == "row-4"
    assert source.raw(6) == line(2, target="a", id="row-6") + b"\n"
    assert (6 in found.targets["a"], 5 in found.targets["a"]) == (True, False)
    with pytest.raises(LookupError):
        source.again(5)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (
            lambda path: path.write_bytes(path.read_bytes().replace(b"acme", b"b")),
            "changed since it was checked",
        ),
        (lambda path: path.write_bytes(b"x" * path.stat().st_size), "changed since it was checked"),
        (lambda path: path.unlink(), "gone since it was checked"),
    ],
)
async def test_a_file_that_changes_or_vanishes_is_an_input_error_and_never_another_update(
    tmp_path: Path, change: Callable[[Path], object], says: str
) -> None:
    path = tmp_path / "updates.jsonl"
    path.write_bytes(b"\n".join(map(line, range(3))))
    found = inspect(path, READER)
    change(path)
    with pytest.raises(InputError, match=says):
        await updates(path, found)
    with pytest.raises(InputError, match=says):
        FileSource(path, found.targets["main"], READER).again(2)


async def test_a_change_while_the_updates_are_being_taken_is_noticed_at_the_next_one(
    tmp_path: Path,
) -> None:
    path = tmp_path / "updates.jsonl"
    path.write_bytes(b"\n".join(map(line, range(3))))
    taken = aiter(FileSource(path, inspect(path, READER).targets["main"], READER))
    assert (await anext(taken)).line == 1
    with path.open("ab") as file:
        file.write(b"\n" + line(4))
    with pytest.raises(InputError, match="noticed at line 2"):
        await anext(taken)


def _with_its_stamp(path: Path, content: bytes, *, replace: bool) -> None:
    """Give a file another content, with size and times as they were."""
    found = path.stat()
    assert len(content) == found.st_size
    target = path.with_name("new") if replace else path
    target.write_bytes(content)
    os.utime(target, ns=(found.st_atime_ns, found.st_mtime_ns))
    if replace:
        target.rename(path)
    assert file_stamp(path) == (found.st_size, found.st_mtime_ns)


async def test_a_file_that_does_not_stay_open_takes_no_descriptor_between_two_lines(
    tmp_path: Path,
) -> None:
    path = tmp_path / "updates.jsonl"
    path.write_bytes(b"\n".join(line(number) for number in range(1, 4)))
    found = inspect(path, READER)

    def descriptors() -> int:
        return len(os.listdir("/proc/self/fd"))

    before = descriptors()
    for stays_open in (True, False):
        source = FileSource(path, found.targets["main"], READER, stays_open=stays_open)
        taken = source.updates()
        assert next(taken).line == 1
        assert descriptors() - before == stays_open
        assert [update.line for update in taken] == [2, 3]


@pytest.mark.parametrize("replace", [True, False])
@pytest.mark.parametrize(("old", "new"), [(b"cart-2", b"cart-1"), (b"acme", b"acne"), (b"{", b" ")])
async def test_a_line_whose_bytes_are_others_is_never_taken_though_size_and_time_are_the_same(
    tmp_path: Path, replace: bool, old: bytes, new: bytes
) -> None:
    path = tmp_path / "updates.jsonl"
    path.write_bytes(b"\n".join(map(line, range(1, 3000))))  # more than is read ahead
    found = inspect(path, READER)
    taken = aiter(FileSource(path, found.targets["main"], READER))
    assert (await anext(taken)).line == 1
    before = path.read_bytes()
    _with_its_stamp(path, before.replace(old, new), replace=replace)
    again = FileSource(path, found.targets["main"], READER)
    checked = before.split(b"\n")
    for number in (2, 3, 2990, 2999):
        same = before.replace(old, new).split(b"\n")[number - 1] == checked[number - 1]
        if same:
            assert again.again(number).line == number
        else:
            with pytest.raises(InputError, match=f"changed since .*noticed at line {number}"):
                again.again(number)
    with suppress(InputError):  # what was read ahead may be taken still: it was checked
        async for update in taken:
            assert READER.read(checked[update.line - 1], update.line) == update
    with pytest.raises(InputError, match="changed since it was checked"):
        refuse_other_content(path, found.sha256)


def test_a_whole_file_is_what_it_was_or_the_difference_is_told(tmp_path: Path) -> None:
    path = tmp_path / "updates.jsonl"
    path.write_bytes(line(1))
    found = inspect(path, READER)
    path.touch()
    refuse_other_content(path, found.sha256)
    path.write_bytes(line(2))
    with pytest.raises(InputError, match="changed since it was checked"):
        refuse_other_content(path, found.sha256)
    path.unlink()
    with pytest.raises(InputError, match="gone since it was checked"):
        refuse_other_content(path, found.sha256)
    path.mkdir()
    with pytest.raises(InputError, match="unreadable since it was checked"):
        refuse_other_content(path, found.sha256)


def test_of_more_targets_than_a_few_none_keeps_the_file_open() -> None:
    assert may_stay_open(range(OPEN_AT_MOST))
    assert not may_stay_open(range(OPEN_AT_MOST + 1))
