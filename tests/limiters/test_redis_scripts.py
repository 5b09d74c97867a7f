"""The script that hands out tokens, held to a model, at times that the test sets."""

import math
from typing import Any

import hypothesis.strategies as st
from hypothesis import HealthCheck, given, settings
from redis import Redis

from batcher.limiters.redis_scripts import CATCH_UP, HEARTBEAT, RESERVE
from tests.limiters.simulated_fleet import address
from tests.servers import Server

BEGIN = 1_800_000_000.0
KEYS = ["state", "log", "workers", "leader"]


class Bucket:
    """The scripts in a database of their own, with a clock that a test moves."""

    def __init__(self, server: Server) -> None:
        self.redis = Redis.from_url(address(server), db=9)
        self.redis.flushdb()
        clock = "redis.call('LRANGE', 'clock', 0, 1)"
        self._reserve = self.redis.register_script(RESERVE.replace("redis.call('TIME')", clock))
        self._heartbeat = self.redis.register_script(HEARTBEAT.replace("redis.call('TIME')", clock))
        self.now = BEGIN
        self.epoch = b""

    def reserve(
        self,
        *,
        rate: float = 0,
        ceiling: float = 0,
        capacity: float = 1,
        throttled: int = -1,
        held: Any = (0, 0, 0),
    ) -> tuple[int, int, bytes, float]:
        """(number, cut, time as Redis tells it, seconds to wait)."""
        self._set_clock()
        arguments = [self.epoch, throttled, "", rate, ceiling, capacity, *held]
        self.epoch, number, cut, at, wait, _ = self._reserve(keys=KEYS, args=arguments)
        return number, cut, at, float(wait)

    def publish(self, rate: float, *, cut: int = 0, resume: float = 0) -> None:
        self._set_clock()
        self._heartbeat(
            keys=KEYS, args=[self.epoch, -1, "", "me", 0, "0-0", cut, rate, resume, "{}"]
        )

    def come_back(self, who: str) -> float:
        """Seconds until the bucket opens for one who was away."""
        self._set_clock()
        return float(self._heartbeat(keys=KEYS, args=["", -1, "", who, 1, "", "", "", "", ""])[7])

    def _set_clock(self) -> None:
        whole, part = divmod(round(self.now * 1e6), 1_000_000)
        self.redis.delete("clock")
        self.redis.rpush("clock", whole, part)


class Model:
    """Two buckets in the plainest words.

    Tokens that flow in, and a place in time for each that goes out.
    """

    def __init__(self, *, rate: float, ceiling: float, capacity: float) -> None:
        self.rate, self.ceiling, self.capacity = rate, ceiling, capacity
        self.last = BEGIN
        self.level, self.at = 0.0, BEGIN  # of the ceiling's bucket, at the time of the last token

    def reserve(self, now: float) -> float:
        plan = self.last + 1 / self.rate if self.rate else 0.0
        at = max(now, plan)
        if self.ceiling:
            at = max(at, self.at + (1 - self.level) / self.ceiling)
            self.level = min(self.capacity, self.level + self.ceiling * (at - self.at)) - 1
            self.at = at
        self.last = max(plan, at - CATCH_UP)
        return at


rates = st.sampled_from([0.0, 0.7, 5.0, 60.0, 300.0])


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    rate=rates,
    ceiling=rates,
    capacity=st.floats(1, 50),
    pauses=st.lists(
        st.one_of(st.just(0.0), st.floats(0, 0.1), st.floats(0, 20)), min_size=1, max_size=40
    ),
)
def test_tokens_come_when_the_model_says(
    redis: Server, rate: float, ceiling: float, capacity: float, pauses: list[float]
) -> None:
    bucket, model = Bucket(redis), Model(rate=rate, ceiling=ceiling, capacity=capacity)
    times: list[float] = []
    for pause in [0.0, *pauses]:  # it begins with the first question
        bucket.now = round(bucket.now + pause, 6)
        _, _, _, wait = bucket.reserve(rate=rate, ceiling=ceiling, capacity=capacity)
        times.append(bucket.now + wait)
        assert math.isclose(times[-1], model.reserve(bucket.now), rel_tol=0, abs_tol=1e-4)
    if ceiling:
        # from an empty bucket, at no time more than its capacity and what flowed in
        for first in range(len(times)):
            for last in range(first, len(times)):
                assert last - first + 1 <= capacity + ceiling * (times[last] - times[first] + 1e-4)


def test_a_throttle_stops_everybody_until_the_leader_has_seen_it_and_once(redis: Server) -> None:
    bucket = Bucket(redis)
    bucket.reserve(rate=50)
    bucket.publish(50)
    _, cut, _, _ = bucket.reserve()
    bucket.now += 1
    assert bucket.reserve(throttled=cut)[0] == 0
    assert bucket.reserve()[0] == 0
    bucket.publish(40, cut=cut)  # he has not read of it yet
    assert bucket.reserve()[0] == 0
    bucket.publish(40, cut=cut + 1, resume=bucket.now + 0.05)
    number, now_cut, _, wait = bucket.reserve(throttled=cut)  # another one of the same event
    assert number > 0
    assert now_cut == cut + 1
    assert math.isclose(wait, 0.05, abs_tol=1e-4)


def test_without_a_leader_a_throttle_stops_everybody_for_a_moment_only(redis: Server) -> None:
    bucket = Bucket(redis)
    cut = bucket.reserve(rate=50)[1]
    assert bucket.reserve(rate=50, throttled=cut)[0] == 0
    bucket.now += 0.31
    assert bucket.reserve(rate=50)[0] > 0


def test_what_is_reserved_far_ahead_is_void_after_a_cut_and_what_is_near_is_not(
    redis: Server,
) -> None:
    bucket = Bucket(redis)
    bucket.reserve(rate=10)
    bucket.publish(10)
    bucket.now += 5
    near, *far = [bucket.reserve()[:3] for _ in range(4)]  # now, and 0.1, 0.2, 0.3 s ahead
    bucket.publish(100)  # faster: who waits must not wait as long as it took before
    assert bucket.reserve(held=near)[0] == near[0]
    bucket.now += 0.01
    number, _, _, wait = bucket.reserve(held=far[-1])
    assert number > far[-1][0]
    assert wait <= 0.12


def test_after_an_outage_all_come_back_at_the_same_moment(redis: Server) -> None:
    bucket = Bucket(redis)
    bucket.reserve(rate=50)
    first = bucket.come_back("a")
    bucket.now += 0.5
    assert math.isclose(bucket.come_back("b"), first - 0.5, abs_tol=1e-4)
    assert bucket.reserve(rate=50)[0] == 0
    bucket.now += first
    assert bucket.come_back("a") < 0
    assert bucket.reserve(rate=50)[0] > 0
