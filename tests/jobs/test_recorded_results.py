"""Results are read with what they are of: of a line that is there, and once each."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest

from batcher.config import Settings
from batcher.errors import DamageError
from batcher.jobs.recorded_results import checked_results
from batcher.jobs.run_reader import RunReader
from batcher.records import BriefResult, Result
from batcher.wiring.line_readers import line_reader
from tests.conftest import change
from tests.jobs.conftest import RecordedRun


@pytest.fixture
def recorded(tmp_path: Path) -> RecordedRun:
    run = RecordedRun(tmp_path, [change(0), change(1, id="b"), change(2, target="other")])
    run.add(1, "succeeded")
    run.results.append(msgspec.structs.replace(run.add(2, "succeeded"), id="b"))
    del run.results[1]
    return run


def results(recorded: RecordedRun, kind: type) -> list[Any]:
    run = RunReader(recorded.write(), line_reader(Settings(), any_target=True))
    return list(checked_results(run.journals.results, run.lines, kind))


@pytest.mark.parametrize("kind", [Result, BriefResult])
def test_they_come_with_their_place_in_the_journal(recorded: RecordedRun, kind: type) -> None:
    assert [(number, record.line, record.id) for number, record in results(recorded, kind)] == [
        (1, 1, "1"),
        (2, 2, "b"),
    ]


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"line": 1, "id": "1"}, "line 3 is of line 1, which has more than one result"),
        ({"line": 3, "id": "3"}, "line 3 has the target of another line than 3"),
        ({"line": 2, "id": "2"}, "line 3 has another id than line 2"),
        ({"line": 4, "id": "4"}, "line 3 is of line 4, which is not in the input"),
        ({"line": 0, "id": "0"}, "line 3 is of line 0, which is not in the input"),
    ],
)
@pytest.mark.parametrize("kind", [Result, BriefResult])
def test_one_that_can_not_be_is_damage(
    recorded: RecordedRun, kind: type, wrong: dict[str, Any], said: str
) -> None:
    recorded.results.append(msgspec.structs.replace(recorded.results[0], **wrong))
    with pytest.raises(DamageError, match=said):
        results(recorded, kind)


ODD: dict[str, Callable[[bytes], bytes]] = {
    "a huge line": lambda c: c.replace(b'"line":1', b'"line":' + b"9" * 31),
    "a negative line": lambda c: c.replace(b'"line":1', b'"line":-1'),
    "a line as text": lambda c: c.replace(b'"line":1', b'"line":"1"'),
    "a fraction": lambda c: c.replace(b'"line":1', b'"line":1.5'),
    "negative attempts": lambda c: c.replace(b'"attempts":0', b'"attempts":-5'),
    "huge attempts": lambda c: c.replace(b'"attempts":0', b'"attempts":1e30'),
    "no such status": lambda c: c.replace(b'"succeeded"', b'"Succeeded"'),
    "no id": lambda c: c.replace(b'"id":"1",', b""),
    "an id of null": lambda c: c.replace(b'"id":"1"', b'"id":null'),
    "NaN": lambda c: c.replace(b'"attempts":0', b'"attempts":NaN'),
    "an array": lambda c: b"[1,2]\n",
    "deep": lambda c: b"[" * 50_000 + b"\n",
    "a bare surrogate": lambda c: c.replace(b'"id":"1"', b'"id":"\\ud800"'),
}


@pytest.mark.parametrize("odd", ODD)
@pytest.mark.parametrize("kind", [Result, BriefResult])
def test_a_line_of_another_shape_is_damage(recorded: RecordedRun, kind: type, odd: str) -> None:
    path = recorded.write() / "results.jsonl"
    path.write_bytes(ODD[odd](path.read_bytes()))
    run = RunReader(recorded.path, line_reader(Settings(), any_target=True))
    with pytest.raises(DamageError, match="line 1 is not a result"):
        list(checked_results(run.journals.results, run.lines, kind))
