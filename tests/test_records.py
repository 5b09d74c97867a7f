"""The records' one JSON shape."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from batcher.records import (
    STATUSES,
    BasedOn,
    BriefResult,
    Counts,
    Delivered,
    Error,
    Result,
    Seconds,
    Update,
)

REQUEST = {"DomainName": "acme", "EventTriggerName": "cart", "Description": "new"}


@pytest.mark.parametrize(
    ("update", "more"),
    [
        (Update(id="a", line=3, target="eu", request=REQUEST), {"target": "eu"}),
        (Update(id="a", line=3, target="", request=REQUEST), {}),
        (
            Update(id="a", line=3, target="", request=REQUEST, based_on=BasedOn(sha256="0a")),
            {"based_on": {"sha256": "0a"}},
        ),
        (
            Update(
                id="a",
                line=3,
                target="",
                request=REQUEST,
                based_on=BasedOn(sha256="0a", last_updated_at=1.5),
            ),
            {"based_on": {"sha256": "0a", "LastUpdatedAt": 1.5}},
        ),
    ],
)
def test_an_update_is_written_as_a_line_that_means_it(
    update: Update, more: dict[str, object]
) -> None:
    assert msgspec.to_builtins(update.as_line()) == {"id": "a", **more, **REQUEST}
    assert (update.domain, update.trigger) == ("acme", "cart")


def test_times_add_up_and_are_rounded_to_the_millisecond() -> None:
    a, b = Seconds(queued=0.0004, calling=1.0), Seconds(queued=0.0004, token=2.0, backoff=0.25)
    assert (a + b).rounded() == Seconds(queued=0.001, token=2.0, backoff=0.25, calling=1.0)


def test_a_result_is_read_again_as_it_was_and_in_part_as_an_outcome() -> None:
    result = Result.invalid(7, "eu", "line 7: no", "2026-01-01T00:00:00.000Z")
    line = msgspec.json.encode(result)
    assert msgspec.json.decode(line, type=Result) == result
    assert b"digest" not in line
    outcome = msgspec.json.decode(line, type=BriefResult)
    error = Error(code="Invalid", message="line 7: no")
    assert outcome == BriefResult(id="7", line=7, target="eu", status="invalid", error=error)


def test_a_delivered_result_is_that_result_and_where_it_came_from() -> None:
    result = Result.invalid(1, "eu", "no", "2026-01-01T00:00:00.000Z")
    delivered = msgspec.to_builtins(Delivered.of(result, "sqs:updates", "m1"))
    assert delivered == msgspec.to_builtins(result) | {"queue": "sqs:updates", "message_id": "m1"}


def test_every_status_is_counted() -> None:
    assert set(STATUSES) < set(Counts.__struct_fields__)
    assert Counts().errors is not Counts().errors


@given(st.floats(0, 1e6))
def test_a_time_is_rounded_to_its_millisecond(seconds: float) -> None:
    assert abs(Seconds(calling=seconds).rounded().calling - seconds) <= 0.0005 + 1e-9
    assert Seconds(calling=round(seconds, 3)).rounded().calling == round(seconds, 3)
