"""Attempts add up to one state, and the state says what became of the update."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from batcher.accounting.verdicts import Verdict, is_maybe_applied, judge
from batcher.engine.pacing import Permit
from batcher.engine.retry_state import RetryState
from batcher.records import Attempt, Error, Seconds
from batcher.testing import ACCEPTED, lost, refused, unsent, update

THROTTLE = refused("ThrottlingException", 429)
FAULT = refused("InternalServerException", 500)
EXPIRED = refused("ExpiredTokenException", 403)
REFUSED = refused("BadRequestException", 400)
DENIED = refused("AccessDeniedException", 403)


def after(*attempts: Attempt) -> RetryState:
    state = RetryState("1", "2026-01-01T00:00:00.000Z")
    for number, attempt in enumerate(attempts):
        state.record(attempt, judge(attempt), Permit(None, 1.0, 0.5), float(number))
    return state


@pytest.mark.parametrize(
    ("attempts", "status"),
    [
        ([ACCEPTED], "succeeded"),
        ([lost(), ACCEPTED], "succeeded"),
        ([lost()], "in_doubt"),
        ([lost(), THROTTLE], "in_doubt"),  # a throttle says nothing of the update
        ([lost(), EXPIRED], "in_doubt"),  # nor do refused credentials
        ([lost(), unsent()], "in_doubt"),
        ([lost(), FAULT], "failed"),  # AWS replied
        ([unsent()], "failed"),
        ([THROTTLE, THROTTLE], "failed"),
        ([EXPIRED], "failed"),
    ],
)
def test_a_loss_without_any_reply_leaves_it_in_doubt(attempts: list[Attempt], status: str) -> None:
    assert after(*attempts).status == status


@given(st.lists(st.sampled_from([ACCEPTED, THROTTLE, FAULT, EXPIRED, lost(), unsent()])))
def test_every_attempt_is_counted_once(attempts: list[Attempt]) -> None:
    state = after(*attempts)
    verdicts = [judge(attempt) for attempt in attempts]
    left = [attempt for attempt in attempts if attempt.reached != "unsent"]
    assert state.attempts == len(left)
    assert state.throttles == verdicts.count(Verdict.THROTTLED)
    refusals = verdicts.count(Verdict.CREDENTIALS)
    unsent = verdicts.count(Verdict.UNSENT)
    assert state.charged + state.throttles + refusals + unsent == len(attempts)
    assert state.seconds == Seconds(queued=1.0 * len(attempts), token=0.5 * len(attempts))


def test_the_result_is_that_of_the_update_with_the_last_error() -> None:
    denied = Attempt(
        reached="answered",
        seconds=0.25,
        code="AccessDeniedException",
        message="no",
        http_status=403,
        request_id="r2",
    )
    state = after(THROTTLE, denied)
    result = state.result(update(7, "t", "eu"), "2026-01-01T00:00:01.000Z")
    assert (result.id, result.line, result.target, result.trigger) == ("7", 7, "eu", "t")
    assert (result.status, result.attempts, result.throttles) == ("failed", 2, 1)
    assert result.error == Error(code="AccessDeniedException", message="no", http_status=403)
    assert (result.request_id, result.seconds.calling) == ("r2", 0.25)
    assert (result.started_at, result.finished_at) == (
        "2026-01-01T00:00:00.000Z",
        "2026-01-01T00:00:01.000Z",
    )


@pytest.mark.parametrize(
    ("attempts", "under_way", "code"),
    [
        ([], False, None),
        ([THROTTLE, EXPIRED, unsent()], False, None),  # nothing of it can have had an effect
        ([], True, "Interrupted"),
        ([FAULT, ACCEPTED], True, "Interrupted"),
        ([lost(), THROTTLE], False, "ThrottlingException"),
        ([FAULT], False, "InternalServerException"),
    ],
)
def test_attempts_that_were_ended_leave_in_doubt_what_may_have_had_an_effect(
    attempts: list[Attempt], under_way: bool, code: str | None
) -> None:
    state = after(*attempts)
    state.under_way = under_way
    result = state.interrupted(update(7), "2026-01-01T00:00:01.000Z")
    if code is None:
        assert result is None
        return
    assert result is not None
    assert result.error is not None
    assert (result.status, result.error.code) == ("in_doubt", code)
    assert (result.attempts, result.line) == (len(attempts) + under_way, 7)


@given(
    st.lists(
        st.sampled_from([THROTTLE, FAULT, EXPIRED, REFUSED, DENIED, lost(), unsent()]), min_size=1
    )
)
def test_a_failure_is_none_of_an_update_that_was_not_applied_unless_each_attempt_says_so(
    attempts: list[Attempt],
) -> None:
    result = after(*attempts).result(update(7), "2026-01-01T00:00:01.000Z")
    sure = all(judge(attempt).rules_out for attempt in attempts)
    assert (is_maybe_applied(result) or result.status == "in_doubt") == (not sure)
