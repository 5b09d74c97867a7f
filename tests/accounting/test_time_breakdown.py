"""Every second of a lane has one cause."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from batcher.accounting.time_breakdown import (
    PRECEDENCE,
    LaneSession,
    TimeBreakdown,
    saved_by_quota,
)
from batcher.records import Seconds

STEPS = st.lists(
    st.tuples(st.floats(0, 100), st.sampled_from(PRECEDENCE), st.booleans()), max_size=60
)


@given(steps=STEPS, end=st.floats(0, 10))
def test_the_causes_sum_up_to_the_time_between_begin_and_end(
    steps: list[tuple[float, str, bool]], end: float
) -> None:
    time_breakdown, now, opened = TimeBreakdown(), 5.0, dict.fromkeys(PRECEDENCE, 0)
    time_breakdown.begin(now)
    for pause, cause, enters in steps:
        now += pause
        if enters or not opened[cause]:
            time_breakdown.enter(cause, now)
            opened[cause] += 1
        else:
            time_breakdown.leave(cause, now)
            opened[cause] -= 1
    time_breakdown.end(now + end)
    time_breakdown.leave("calling", now + end + 100)  # what comes after the end is not counted
    seconds = time_breakdown.seconds()
    causes = [*(getattr(seconds, cause) for cause in PRECEDENCE), seconds.queued]
    total = sum(causes)
    assert total == pytest.approx(time_breakdown.wall_seconds) == pytest.approx(now + end - 5.0)
    assert min(causes) >= 0


def test_a_lane_is_held_up_by_the_first_of_token_calling_backoff() -> None:
    time_breakdown = TimeBreakdown()
    time_breakdown.begin(0)
    time_breakdown.enter("backoff", 1)  # 0-1 queued
    time_breakdown.enter("calling", 3)  # 1-3 backoff
    time_breakdown.enter("calling", 4)  # 3-6 calling, two of them from 4 on
    time_breakdown.enter("token", 6)
    time_breakdown.leave("token", 10)  # 6-10 token
    time_breakdown.leave("calling", 11)  # 10-12 calling
    time_breakdown.leave("calling", 12)
    time_breakdown.leave("backoff", 15)  # 12-15 backoff
    time_breakdown.end(20)  # 15-20 queued
    assert time_breakdown.seconds() == Seconds(queued=6, backoff=5, calling=5, token=4)
    assert time_breakdown.busy_seconds == 1 + 2 * 7 + 1
    assert (
        repr(time_breakdown)
        == "<TimeBreakdown queued of 20.0 s: token 4.0, calling 5.0, backoff 5.0, queued 6.0>"
    )


@given(
    steps=STEPS,
    reach=st.lists(st.tuples(st.sampled_from(["answered", "not sent"]), st.floats(0, 300))),
)
def test_what_can_not_be_sent_is_taken_from_the_other_causes_and_the_sum_stays(
    steps: list[tuple[float, str, bool]], reach: list[tuple[str, float]]
) -> None:
    time_breakdown, now, opened = TimeBreakdown(), 0.0, dict.fromkeys(PRECEDENCE, 0)
    time_breakdown.begin(now)
    waits = 0.0
    for at, (pause, cause, enters) in enumerate(steps):
        now += pause
        if enters or not opened[cause]:
            time_breakdown.enter(cause, now)
            opened[cause] += 1
        else:
            time_breakdown.leave(cause, now)
            opened[cause] -= 1
        if at < len(reach):
            kind, seconds = reach[at]
            if kind == "answered":
                time_breakdown.answered(now)
            else:
                time_breakdown.not_sent(seconds, now)
        assert time_breakdown.token_seconds >= waits
        waits = time_breakdown.token_seconds
    found = msgspec.structs.asdict(time_breakdown.seconds())
    assert min(found.values()) > -1e-6
    assert sum(found.values()) == pytest.approx(time_breakdown.wall_seconds) == pytest.approx(now)


def test_from_the_start_of_a_call_that_never_left_to_the_next_answer_nothing_could_be_sent() -> (
    None
):
    time_breakdown = TimeBreakdown()
    time_breakdown.begin(0)
    time_breakdown.enter("token", 0)
    time_breakdown.leave("token", 10)  # 0-10: the quota
    time_breakdown.enter("calling", 10)
    time_breakdown.enter("token", 10)  # somebody else waits for the quota as well
    time_breakdown.leave("calling", 15)
    time_breakdown.not_sent(5, 15)  # 10-15: no connection came about
    time_breakdown.enter("backoff", 15)
    time_breakdown.leave("token", 30)  # 15-30
    time_breakdown.leave("backoff", 40)  # 30-40
    time_breakdown.enter("calling", 41)  # 40-41: nobody wants to send
    time_breakdown.leave("calling", 42)  # 41-42: not known yet that it leaves
    time_breakdown.answered(42)
    time_breakdown.enter("token", 42)
    time_breakdown.end(50)
    assert time_breakdown.seconds() == Seconds(token=18, queued=1, unreachable=31)
    assert time_breakdown.token_seconds == 10 + 5 + 8
    assert "unreachable 31.0>" in repr(time_breakdown)


@pytest.mark.parametrize(
    ("seconds", "busy", "slots", "saved"),
    [
        (Seconds(token=60), 3, 64, 30),  # at the quota's pace all along: half
        (Seconds(token=60, queued=40, backoff=20), 3, 64, 30),  # the rest stays
        (Seconds(calling=60), 60, 1, 0),  # answers hold it up, not the quota
        # one slot: all that it waited for tokens, and no more
        (Seconds(token=20, calling=80), 80, 1, 20),
        (Seconds(token=60), 80, 2, 20),  # two slots can't make more than 80 s of calls in 40 s
        (Seconds(backoff=60), 0, 4, 0),
    ],
)
def test_what_twice_the_quota_would_save(
    seconds: Seconds, busy: float, slots: int, saved: float
) -> None:
    assert saved_by_quota(2, seconds, busy_seconds=busy, slots=slots) == pytest.approx(saved)


def test_five_times_the_quota_saves_more_than_twice_as_far_as_the_calls_fit() -> None:
    paced = Seconds(token=60)
    assert saved_by_quota(5, paced, busy_seconds=3, slots=64) == pytest.approx(48)  # 4/5
    assert saved_by_quota(5, paced, busy_seconds=80, slots=2) == pytest.approx(20)
    assert saved_by_quota(5, Seconds(calling=60), busy_seconds=60, slots=1) == 0


@pytest.mark.parametrize(("reads_chosen", "saved"), [(True, 0.0), (False, 5.0)])
def test_where_a_pace_that_somebody_chose_held_it_more_quota_would_save_nothing(
    *, reads_chosen: bool, saved: float
) -> None:
    breakdown = TimeBreakdown()
    breakdown.begin(0.0)
    breakdown.enter("token", 0.0, chosen=True)
    breakdown.enter("token", 10.0, chosen=reads_chosen)  # of another operation, for its quota
    breakdown.leave("token", 20.0, chosen=reads_chosen)
    breakdown.leave("token", 30.0, chosen=True)
    breakdown.end(30.0)
    assert breakdown.seconds() == Seconds(token=30)
    assert LaneSession(time_breakdown=breakdown).saved_by_quota(2) == saved


def test_a_session_that_never_started_took_no_time_and_would_have_saved_none() -> None:
    never = LaneSession(stopped="no credentials")
    assert (never.wall_seconds, never.saved_by_quota(2)) == (0.0, 0.0)
    assert never.time_breakdown is not LaneSession().time_breakdown


def test_what_a_session_would_have_saved_is_reckoned_with_its_slots() -> None:
    breakdown = TimeBreakdown()
    breakdown.begin(0.0)
    breakdown.enter("token", 0.0)
    for _ in range(8):
        breakdown.enter("calling", 0.0)
    breakdown.end(10.0)  # held up by tokens all along, with eight calls on their way
    for slots, saved in ((64, 5.0), (10, 2.0), (8, 0.0)):
        session = LaneSession(time_breakdown=breakdown, slots=slots)
        assert session.saved_by_quota(2) == pytest.approx(saved)
