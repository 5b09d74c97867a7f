"""What a program gets: plain dataclasses with all that the engine's records have."""

import copy
import dataclasses
import json
import pickle
from typing import Any, get_type_hints

import msgspec
import pydantic
import pytest

from batcher import public_records, records
from batcher.library.batch_result import BatchResult
from batcher.public_records import Counts, Error, Progress, Result, Seconds

FULL = records.Result(
    id="row-17",
    line=17,
    target="eu",
    domain="acme",
    trigger="cart",
    status="failed",
    attempts=3,
    throttles=1,
    error=records.Error(code="ResourceNotFoundException", message="no\nsuch", http_status=404),
    request_id="8e0a",
    started_at="2026-11-23T22:57:00.123Z",
    finished_at="2026-11-23T22:57:01.456Z",
    seconds=records.Seconds(queued=0.1, token=0.4, backoff=0.6, calling=0.2),
    digest="0a",
    read_back="as_asked",
)
LOST = msgspec.structs.replace(FULL, maybe_applied=True)
BARE = records.Result.invalid(3, "eu", "no", "2026-11-23T22:57:00.123Z")
# a library keeps no before images and no dead letters, and deletes nothing
OF_RUNS = {"image", "based_on", "lost", "reason", "labels"}
COUNTS = records.Counts(total=9, succeeded=6, failed=1, not_started=2, errors={"Odd": 1})


@pytest.mark.parametrize("kind", [Result, Error, Seconds, Counts])
def test_a_program_gets_every_member_of_the_engines_record(kind: type[Any]) -> None:
    engines = getattr(records, kind.__name__).__struct_fields__
    assert [field.name for field in dataclasses.fields(kind)] == [
        name for name in engines if name not in OF_RUNS
    ]


@pytest.mark.parametrize("record", [FULL, LOST, BARE])
def test_a_result_is_the_engines_as_plain_data(record: records.Result) -> None:
    given = dataclasses.asdict(Result.of(record))
    absent = {
        name for name in ("digest", "read_back", "created", "restored") if not getattr(record, name)
    }
    without = {name: value for name, value in given.items() if name not in absent}
    assert without == {"maybe_applied": False} | msgspec.to_builtins(record)
    assert all(given[name] is None for name in absent)
    assert json.loads(json.dumps(given)) == given


@pytest.mark.parametrize(
    "value",
    [
        Result.of(FULL),
        Result.of(BARE),
        Counts.of(COUNTS),
        Progress(done=1, total=None, failed=0, throttles=2, rate=0.5),
    ],
    ids=lambda value: type(value).__name__,
)
def test_they_are_copied_pickled_frozen_and_shown_on_one_line(value: Any) -> None:
    assert pickle.loads(pickle.dumps(value)) == copy.deepcopy(value) == value
    assert "\n" not in repr(value)
    assert get_type_hints(type(value)).keys() == {f.name for f in dataclasses.fields(value)}
    with pytest.raises(dataclasses.FrozenInstanceError):
        setattr(value, dataclasses.fields(value)[0].name, 0)


@pytest.mark.parametrize("status", records.STATUSES)
def test_done_is_what_is_as_asked(status: records.Status) -> None:
    result = dataclasses.replace(Result.of(BARE), status=status)
    assert result.is_done == (status in ("succeeded", "unchanged"))


def test_counts_are_told_in_words() -> None:
    assert str(Counts.of(COUNTS)) == "9 updates: 6 succeeded, 1 failed, 2 not started"
    assert str(Counts()) == "0 updates"
    assert Counts().errors is not Counts().errors


def test_what_is_public_is_what_the_package_exports() -> None:
    own = {
        name
        for name, value in vars(public_records).items()
        if isinstance(value, type) and value.__module__ == public_records.__name__
    }
    assert own == {"Counts", "Error", "Progress", "Result", "Seconds"}


class Answer(pydantic.BaseModel):
    """What a service of somebody's may answer."""

    batch: BatchResult
    first: Result
    progress: Progress


def test_pydantic_takes_them_as_members_of_a_model_and_makes_them_again() -> None:
    result = Result.of(FULL)
    answer = Answer(
        batch=BatchResult(results=[result, Result.of(BARE)], counts=Counts.of(COUNTS)),
        first=result,
        progress=Progress(done=1, total=None, failed=0, throttles=2, rate=0.5),
    )
    assert Answer.model_validate_json(answer.model_dump_json()) == answer
    assert {"Result", "Counts", "Progress"} < Answer.model_json_schema()["$defs"].keys()
