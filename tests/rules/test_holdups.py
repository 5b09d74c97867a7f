"""Every second of a lane has one cause."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from batcher.records import Seconds
from batcher.rules.holdups import PRECEDENCE, Holdups, saved_by_double_quota

STEPS = st.lists(
    st.tuples(st.floats(0, 100), st.sampled_from(PRECEDENCE), st.booleans()), max_size=60
)


@given(steps=STEPS, end=st.floats(0, 10))
def test_the_causes_sum_up_to_the_time_between_begin_and_end(
    steps: list[tuple[float, str, bool]], end: float
) -> None:
    holdups, now, opened = Holdups(), 5.0, dict.fromkeys(PRECEDENCE, 0)
    holdups.begin(now)
    for pause, cause, enters in steps:
        now += pause
        if enters or not opened[cause]:
            holdups.enter(cause, now)
            opened[cause] += 1
        else:
            holdups.leave(cause, now)
            opened[cause] -= 1
    holdups.end(now + end)
    holdups.leave("calling", now + end + 100)  # what comes after the end is not counted
    seconds = holdups.seconds()
    total = seconds.token + seconds.calling + seconds.backoff + seconds.queued
    assert total == pytest.approx(holdups.wall_seconds) == pytest.approx(now + end - 5.0)
    assert min(seconds.token, seconds.calling, seconds.backoff, seconds.queued) >= 0


def test_a_lane_is_held_up_by_the_first_of_token_calling_backoff() -> None:
    holdups = Holdups()
    holdups.begin(0)
    holdups.enter("backoff", 1)  # 0-1 queued
    holdups.enter("calling", 3)  # 1-3 backoff
    holdups.enter("calling", 4)  # 3-6 calling, two of them from 4 on
    holdups.enter("token", 6)
    holdups.leave("token", 10)  # 6-10 token
    holdups.leave("calling", 11)  # 10-12 calling
    holdups.leave("calling", 12)
    holdups.leave("backoff", 15)  # 12-15 backoff
    holdups.end(20)  # 15-20 queued
    assert holdups.seconds() == Seconds(queued=6, backoff=5, calling=5, token=4)
    assert holdups.busy_seconds == 1 + 2 * 7 + 1
    assert (
        repr(holdups)
        == "<Holdups queued of 20.0 s: token 4.0, calling 5.0, backoff 5.0, queued 6.0>"
    )


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
    assert saved_by_double_quota(seconds, busy_seconds=busy, slots=slots) == pytest.approx(saved)
