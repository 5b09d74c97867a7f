"""The check of a whole file: what is wrong in it, and what is in it, in little memory."""

import tracemalloc
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from batcher.sources.file_source import FileSource
from batcher.sources.input_file import BOM
from batcher.sources.inspection import Inspection, inspect
from batcher.updates.line_reader import LINE_AT_MOST, LineReader
from batcher.updates.violations import Violation
from tests.sources.samples import READER, line
from tests.updates.samples import MODEL


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


def test_names_that_no_target_has_are_booked_on_as_far_as_they_are_few_and_short(
    tmp_path: Path,
) -> None:
    path, known = tmp_path / "updates.jsonl", [f"main-{number}" for number in range(300)]
    names = [f"typo-{number % 150}" for number in range(400)]
    lines = [line(number, target=name) for number, name in enumerate(["x" * 256, *names])]
    lines += [line(1, target=name, Segment=1) for name in known]
    path.write_bytes(b"\n".join(lines))
    found = inspect(path, LineReader(MODEL, "main", frozenset(known)))
    unknown = {name: len(each) for name, each in found.invalid_of.items() if name not in known}
    own = {f"typo-{number}": 3 for number in range(100)}
    assert unknown == {"main": 401 - sum(own.values()), **own}
    assert {len(found.invalid_of[name]) for name in known} == {1}
    assert len(found.invalid_lines) == found.invalid == 701


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


def _described(found: Inspection) -> object:
    """All that an inspection has found, comparable."""
    ids = range(1, found.total + 3)
    return (
        (found.total, found.invalid, found.violations, found.size, found.sha256),
        [*found.invalid_lines],
        [found.ids.matches(line, f"row-{line % 9}") for line in ids],
        {
            name: (
                [*index.lines],
                [*index.offsets],
                [*index.hashes],
                bytes(index.urgencies),
                index.domains,
                index.triggers,
            )
            for name, index in found.targets.items()
        },
    )


@pytest.mark.parametrize("beyond", [0, 1, 2, 7_000])
@pytest.mark.parametrize("start", [b"", BOM])
def test_the_end_of_a_line_counts_towards_its_length(
    tmp_path: Path, beyond: int, start: bytes
) -> None:
    path = tmp_path / "updates.jsonl"
    blanks = b" " * (LINE_AT_MOST + beyond - len(line(2)) - len(start) - 1)
    path.write_bytes(start + line(2)[:-1] + blanks + b"}\n" + line(3) + b"\n")
    told = Told()
    found = inspect(path, READER, on_violation=told.add)
    assert told.texts == ["line 1: longer than 1,048,576 bytes"] * bool(beyond)
    assert list(found.targets["main"].lines) == [1, 2][bool(beyond) :]


lines_of_a_file = st.lists(
    st.sampled_from(
        [
            b"",
            b"no JSON",
            line(1),
            line(2, id="row-2"),
            line(3, id="1"),
            line(4, id="007", target="b"),
            line(5, target="b", priority=3),
            line(6, DomainName="other", id="row-6"),
            line(7, EventTriggerName="a b"),
            line(8).replace(b", ", b","),
        ]
    ),
    max_size=12,
)


@settings(max_examples=60)
@given(lines_of_a_file, st.sampled_from([b"\n", b"\r\n"]), st.booleans())
def test_lines_that_are_read_at_one_stroke_are_found_as_one_by_one(
    tmp_path_factory: pytest.TempPathFactory, lines: list[bytes], end: bytes, ends: bool
) -> None:
    path = tmp_path_factory.getbasetemp() / "at-one-stroke.jsonl"
    path.write_bytes(end.join(lines) + end * ends)
    told, told_slowly = Told(), Told()
    quick = inspect(path, READER, on_violation=told.add)
    slow = inspect(path, READER, on_violation=told_slowly.add, on_update=lambda _: None)
    assert told.texts == told_slowly.texts
    assert _described(slow) == _described(quick)
    counted = inspect(path, READER, keeps_places=False)
    assert {name: len(index) for name, index in counted.targets.items()} == {
        name: len(index) for name, index in slow.targets.items()
    }
    assert counted.invalid == slow.invalid
