"""Each policy decides by the attempts so far, and by nothing else."""

import pytest
import tenacity
from tenacity import RetryCallState

from batcher.accounting.verdicts import Verdict
from batcher.engine.credential_refresh import CredentialRefresh, CredentialSets
from batcher.engine.pacing import Permit
from batcher.engine.retry_policies import (
    retry_while_worth,
    state_of,
    stop_after_charged_attempts,
    stop_after_denials,
    stop_after_refusals,
    stop_after_throttled_for,
    wait_as_asked,
    wait_full_jitter,
    wait_longest,
)
from batcher.engine.retry_state import RetryState
from batcher.records import Attempt
from batcher.testing import ACCEPTED, ScriptedCaller

JITTER = wait_full_jitter(0.5, 20.0, lambda low, high: high)


def after(*verdicts: Verdict, retry_after: float | None = None) -> RetryCallState:
    """What tenacity asks with after attempts with those verdicts, ten seconds apart."""
    state = RetryState("1", "2026-01-01T00:00:00.000Z")
    for number, verdict in enumerate(verdicts):
        attempt = Attempt(reached="answered", seconds=0.0, code="C", retry_after=retry_after)
        state.record(attempt, verdict, Permit(None, 0.0, 0.0), 10.0 * number)
    return RetryCallState(tenacity.AsyncRetrying(), fn=None, args=(state,), kwargs={})


T, F, L, C = Verdict.THROTTLED, Verdict.TRANSIENT, Verdict.LOST, Verdict.CREDENTIALS
U = Verdict.UNSENT
D = Verdict.DENIED


def answered(call: RetryCallState) -> RetryCallState:
    call.set_result(state_of(call).verdict)
    return call


def test_what_may_end_otherwise_is_worth_repeating() -> None:
    worth = {verdict for verdict in Verdict if retry_while_worth()(answered(after(verdict)))}
    assert worth == {T, F, L, C, U}
    assert not retry_while_worth()(after(F)), "it raised, or has not ended"


def test_what_is_held_against_its_target_is_worth_repeating_whatever_it_is() -> None:
    denied = answered(after(Verdict.DENIED))
    state_of(denied).held = True
    assert retry_while_worth()(denied)


@pytest.mark.parametrize(
    ("verdicts", "stops"), [([D, D], False), ([D, D, D], True), ([F] * 9, False)]
)
def test_three_denials_are_the_last(verdicts: list[Verdict], stops: bool) -> None:
    assert stop_after_denials(3)(after(*verdicts)) is stops


@pytest.mark.parametrize(
    ("verdicts", "stops"),
    [
        ([F, F], False),
        ([F, F, F], True),
        ([F, L, F], True),
        ([F, U, U, U, L], False),  # nor what never left
        ([F, T, T, C, C, F], False),  # neither throttles nor refused credentials are charged
    ],
)
def test_three_charged_attempts_are_the_last(verdicts: list[Verdict], stops: bool) -> None:
    assert stop_after_charged_attempts(3)(after(*verdicts)) is stops


@pytest.mark.parametrize(
    ("verdicts", "stops"),
    [
        ([F, F, F, F, F], False),
        ([T, T, T], False),  # 20 s after the first throttle
        ([T, T, T, T], True),  # 30 s
        ([F, F, T, F, F], False),
        ([T, F, F, F], True),  # it counts from the first one on, whatever comes after it
        ([T, T, T, C], False),  # a set of credentials that ran out says nothing of the quota
        ([T, T, T, C, T], True),
    ],
)
def test_thirty_seconds_after_the_first_throttle_is_long_enough(
    verdicts: list[Verdict], stops: bool
) -> None:
    assert stop_after_throttled_for(30.0)(after(*verdicts)) is stops


@pytest.mark.parametrize(
    ("verdicts", "accepted", "stops"),
    [
        ([C, C], True, False),
        ([C, C, C], True, True),  # others are accepted: it is this request that AWS refuses
        ([C, C, C], False, False),
        ([C, C, F, C], True, False),  # in a row
    ],
)
def test_credentials_are_fetched_anew_twice_for_a_request_that_alone_is_refused(
    verdicts: list[Verdict], accepted: bool, stops: bool
) -> None:
    credentials = CredentialRefresh(CredentialSets(ScriptedCaller(lambda call: ACCEPTED)))
    if accepted:
        credentials.mark_accepted(0)
    assert stop_after_refusals(2, credentials)(after(*verdicts)) is stops


@pytest.mark.parametrize(
    ("verdicts", "ceiling"),
    [
        ([F], 0.5),
        ([F, F], 1.0),
        ([F, T, T, L], 1.0),  # by charged attempts
        ([F] * 6, 16.0),
        ([F] * 7, 20.0),  # 32 is above the cap
        ([F, T], 0.0),  # the pacer does the slowing down
        ([C], 0.0),
    ],
)
def test_the_ceiling_of_the_jitter_doubles(verdicts: list[Verdict], ceiling: float) -> None:
    assert JITTER(after(*verdicts)) == ceiling


@pytest.mark.parametrize(
    ("verdicts", "asked", "seconds"),
    [
        ([F], None, 0.5),
        ([F], 7.0, 7.0),
        ([F, F, F, F], 3.0, 4.0),  # what AWS asks for at least
        ([T], 3.0, 3.0),
        ([C], 3.0, 0.0),  # new credentials are used at once
    ],
)
def test_the_wait_is_the_longest_of_jitter_and_what_aws_asked_for(
    verdicts: list[Verdict], asked: float | None, seconds: float
) -> None:
    wait = wait_longest(JITTER, wait_as_asked(300.0, 900.0))
    assert wait(after(*verdicts, retry_after=asked)) == seconds


@pytest.mark.parametrize(
    ("verdicts", "asked", "waited", "seconds"),
    [
        ([T], 9999999999.0, 0.0, 30.0),
        ([T, T, T], 30.0, 0.0, 25.0),  # 20 s after the first throttle, of 45
        ([T] * 6, 30.0, 0.0, 0.0),
        ([F], 1e12, 0.0, 30.0),
        ([F, F], 30.0, 30.0, 15.0),  # of 45 that may be waited
        ([F, F], 30.0, 60.0, 0.0),
    ],
)
def test_no_longer_is_waited_than_throttles_may_last(
    verdicts: list[Verdict], asked: float, waited: float, seconds: float
) -> None:
    call = after(*verdicts, retry_after=asked)
    state_of(call).backoff = waited
    assert wait_as_asked(30.0, 45.0)(call) == seconds


def test_a_policy_finds_the_state_that_the_attempts_are_made_with() -> None:
    assert state_of(after(F, F)).charged == 2
