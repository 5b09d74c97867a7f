"""What sessions took, added up."""

import msgspec
import pytest

from batcher.accounting.time_breakdown import LaneSession, TimeBreakdown
from batcher.accounting.time_spent import (
    NO_TIME,
    NOTHING_SPENT,
    RequestsMade,
    RunTimeSpent,
    TimeSpent,
)
from batcher.records import RequestCount, Seconds, Summary, TargetSummary


def session(seconds: float, token: float = 0.0) -> LaneSession:
    breakdown = TimeBreakdown()
    breakdown.begin(0)
    breakdown.enter("token", 0)
    breakdown.leave("token", token)
    breakdown.end(seconds)
    return LaneSession(time_breakdown=breakdown, slots=2)


def made(answered: int, throttles: int = 0, lost: int = 0) -> RequestsMade:
    attempts = answered + throttles + lost
    return RequestsMade(attempts=attempts, answered=answered, throttles=throttles)


def test_sessions_add_up_and_the_rate_is_that_of_all() -> None:
    first = RunTimeSpent.of_sessions(
        {"a": session(10, 8), "b": session(4)}, {"a": made(20), "b": made(4)}, 11
    )
    second = RunTimeSpent.of_sessions({"b": session(30, 30)}, {"a": made(0), "b": made(30)}, 30)
    both = NOTHING_SPENT + first + second
    assert (both.run.wall_seconds, both.run.answered, both.run.rate) == (41, 54, 54 / 41)
    # of each session the target that took longest
    assert both.run.seconds == Seconds(token=38, queued=3)
    assert both.run.double_quota_saves == 4 + 15
    assert both.run.fivefold_quota_saves == 6.4 + 24
    assert (both.of("a").wall_seconds, both.of("a").rate) == (10, 2)
    assert (both.of("b").wall_seconds, both.of("b").rate) == (34, 1)
    assert both.of("c") == NO_TIME
    assert NO_TIME.rate == 0


def test_what_was_sent_beside_results_is_at_least_that_once_a_session_was_killed() -> None:
    first = RunTimeSpent.of_sessions({"a": session(10)}, {"a": made(4, throttles=3)}, 10)
    both = first.with_killed() + first
    for spent in (both.run, both.of("a")):
        assert spent.without(8, 4) == RequestCount(attempts=6, throttles=2, at_least=True)
        assert spent.without(14, 6) is None
    assert first.run.without(4, 0) == RequestCount(attempts=3, throttles=3)


def test_a_run_may_have_sent_once_a_session_left_requests_unanswered_or_was_killed() -> None:
    ended = RunTimeSpent.of_sessions({"a": session(10)}, {"a": made(4)}, 10)
    killed = ended.with_killed()
    of_before = msgspec.structs.replace(killed, unanswered=False)  # as earlier versions kept it
    left = msgspec.structs.replace(ended, unanswered=True)
    found = [(each + ended).may_have_sent for each in (ended, left, killed, of_before)]
    assert found == [False, True, True, True]


def test_a_session_that_never_started_takes_the_time_of_the_run() -> None:
    spent = RunTimeSpent.of_sessions({}, {}, 2.5)
    assert (spent.run.wall_seconds, spent.run.seconds) == (2.5, Seconds(queued=2.5))


def test_of_an_older_run_the_last_summary_says_what_it_took() -> None:
    part = TargetSummary(wall_seconds=4.0, rate=0.75, seconds=Seconds(token=4))
    whole = Summary(
        wall_seconds=8.0,
        rate=1.5,
        seconds=Seconds(calling=8),
        double_quota_saves=2.0,
        targets={"a": part},
    )
    spent = RunTimeSpent.of_summary(whole)
    assert spent.run == TimeSpent(
        wall_seconds=8.0, answered=12, seconds=Seconds(calling=8), double_quota_saves=2.0
    )
    assert (spent.of("a").answered, spent.of("a").seconds) == (3, Seconds(token=4))
    assert (spent + NOTHING_SPENT).run.fivefold_quota_saves is None  # nobody kept it


@pytest.mark.parametrize("members", [{"wall_seconds": -1}, {"answered": 2**60}, {"seconds": 1}])
def test_numbers_that_can_not_be_are_refused(members: dict[str, object]) -> None:
    said = msgspec.to_builtins(NO_TIME) | members
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert(said, TimeSpent)
