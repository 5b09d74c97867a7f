"""One update is brought to its one result."""

import logging
from collections.abc import Callable
from itertools import pairwise

import anyio
import pytest
from msgspec.structs import replace

from batcher.accounting.verdicts import Verdict
from batcher.engine.pace_control import PaceControl, PaceGate
from batcher.engine.pacing import Pacer
from batcher.engine.retry_state import RetryState
from batcher.engine.retrying import Retrying, RetryPolicy
from batcher.errors import CredentialsError, NotSentError
from batcher.operations import UPDATE_TRIGGER
from batcher.records import Attempt, Result, Update
from batcher.testing import (
    ACCEPTED,
    LoopClock,
    OpenLimiter,
    ScriptedCall,
    ScriptedCaller,
    in_virtual_time,
    lost,
    refused,
    unsent,
)
from batcher.testing import update as make_update
from tests.engine.settlers import make_retrying

THROTTLE = refused("ThrottlingException", 429)
FAULT = refused("InternalServerException", 500)


def retrying_with(
    caller: ScriptedCaller, limiter: OpenLimiter, clock: LoopClock, **policy: float
) -> Retrying:
    return make_retrying(
        UPDATE_TRIGGER,
        caller,
        pacer=Pacer(limiter, 4, clock),
        policy=RetryPolicy(**policy),
        uniform=lambda low, high: high,
    )


async def settle_by(retrying: Retrying, update: Update) -> Result:
    state = await retrying.run_attempts_for(update)
    assert state is not None
    return state.result(update, LoopClock().wall())


def settle(
    answer: Callable[[ScriptedCall], Attempt], **policy: float
) -> tuple[Result, ScriptedCaller, OpenLimiter]:
    caller, limiter, clock = ScriptedCaller(answer), OpenLimiter(), LoopClock()
    retrying = retrying_with(caller, limiter, clock, **policy)
    return in_virtual_time(settle_by(retrying, make_update(1))), caller, limiter


def each(*answers: Attempt) -> Callable[[ScriptedCall], Attempt]:
    return lambda call: answers[min(call.number, len(answers)) - 1]


@pytest.mark.parametrize(
    ("answers", "status", "code", "attempts", "throttles"),
    [
        ([ACCEPTED], "succeeded", None, 1, 0),
        ([FAULT, FAULT, ACCEPTED], "succeeded", None, 3, 0),
        ([THROTTLE] * 20 + [ACCEPTED], "succeeded", None, 21, 20),  # throttles are not charged
        ([refused("429", 429), ACCEPTED], "succeeded", None, 2, 1),  # a bare 429
        ([refused("BadRequestException", 400)], "failed", "BadRequestException", 1, 0),
        ([refused("ResourceNotFoundException", 404)], "failed", "ResourceNotFoundException", 1, 0),
        ([refused("AccessDeniedException", 403)], "failed", "AccessDeniedException", 1, 0),
        ([FAULT], "failed", "InternalServerException", 8, 0),
        ([refused("503", 503)], "failed", "503", 8, 0),
        ([lost()], "in_doubt", "ReadTimeoutError", 8, 0),
        # a throttle says nothing of the update
        ([lost(), THROTTLE, lost()], "in_doubt", "ReadTimeoutError", 9, 1),
        ([lost(), FAULT, lost()], "failed", "ReadTimeoutError", 8, 0),  # AWS answered once
        # what never left is not charged
        ([unsent()] * 7 + [ACCEPTED], "succeeded", None, 1, 0),
        (([unsent()] * 7 + [FAULT]) * 8, "failed", "InternalServerException", 8, 0),
    ],
)
def test_answers_lead_to_one_status(
    answers: list[Attempt], status: str, code: str | None, attempts: int, throttles: int
) -> None:
    result, *_ = settle(each(*answers))
    assert (
        result.status,
        result.error and result.error.code,
        result.attempts,
        result.throttles,
    ) == (status, code, attempts, throttles)


@pytest.mark.parametrize(
    ("before", "seconds"),
    [
        ([], 0.5 + 1 + 2 + 4 + 4 + 4 + 4),
        ([lost()], 1 + 2 + 4 + 4 + 4 + 4 + 4),
        ([FAULT, THROTTLE], 1 + 2 + 4 + 4 + 4 + 4 + 4),
    ],
)
def test_what_goes_on_not_leaving_ends_its_target_and_is_charged_to_no_update(
    before: list[Attempt], seconds: float
) -> None:
    said = rf"default: nothing can be sent, tried 8 times in {seconds:.0f} s: no network"
    with pytest.raises(NotSentError, match=said):
        settle(each(*before, replace(unsent(), message="no network")), backoff_cap=4.0)


def test_a_state_of_what_never_left_is_left_behind_by_an_attempt_that_did() -> None:
    _, caller, limiter = settle(each(*[unsent()] * 3, FAULT, ACCEPTED), backoff=1.0)
    waits = [later.began - earlier.began for earlier, later in pairwise(caller.calls)]
    assert waits == pytest.approx([1, 2, 4, 1])
    assert [verdict for verdict, _ in limiter.outcomes[:3]] == [Verdict.UNSENT] * 3


def test_backoff_doubles_up_to_its_cap_and_is_booked() -> None:
    result, caller, _ = settle(each(FAULT), backoff=0.5, backoff_cap=4.0)
    times = [call.began for call in caller.calls]
    waits = [later - earlier for earlier, later in pairwise(times)]
    assert waits == pytest.approx([0.5, 1, 2, 4, 4, 4, 4])
    assert result.seconds.backoff == pytest.approx(sum(waits))


def test_what_aws_asks_for_is_waited_for_and_told_to_the_limiter() -> None:
    _, caller, limiter = settle(
        each(
            refused("InternalServerException", 500, retry_after=7.0),
            refused("429", 429, retry_after=3.0),
            ACCEPTED,
        )
    )
    assert [call.began for call in caller.calls] == pytest.approx([0, 7, 10])
    assert limiter.outcomes == [
        (Verdict.TRANSIENT, 7.0),
        (Verdict.THROTTLED, 3.0),
        (Verdict.ACCEPTED, None),
    ]


def test_an_update_is_given_up_when_it_was_throttled_for_too_long() -> None:
    result, caller, _ = settle(
        each(refused("ThrottlingException", 429, retry_after=10.0)), throttle_limit=60.0
    )
    assert (result.status, result.error and result.error.code) == ("failed", "ThrottlingException")
    assert caller.calls[-1].began == pytest.approx(60)


@pytest.mark.parametrize("code", ["429", "InternalServerException", "ThrottlingException"])
@pytest.mark.parametrize("asked", [301.0, 9999999999.0, 1e12])
def test_a_server_that_asks_for_centuries_holds_an_update_for_the_throttle_limit(
    code: str, asked: float, caplog: pytest.LogCaptureFixture
) -> None:
    status = 500 if code == "InternalServerException" else 429
    result, caller, _ = settle(each(refused(code, status, retry_after=asked)))
    jitter = 0.5 + 1 + 2 + 4 + 8 + 16 + 20 if status == 500 else 0.0
    assert caller.calls[-1].began <= 900 + jitter
    assert (result.status, result.error and result.error.code) == ("failed", code)
    warned = [record.msg for record in caplog.records if record.levelno == logging.WARNING]
    assert [(each["asked_seconds"], each["taken_seconds"]) for each in warned] == [(asked, 300.0)]


def test_what_is_waited_as_asked_is_no_warning(caplog: pytest.LogCaptureFixture) -> None:
    settle(each(refused("InternalServerException", 500, retry_after=300.0), ACCEPTED))
    assert not [record for record in caplog.records if record.levelno >= logging.WARNING]


def test_expired_credentials_are_fetched_anew_each_time_and_not_charged() -> None:
    expired = refused("ExpiredTokenException", 403)
    result, caller, _ = settle(each(expired, FAULT, ACCEPTED))
    assert (result.status, result.attempts, caller.refreshes) == ("succeeded", 3, 1)


def test_credentials_that_are_refused_also_when_new_end_the_run() -> None:
    with pytest.raises(CredentialsError, match="UnrecognizedClientException"):
        settle(each(refused("UnrecognizedClientException", 403)))


@pytest.mark.parametrize("code", ["RequestExpired", "RequestTimeTooSkewed"])
def test_a_time_that_is_refused_for_good_is_told_as_that(code: str) -> None:
    with pytest.raises(CredentialsError, match=rf"time of the requests \({code}\): the clock"):
        settle(each(refused(code, 403)))


def test_new_credentials_get_a_second_chance_when_those_before_them_were_accepted() -> None:
    """Role sessions end in mid-run, and AWS may not know a new one everywhere yet."""
    expired = refused("ExpiredTokenException", 403)
    caller = ScriptedCaller(
        lambda call: (
            ACCEPTED if call.members["EventTriggerName"] == "t1" or call.number > 2 else expired
        )
    )
    retrying = retrying_with(caller, OpenLimiter(), LoopClock())

    async def scenario() -> list[Result]:
        return [await settle_by(retrying, make_update(line)) for line in (1, 2)]

    statuses = [result.status for result in in_virtual_time(scenario())]
    assert statuses == ["succeeded", "succeeded"]
    assert caller.refreshes == 2


@pytest.mark.parametrize("answers", [1, 2])
def test_what_may_not_be_sent_any_more_when_its_turn_comes_is_left_without_a_result(
    answers: int,
) -> None:
    caller, limiter, clock = ScriptedCaller(each(lost())), OpenLimiter(), LoopClock()
    retrying = retrying_with(caller, limiter, clock)

    def may_send() -> bool:
        return len(caller.calls) < answers - 1

    assert in_virtual_time(retrying.run_attempts("1", make_update(1).request, may_send)) is None
    assert len(caller.calls) == answers - 1
    assert limiter.outcomes[-1][0] is Verdict.UNSENT
    assert retrying.pacer.in_flight == 0


@pytest.mark.parametrize("ended", ["pause", "drain", "lease"])
def test_what_was_paused_drained_or_given_up_during_a_newer_look_is_not_sent(ended: str) -> None:
    control, held = PaceControl(LoopClock()), [True]
    pacer = Pacer(OpenLimiter(), 4, LoopClock(), gate=PaceGate(control))
    caller = ScriptedCaller(each(ACCEPTED))
    looks: list[float] = []

    async def still_wanted(state: RetryState) -> bool:
        looks.append(anyio.current_time())
        await anyio.sleep(2.0)
        if len(looks) > 1:
            return True
        if ended == "pause":
            control.pause("a test", "told to")
        elif ended == "drain":
            pacer.drain()
        else:
            held[0] = False
        return True

    async def scenario() -> tuple[RetryState | None, float]:
        began = anyio.current_time()
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(resume_later)
            state = await make_retrying(UPDATE_TRIGGER, caller, pacer=pacer).run_attempts(
                "1", {}, lambda: held[0], still_wanted=still_wanted
            )
        return state, began

    async def resume_later() -> None:
        await anyio.sleep(60.0)
        control.resume("a test")

    state, began = in_virtual_time(scenario())
    if ended == "pause":  # it goes on after that, when what was looked at is old
        assert state is not None
        assert [call.began - began for call in caller.calls] == [pytest.approx(62.0)]
        assert len(looks) == 2
    else:
        assert (state, caller.calls) == (None, [])
    assert pacer.in_flight == 0
