"""The pace of a measurement: just above what the bucket gives, whatever that is."""

import math

import pytest

from batcher.quota.observation import Observation
from batcher.quota.probe import SaturationProbe
from tests.quota.simulation import Bucket


def saturated(rate: float, burst: float, seconds: float) -> tuple[SaturationProbe, list[bool]]:
    """A measurement of an exact bucket, without latency: whether each call was accepted."""
    probe, bucket, now, accepted = SaturationProbe(), Bucket(rate, burst), 0.0, []
    while (now := max(now, probe.next_send(now))) < seconds:
        took = bucket.take(now)
        observation = Observation.ACCEPTED if took else Observation.THROTTLED
        probe.answered(probe.sent(now), now, observation)
        accepted.append(took)
    return probe, accepted


@pytest.mark.parametrize(("rate", "burst"), [(5, 20), (20, 20), (100, 50)])
def test_once_refused_it_asks_for_a_quarter_more_than_it_gets(rate: float, burst: float) -> None:
    probe, accepted = saturated(rate, burst, 60.0)
    late = accepted[len(accepted) // 2 :]
    assert late.count(False) / len(late) == pytest.approx(0.2, abs=0.05)
    assert probe.rate == pytest.approx(1.25 * rate, rel=0.1)


def test_of_a_bucket_of_a_few_tokens_it_asks_three_times_as_often_at_uneven_times() -> None:
    probe, accepted = saturated(2, 2, 60.0)
    assert accepted.count(False) / len(accepted) == pytest.approx(2 / 3, abs=0.05)
    gaps = {probe.next_send(0.0) - 0.0}
    for _ in range(20):
        before = probe.next_send(0.0)
        probe.sent(before)
        gaps.add(round(probe.next_send(0.0) - before, 6))
    assert len(gaps) > 15


def test_a_dozen_accepted_in_succession_make_it_half_as_fast_again() -> None:
    probe, now = SaturationProbe(), 0.0
    for call in range(8):
        now = max(now, probe.next_send(now))
        observation = Observation.THROTTLED if call == 7 else Observation.ACCEPTED
        probe.answered(probe.sent(now), now, observation)
    before = probe.rate
    for _ in range(12):
        assert probe.rate == before
        now = max(now, probe.next_send(now))
        probe.answered(probe.sent(now), now, Observation.ACCEPTED)
    assert probe.rate == 1.5 * before


def test_the_wish_of_the_server_is_kept_up_to_half_a_minute() -> None:
    for wish, kept in ((7.0, 7.0), (900.0, 30.0)):
        probe = SaturationProbe()
        probe.answered(probe.sent(0.0), 0.05, Observation.THROTTLED, retry_after=wish)
        assert probe.next_send(0.05) == pytest.approx(0.05 + kept)


def test_before_a_look_the_estimate_is_what_flowed_in_at_least_and_a_guess() -> None:
    probe, accepted = saturated(20, 20, 10.0)
    assert probe.estimate.rate == pytest.approx(accepted.count(True) / 20, rel=0.02)
    assert probe.estimate.is_guess
    assert SaturationProbe().estimate.rate == 0.0


def test_a_look_is_worth_it_after_some_more_answers_and_settles_at_two_percent() -> None:
    probe, _ = saturated(20, 20, 1.0)
    assert probe.worth_a_look
    probe.look()
    assert not probe.worth_a_look
    assert not probe.settled
    probe, _ = saturated(20, 20, 10.0)
    probe.look()
    assert probe.settled
    assert probe.to_remember.rate == 20.0


def test_a_request_that_never_left_proves_nothing() -> None:
    probe, now = SaturationProbe(), 0.0
    for _ in range(40):
        now = max(now, probe.next_send(now))
        probe.answered(probe.sent(now), now, Observation.UNSENT)
    assert not probe.worth_a_look
    assert math.isfinite(probe.next_send(now))
