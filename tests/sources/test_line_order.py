"""Urgent lines are taken first, and never before an earlier line of their trigger."""

import json
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from batcher.errors import InputError
from batcher.records import Update
from batcher.sources.file_source import FileSource
from batcher.sources.inspection import inspect
from batcher.sources.line_index import LineIndex, index_lines
from batcher.sources.line_order import raise_earlier_lines
from batcher.updates.line_reader import LineReader
from tests.updates.samples import MODEL

Lines = list[tuple[str, str, int | None]]  # target, trigger, priority
LINES = st.lists(
    st.tuples(st.sampled_from("pq"), st.sampled_from("abcdef"), st.none() | st.integers(0, 9)),
    max_size=30,
)


def written(path: Path, lines: Lines) -> None:
    rows = (
        {"target": target, "DomainName": "acme", "EventTriggerName": trigger}
        | ({} if priority is None else {"priority": priority})
        for target, trigger, priority in lines
    )
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))


async def taken(path: Path, index: LineIndex, reader: LineReader) -> list[Update]:
    return [update async for update in FileSource(path, index, reader)]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60)
@given(lines=LINES, default=st.integers(0, 9), again=st.booleans())
async def test_every_line_comes_once_the_urgent_first_and_those_of_a_trigger_in_order(
    tmp_path: Path, lines: Lines, default: int, again: bool
) -> None:
    path, reader = tmp_path / "updates.jsonl", LineReader(MODEL, "p", priority=default)
    written(path, lines)
    # a resume indexes the file without a check of its lines
    targets = (
        index_lines(path, "p", default_priority=default).targets
        if again
        else inspect(path, reader).targets
    )
    raise_earlier_lines(path, reader, targets)
    for target, index in targets.items():
        found = await taken(path, index, reader)
        mine = [number for number, line in enumerate(lines, 1) if line[0] == target]

        def urgency(number: int, mine: list[int] = mine) -> int:
            """What is asked for: its own priority, or that of a later line of its trigger."""
            trigger = lines[number - 1][1]
            later = [each for each in mine if each >= number and lines[each - 1][1] == trigger]
            asked = [lines[each - 1][2] for each in later]
            return max(default if each is None else each for each in asked)

        assert [each.line for each in found] == sorted(
            mine, key=lambda line: (-urgency(line), line)
        )
        assert [each.urgency for each in found] == [urgency(each.line) for each in found]
        assert [each.priority for each in found] == [lines[each.line - 1][2] for each in found]
        source = FileSource(path, index, reader)
        assert [source.again(each.line) for each in found] == found


async def test_lines_of_one_priority_take_no_byte_and_no_second_reading(tmp_path: Path) -> None:
    path = tmp_path / "updates.jsonl"
    written(path, [("p", "a", 7), ("p", "b", 7)])
    targets = inspect(path, LineReader(MODEL, "p", priority=7)).targets
    path.unlink()
    raise_earlier_lines(path, LineReader(MODEL, "p"), targets)
    assert targets["p"].urgencies == b""


async def test_a_file_that_shrinks_while_it_is_read_again_is_noticed_when_it_is_run(
    tmp_path: Path,
) -> None:
    path, reader = tmp_path / "updates.jsonl", LineReader(MODEL, "p")
    written(path, [("p", "a", 1), ("p", "b", None), ("p", "c", 2)])
    targets = inspect(path, reader).targets
    written(path, [("p", "a", 1)])
    raise_earlier_lines(path, reader, targets)
    with pytest.raises(InputError, match="changed since it was checked"):
        await taken(path, targets["p"], reader)
