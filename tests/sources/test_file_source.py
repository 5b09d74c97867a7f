"""Files of updates: however they are packed they hold the same, and what is wrong with them is
told with its place.
"""

import gzip
import hashlib
import io
import json
import os
import sys
import tracemalloc
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import zstandard
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from batcher.errors import InputError
from batcher.records import Update
from batcher.sources.file_source import FileSource, Inspection, index, inspect, materialize
from batcher.updates.line_reader import LINE_AT_MOST, LineReader
from tests.updates.samples import MODEL

READER = LineReader(MODEL, "main")
BOM = b"\xef\xbb\xbf"


def line(number: int, **more: Any) -> bytes:
    return json.dumps({"DomainName": "acme", "EventTriggerName": f"cart-{number}", **more}).encode()


def zstd(data: bytes) -> bytes:
    """Two frames, as appending to a file makes them."""
    half = len(data) // 2
    return zstandard.compress(data[:half]) + zstandard.compress(data[half:])


PACKED: dict[str, Callable[[bytes], bytes]] = {
    "jsonl": bytes,
    "jsonl.gz": gzip.compress,
    "jsonl.zst": zstd,
}


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

    plain = materialize(path, tmp_path / "input.jsonl")
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
    assert (source.holds(6), source.holds(5)) == (True, False)
    with pytest.raises(LookupError):
        source.again(5)


def test_the_quick_index_of_a_file_is_the_index_of_its_inspection(tmp_path: Path) -> None:
    path = tmp_path / "updates.jsonl"
    named = [
        b'{"\\u0074arget":"b","DomainName":"acme","EventTriggerName":"x"}',
        line(1),
        line(2, target="b"),
        b"",
        line(3),
    ]
    path.write_bytes(BOM + b"\n".join(named))
    slow, quick = inspect(path, READER).targets, index(path, "main")
    assert {name: (list(each.lines), list(each.offsets)) for name, each in quick.items()} == {
        name: (list(each.lines), list(each.offsets)) for name, each in slow.items()
    }


def test_faults_are_counted_shown_and_told_with_their_lines(tmp_path: Path) -> None:
    path = tmp_path / "updates.jsonl"
    path.write_bytes(b"\n".join([b"{}", line(2), b"x", b"{}"]))
    told: list[tuple[int, str, str]] = []
    found = inspect(path, READER, show=3, on_fault=lambda *fault: told.append(fault))
    assert (found.total, found.invalid, found.fault_count) == (4, 3, 5)
    assert [number for number, _, _ in told] == [1, 1, 3, 4, 4]
    assert [str(fault) for fault in found.faults] == [
        "line 1: DomainName: missing; it is required",
        "line 1: EventTriggerName: missing; it is required",
        "line 3: not JSON: expecting value at character 1",
    ]


async def test_an_id_that_comes_again_is_a_fault_that_names_both_lines(tmp_path: Path) -> None:
    path = tmp_path / "updates.jsonl"
    ids: list[dict[str, str]] = [
        {"id": "a"},
        {},
        {"id": "b"},
        {"id": "a"},
        {"id": "2"},
        {"id": "a"},
    ]
    path.write_bytes(
        b"\n".join([*(line(number, **each) for number, each in enumerate(ids, 1)), b"{}"])
    )
    told: list[tuple[int, str, str]] = []
    found = inspect(path, READER, on_fault=lambda *fault: told.append(fault))
    assert [str(fault) for fault in found.faults][:3] == [
        "line 4: id: the same as on line 1; ids must be unique",
        "line 5: id: the same as on line 2; ids must be unique",
        "line 6: id: the same as on line 1; ids must be unique",
    ]
    assert sorted(number for number, _, _ in told) == [4, 5, 6, 7, 7]
    assert (found.total, found.invalid, found.fault_count) == (7, 4, 5)
    assert [update.id for update in await updates(path, found)] == ["a", "2", "b"]
    assert (found.targets["main"].triggers, found.targets["main"].domains["acme"]) == (3, 3)


def test_a_line_that_is_too_long_is_one_fault_and_is_never_held(tmp_path: Path) -> None:
    path = tmp_path / "updates.jsonl"
    path.write_bytes(line(1) + b"\n" + b"x" * (8 * LINE_AT_MOST) + b"\n" + line(3))
    tracemalloc.start()
    try:
        found = inspect(path, READER)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert [str(fault) for fault in found.faults] == ["line 2: longer than 1,048,576 bytes"]
    assert list(found.targets["main"].lines) == [1, 3]
    assert found.targets["main"].offsets[1] == path.stat().st_size - len(line(3))
    assert peak < 5 * LINE_AT_MOST


def test_memory_grows_by_less_than_45_bytes_an_update(tmp_path: Path) -> None:
    def peak(count: int) -> int:
        path = tmp_path / f"{count}.jsonl"
        path.write_bytes(b"\n".join(line(number, Description="x" * 200) for number in range(count)))
        tracemalloc.start()
        try:
            assert inspect(path, READER).total == count
            return tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()

    assert peak(41_000) - peak(1_000) < 45 * 40_000


@pytest.mark.parametrize("suffix", ["jsonl.gz", "jsonl.zst"])
@pytest.mark.parametrize(
    ("harm", "says"),
    [
        (lambda packed: packed[: len(packed) * 2 // 3], "the compressed data ends too early"),
        (lambda packed: b"not compressed at all", "the compressed data is damaged"),
    ],
)
def test_damaged_compressed_files_are_an_input_error_that_says_where(
    tmp_path: Path, suffix: str, harm: Callable[[bytes], bytes], says: str
) -> None:
    packer = gzip.compress if suffix.endswith("gz") else zstandard.compress
    path = tmp_path / f"updates.{suffix}"
    path.write_bytes(
        harm(
            packer(
                b"\n".join(line(number, Description=os.urandom(90).hex()) for number in range(9000))
            )
        )
    )
    with pytest.raises(InputError, match=f"{path.name}: {says}.* after line \\d"):
        inspect(path, READER)
    with pytest.raises(InputError, match=says):
        materialize(path, tmp_path / "input.jsonl")
    assert list(tmp_path.iterdir()) == [path]


def test_without_the_zstd_extra_the_error_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "updates.jsonl.zst"
    path.write_bytes(zstd(line(1)))
    # what an import that fails looks like
    monkeypatch.setitem(sys.modules, "batcher.sources.zstd_reader", None)
    with pytest.raises(InputError, match=r"pip install zstandard"):
        inspect(path, READER)


def test_what_is_no_file_is_one_clear_error(tmp_path: Path) -> None:
    for read in (
        lambda path: inspect(path, READER),
        lambda path: materialize(path, tmp_path / "input.jsonl"),
    ):
        with pytest.raises(InputError, match="there is no such file"):
            read(tmp_path / "nowhere.jsonl")
        with pytest.raises(InputError, match="that is a directory"):
            read(tmp_path)


def test_standard_input_is_copied_for_its_owner_only_and_a_plain_file_is_not(
    tmp_path: Path,
) -> None:
    into = tmp_path / "input.jsonl"
    assert materialize("-", into, stdin=io.BytesIO(line(1))) == into
    assert into.read_bytes() == line(1)
    assert into.stat().st_mode & 0o777 == 0o600
    assert materialize(into, tmp_path / "other.jsonl") == into
    assert list(tmp_path.iterdir()) == [into]


def test_a_pipe_is_copied_because_it_can_be_read_once_only(tmp_path: Path) -> None:
    reading, writing = os.pipe()
    os.write(writing, line(1))
    os.close(writing)
    try:
        assert materialize(f"/dev/fd/{reading}", tmp_path / "input.jsonl").read_bytes() == line(1)
    finally:
        os.close(reading)


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
