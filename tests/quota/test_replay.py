"""The log of a fleet, replayed into one estimator."""

from random import Random

import hypothesis.strategies as st
import pytest
from hypothesis import given, settings
from msgspec.structs import replace

from batcher.quota.estimated_quota import EstimatedQuota
from batcher.quota.estimator import RateEstimator
from batcher.quota.observation import Observation
from batcher.quota.replay import UNANSWERED, CallReport, Cut, Replay, Reported, Reserved

LOOK = 0.1


def reserved(number: int, at: float, *, decided: float | None = None) -> Reserved:
    return Reserved(number, at if decided is None else decided, at, 50.0, True)


def reported(at: float, number: int, observation: Observation, *, sent: float) -> Reported:
    return Reported(at, [CallReport(number, at - sent, 0.0, observation)])


def holding() -> Replay:
    """An estimator at 50/s, 100 accepted calls on: one each 20 ms, answered after 50 ms."""
    replay = Replay(
        RateEstimator(now=0.0, remembered=EstimatedQuota(rate=50.0, burst=50.0, doubt=0.01)), LOOK
    )
    for number in range(100):
        replay.add(reserved(number, number / 50))
        if number > 2:
            replay.add(
                reported(number / 50, number - 3, Observation.ACCEPTED, sent=(number - 3) / 50)
            )
        replay.advance(number / 50)
    return replay


def test_what_a_cut_makes_void_never_counts_as_sent() -> None:
    replay = holding()
    for number, ahead in enumerate((0.05, 0.15, 0.25), start=100):
        replay.add(reserved(number, 2.0 + ahead, decided=2.0))
    replay.add(Cut(1, 2.0))
    replay.add(reserved(103, 2.12, decided=2.01))
    replay.advance(3.0)
    assert ", 102 sent," in repr(replay.estimator)
    assert replay.cut == 1


def test_refusals_of_what_could_not_be_held_back_are_of_the_same_event() -> None:
    replay = holding()
    for number in (100, 101, 102):
        replay.add(reserved(number, 2.0 + (number - 99) / 50, decided=1.99))
    replay.add(reported(2.01, 97, Observation.THROTTLED, sent=1.94))
    replay.add(Cut(1, 2.01))
    replay.advance(2.01)
    once, resume = replay.estimator.pace
    for number in (100, 101, 102):
        replay.add(reported(2.1, number, Observation.THROTTLED, sent=2.0 + (number - 99) / 50))
    again = replay.advance(2.1).rate
    assert once is not None
    assert again == pytest.approx(once, rel=0.02)
    assert resume > 2.1  # the three take tokens first, and only then the reserve is saved up


def test_answers_of_a_time_before_the_log_and_answers_that_never_come_do_no_harm() -> None:
    replay = holding()
    replay.add(reported(2.0, 7_000, Observation.THROTTLED, sent=1.9))
    replay.advance(2.0)
    assert "3 in flight" in repr(replay.estimator)
    replay.advance(2.0 + UNANSWERED)
    assert "0 in flight" in repr(replay.estimator)


@settings(max_examples=50)
@given(seed=st.integers(0, 10**6), rate=st.sampled_from([4.0, 25.0, 200.0]))
def test_the_order_in_which_workers_report_makes_no_difference(seed: int, rate: float) -> None:
    random = Random(seed)
    calls = [
        (number, number / rate, number / rate + random.uniform(0.01, 0.2)) for number in range(40)
    ]
    direct, replay = RateEstimator(now=0.0), Replay(RateEstimator(now=0.0), LOOK)
    tickets = {}
    for time, number, kind in sorted(
        [(s, n, "sent") for n, s, _ in calls] + [(a, n, "answered") for n, _, a in calls]
    ):
        if kind == "sent":
            tickets[number] = replace(direct.sent(time), prompt=True)
        else:
            direct.answered(tickets[number], time, Observation.ACCEPTED)
    for number, sent, _ in calls:
        replay.add(reserved(number, sent))
    end = max(answered for _, _, answered in calls)
    for number, sent, answered in random.sample(calls, len(calls)):
        replay.add(
            Reported(end, [CallReport(number, end - sent, end - answered, Observation.ACCEPTED)])
        )
    direct.next_send(end + 1)
    assert replay.advance(end + 1).rate == direct.rate
    assert repr(replay.estimator) == repr(direct)
