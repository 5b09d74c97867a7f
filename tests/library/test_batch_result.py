"""What a batch came to: shown, made plain, and raised where it is not all done."""

import dataclasses
import json
import pickle

import pytest

from batcher.errors import UpdatesFailed
from batcher.library.batch_result import BatchResult
from batcher.public_records import Counts, Error, Result
from batcher.records import Result as Record
from batcher.records import Status

NOW = "2026-01-01T00:00:00.000Z"


def result(line: int, status: Status) -> Result:
    plain = Result.of(Record.invalid(line, "eu", "no", NOW))
    error = None if status in ("succeeded", "unchanged") else Error(code="Odd", message="no")
    return dataclasses.replace(plain, status=status, error=error)


def batch(*statuses: Status, not_started: int = 0, stopped: str | None = None) -> BatchResult:
    counted = {each: statuses.count(each) for each in set(statuses)}
    counts = Counts(total=len(statuses) + not_started, not_started=not_started, **counted)
    results = [result(line, status) for line, status in enumerate(statuses, 1)]
    return BatchResult(results=results, counts=counts, stopped=stopped)


@pytest.mark.parametrize(
    ("ended", "said"),
    [
        (batch(), None),
        (batch("succeeded", "unchanged"), None),
        (
            batch("succeeded", "in_doubt", "failed"),
            "2 of the updates did not succeed; the first is id 2 (in_doubt: Odd: no). Of 3 updates:"
            " 1 succeeded, 1 failed, 1 in doubt. See .results",
        ),
        (batch("succeeded", not_started=3), "Of 4 updates: 1 succeeded, 3 not started. See"),
        (
            batch("succeeded", stopped="every call was refused."),
            "It stopped early: every call was refused. Of 1 updates: 1 succeeded.",
        ),
    ],
)
def test_it_raises_unless_all_is_done(ended: BatchResult, said: str | None) -> None:
    if said is None:
        ended.raise_for_failures()
        return
    with pytest.raises(UpdatesFailed) as raised:
        ended.raise_for_failures()
    assert str(raised.value).startswith(said)
    assert (list(raised.value.results), raised.value.counts) == (ended.failed, ended.counts)
    copied = pickle.loads(pickle.dumps(raised.value))
    assert str(copied) == str(raised.value)
    assert (copied.results, copied.stopped) == (raised.value.results, ended.stopped)


def test_it_is_plain_data_and_shown_on_one_line_however_many_there_are() -> None:
    ended = batch("succeeded", *["failed"] * 999, stopped="more than 5 failures")
    plain = json.loads(json.dumps(dataclasses.asdict(ended)))
    assert (len(plain["results"]), plain["counts"]["failed"]) == (1000, 999)
    assert plain["results"][1]["error"] == {"code": "Odd", "message": "no", "http_status": None}
    shown = "<BatchResult of 1,000 updates: 1 succeeded, 999 failed; stopped: more than 5 failures>"
    assert repr(ended) == shown
    assert pickle.loads(pickle.dumps(ended)) == ended


def test_what_may_have_been_applied_is_told_apart_from_what_was_not() -> None:
    found = batch("succeeded", "failed", "failed", "in_doubt")
    results = [dataclasses.replace(each, maybe_applied=each.line == 2) for each in found.results]
    counts = dataclasses.replace(found.counts, maybe_applied=1)
    found = BatchResult(results=results, counts=counts)
    assert [each.line for each in found.maybe_applied] == [2, 4]
    with pytest.raises(UpdatesFailed, match="1 of those that failed may have been applied"):
        found.raise_for_failures()
