"""What a record says of its line is held against the input: there, of that target, with that id."""

from pathlib import Path

import pytest

from batcher.records import BriefResult
from batcher.sources.input_lines import InputLines
from batcher.sources.inspection import inspect
from batcher.sources.line_index import index_lines
from batcher.sources.line_owners import FEW
from tests.sources.samples import READER, line


def _both(path: Path) -> tuple[InputLines, InputLines]:
    """The lines as a full check knows them, and as they are found without one."""
    quick = index_lines(path, "main")
    return inspect(path, READER).lines(), InputLines(quick.targets, quick.ids)


@pytest.fixture
def lines(tmp_path: Path) -> tuple[InputLines, InputLines]:
    path = tmp_path / "updates.jsonl"
    content = [line(1), line(2, target="b"), b"", line(4, id="row-4"), line(5, id="3")]
    path.write_bytes(b"\n".join(content))
    return _both(path)


@pytest.mark.parametrize(
    ("line", "id", "target", "fault"),
    [
        (1, "1", "main", None),
        (2, "2", "b", None),
        (4, "row-4", "main", None),
        (5, "3", "main", None),
        (3, "3", "main", "is of line 3, which is not in the input"),
        (0, "0", "main", "is of line 0, which is not in the input"),
        (6, "6", "main", "is of line 6, which is not in the input"),
        (2**50, "1", "main", f"is of line {2**50}, which is not in the input"),
        (2, "2", "main", "has the target of another line than 2"),
        (1, "1", "", "has the target of another line than 1"),
        (1, "01", "main", "has another id than line 1"),
        (4, "4", "main", "has another id than line 4"),
        (5, "5", "main", "has another id than line 5"),
    ],
)
def test_a_record_that_can_not_be_of_the_input_is_told_why(
    lines: tuple[InputLines, InputLines], line: int, id: str, target: str, fault: str | None
) -> None:
    record = BriefResult(id=id, line=line, target=target, status="succeeded")
    assert [each.fault(record) for each in lines] == [fault, fault]


@pytest.mark.parametrize("targets", [1, FEW, FEW + 1])
def test_records_of_many_targets_are_held_against_the_input_together_as_one_by_one(
    tmp_path: Path, targets: int
) -> None:
    path = tmp_path / "updates.jsonl"
    content = [line(n, target=f"t{n % targets}", id=f"row-{n}") for n in range(1, 12)]
    path.write_bytes(b"\n".join([*content[:5], b"", *content[5:]]))
    for lines in _both(path):
        asked = range(14)
        rights = [each - (each > 6) for each in asked]
        for named in range(targets + 1):
            records = [
                BriefResult(id=f"row-{n}", line=at, target=f"t{named}", status="succeeded")
                for at, n in zip(asked, rights, strict=True)
            ]
            faults = [lines.fault(each) for each in records]
            assert [lines.are_held([each]) for each in records] == [not each for each in faults]
            held = [each for each, fault in zip(records, faults, strict=True) if fault is None]
            assert lines.are_held(held) or not held


def test_a_line_that_breaks_a_rule_may_have_an_invalid_result(tmp_path: Path) -> None:
    path = tmp_path / "updates.jsonl"
    path.write_bytes(b"\n".join([line(1, id="x"), b"{}", line(3, id="x")]))
    for lines in _both(path):
        for number, fault in [(2, None), (3, None), (4, "is of line 4, which is not in the input")]:
            record = BriefResult(id=str(number), line=number, target="main", status="invalid")
            assert lines.fault(record) == fault


@pytest.mark.parametrize(
    ("id", "there"),
    [
        ("1", True),
        ("2", True),
        ("row-4", True),
        ("4", False),
        ("5", False),
        ("3", True),  # of line 5
        ("9" * 30, False),
        ("²", False),
        ("row-5", False),
    ],
)
def test_it_knows_which_ids_there_are(
    lines: tuple[InputLines, InputLines], id: str, there: bool
) -> None:
    assert [each.has_id(id) for each in lines] == [there, there]
    assert [bool(each.lines_of([id])[id]) for each in lines] == [there, there]


def test_its_size_is_shown(lines: tuple[InputLines, InputLines]) -> None:
    assert [repr(each) for each in lines] == ["<InputLines: 4>"] * 2
