"""The check of a whole file: what is wrong in it, and what is in it, in little memory."""

import tracemalloc
from pathlib import Path

from batcher.sources.file_source import FileSource
from batcher.sources.inspection import inspect
from batcher.updates.line_reader import LINE_AT_MOST
from batcher.updates.violations import Violation
from tests.sources.samples import READER, line


class Told:
    """Keeps the violations that it is told of."""

    def __init__(self) -> None:
        self.lines: list[int] = []
        self.texts: list[str] = []

    def add(self, number: int, violation: Violation) -> None:
        self.lines.append(number)
        self.texts.append(f"line {number}: {violation}")


def test_violations_are_counted_and_told_with_their_lines(tmp_path: Path) -> None:
    path = tmp_path / "updates.jsonl"
    path.write_bytes(b"\n".join([b"{}", line(2), b"x", b"{}"]))
    told = Told()
    found = inspect(path, READER, on_violation=told.add)
    assert (found.total, found.invalid, found.violations) == (4, 3, 5)
    assert told.lines == [1, 1, 3, 4, 4]
    assert told.texts[:3] == [
        "line 1: DomainName: missing; it is required",
        "line 1: EventTriggerName: missing; it is required",
        "line 3: not JSON: expecting value at character 1",
    ]


async def test_an_id_that_comes_again_is_a_violation_that_names_both_lines(tmp_path: Path) -> None:
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
    told = Told()
    found = inspect(path, READER, on_violation=told.add)
    assert sorted(told.texts)[:3] == [
        "line 4: id: the same as on line 1; ids must be unique",
        "line 5: id: the same as on line 2; ids must be unique",
        "line 6: id: the same as on line 1; ids must be unique",
    ]
    assert sorted(told.lines) == [4, 5, 6, 7, 7]
    assert (found.total, found.invalid, found.violations) == (7, 4, 5)
    kept = [update.id async for update in FileSource(path, found.targets["main"], READER)]
    assert kept == ["a", "2", "b"]
    assert (found.targets["main"].triggers, found.targets["main"].domains["acme"]) == (3, 3)


def test_a_line_that_is_too_long_is_one_violation_and_is_never_held(tmp_path: Path) -> None:
    path = tmp_path / "updates.jsonl"
    path.write_bytes(line(1) + b"\n" + b"x" * (8 * LINE_AT_MOST) + b"\n" + line(3))
    told = Told()
    tracemalloc.start()
    try:
        found = inspect(path, READER, on_violation=told.add)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert told.texts == ["line 2: longer than 1,048,576 bytes"]
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
