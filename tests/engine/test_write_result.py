"""The result of what was sent: AWS's answer held against what was asked."""

from typing import Any

import pytest

from batcher.accounting.verdicts import judge
from batcher.engine.pacing import Permit
from batcher.engine.retry_state import RetryState
from batcher.engine.write_result import not_sent, spent, write_result
from batcher.records import Attempt
from batcher.testing import refused, update
from batcher.triggers.decision import ChangeOptions
from tests.updates.samples import MODEL

AT = "2026-11-26T10:00:00.000Z"
ASKED = update(1, Description="new")


def state(attempt: Attempt) -> RetryState:
    made = RetryState("1", AT)
    made.record(attempt, judge(attempt), Permit(None, 1.0, 2.0), 0.0)
    return made


def shown(**members: Any) -> Attempt:
    return Attempt(reached="answered", seconds=0.5, answer=members | {"EventTriggerName": "t1"})


@pytest.mark.parametrize(
    ("attempt", "whole", "status", "code"),
    [
        (shown(Description="new"), True, "succeeded", None),
        (shown(Description="old"), False, "differs", "NotAsAsked"),
        (shown(Description="new", SegmentFilter="vip"), False, "succeeded", None),
        (shown(Description="new", SegmentFilter="vip"), True, "partial", "Partial"),
        (refused("BadRequestException", 400), True, "failed", "BadRequestException"),
    ],
)
def test_it_succeeded_when_the_answer_shows_what_was_asked(
    attempt: Attempt, whole: bool, status: str, code: str | None
) -> None:
    options = ChangeOptions(writable=MODEL.writable, complete=whole)
    result = write_result(ASKED, state(attempt), options, AT)
    assert (result.status, result.error and result.error.code) == (status, code)


def test_time_is_that_of_all_requests_and_looking_counts_no_attempt() -> None:
    looked, wrote = state(shown()), state(shown(Description="new"))
    result = spent(wrote.result(ASKED, AT), looked, wrote)
    assert (result.seconds.queued, result.seconds.token, result.seconds.calling) == (2.0, 4.0, 1.0)
    assert result.attempts == 1
    assert not_sent(ASKED, looked, AT).attempts == 0
