"""The script that hands out tokens, held to a model, at times that the test sets."""

import math
from typing import Any

import hypothesis.strategies as st
import pytest
from hypothesis import HealthCheck, given, settings
from redis import Redis

from batcher.limiters.redis_scripts import (
    AHEAD_OF_ONE,
    CATCH_UP,
    FEWEST,
    HALVED_EVERY,
    HEARTBEAT,
    KEPT_FOR,
    LEAST_PART,
    LEAVE,
    LOG_FORGOTTEN,
    RESERVE,
    SILENT_AFTER,
    URGENT_FOR,
)
from tests.limiters.simulated_fleet import address
from tests.servers import Server

BEGIN = 1_800_000_000.0
KEYS = ["state", "log", "workers", "leader", "shares"]


class Bucket:
    """The scripts in a database of their own, with a clock that a test moves."""

    def __init__(self, server: Server) -> None:
        self.redis = Redis.from_url(address(server), db=9)
        self.redis.flushdb()
        clock = "redis.call('LRANGE', 'clock', 0, 1)"
        self._reserve = self.redis.register_script(RESERVE.replace("redis.call('TIME')", clock))
        self._heartbeat = self.redis.register_script(HEARTBEAT.replace("redis.call('TIME')", clock))
        self._leave = self.redis.register_script(LEAVE.replace("redis.call('TIME')", clock))
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
        who: str = "me",
        urgency: int = 0,
    ) -> tuple[int, int, bytes, float]:
        """(number, cut, time as Redis tells it, seconds to wait)."""
        self._set_clock()
        arguments = [self.epoch, throttled, "", rate, ceiling, capacity, *held]
        arguments += [who, urgency]
        self.epoch, number, cut, at, wait, _ = self._reserve(keys=KEYS, args=arguments)
        return number, cut, at, float(wait)

    def publish(self, rate: float, *, cut: int = 0, resume: float = 0) -> None:
        self._set_clock()
        arguments = [self.epoch, -1, "", "me", 0, "0-0", cut, rate, resume, "{}", 0, 1, 0, 0]
        self._heartbeat(keys=KEYS, args=arguments)

    def heartbeat(
        self, who: str, *dead: str, ceiling: float = 0, away: int = 0, knows: float = 0
    ) -> Any:
        """What a member that publishes nothing is told; ``knows``: its share."""
        self._set_clock()
        arguments = ["", -1, "", who, away, "", "", "", "", "", ceiling, 1, knows, 0, *dead]
        return self._heartbeat(keys=KEYS, args=arguments)

    def leave(self, who: str) -> None:
        self._set_clock()
        self._leave(keys=KEYS, args=["", -1, "", who])

    def share(self, who: str, *dead: str, ceiling: float = 60) -> float:
        """The share of a ceiling that a member is told."""
        return float(self.heartbeat(who, *dead, ceiling=ceiling)[11])

    def come_back(self, who: str) -> float:
        """Seconds until the bucket opens for one who was away."""
        return float(self.heartbeat(who, away=1)[7])

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


def test_a_clock_that_is_set_back_stops_nobody_and_gives_no_burst(redis: Server) -> None:
    bucket = Bucket(redis)
    sent, elapsed = 0, 0.0
    for step in (0, -3600, 0, -5, -86_400 * 365, 0, 0, -0.01):
        bucket.now += step
        for _ in range(20):
            number, _, _, wait = bucket.reserve(rate=50, ceiling=40)
            assert number == (sent := sent + 1)
            assert wait <= 2 / 40 + 1e-3, "what passed since the last call is not known"
            bucket.now = round(bucket.now + wait, 6)
            elapsed += wait
    assert sent <= 40 * elapsed + 2
    bucket.publish(30)
    assert bucket.come_back("b") < 1.0


def test_a_leader_that_dies_when_the_clock_is_set_back_is_followed_all_the_same(
    redis: Server,
) -> None:
    bucket = Bucket(redis)
    assert bucket.heartbeat("a")[3] == 1
    bucket.now -= 3600  # the key of the leader would live on for that long
    assert bucket.heartbeat("b")[3] == 0
    bucket.now += 2
    assert bucket.heartbeat("b")[3] == 1


@settings(max_examples=80, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(
        st.tuples(
            st.sampled_from("abcd"),
            st.sampled_from([0.0, 0.0, 0.1, 0.5, 2.0, 290.0, 700.0]),
            st.booleans(),
        ),
        max_size=30,
    )
)
def test_what_is_told_to_all_is_never_more_than_all(
    redis: Server, heartbeats: list[tuple[str, float, bool]]
) -> None:
    bucket, told = Bucket(redis), dict[str, tuple[float, float]]()
    for who, pause, reply_lost in heartbeats:
        bucket.now += pause
        knows, _ = told.get(who, (0.0, 0.0))
        share = float(bucket.heartbeat(who, ceiling=60, knows=knows)[11])
        if not reply_lost:
            told[who] = (share, bucket.now)
        parts = [
            share * max(LEAST_PART, 0.5 ** int((bucket.now - at) / HALVED_EVERY))
            for share, at in told.values()
            if bucket.now - at < LOG_FORGOTTEN
        ]
        assert sum(parts) <= 1.00001


def test_members_that_stay_are_told_equal_shares_soon(redis: Server) -> None:
    bucket = Bucket(redis)
    for count, names in ((1, "a"), (2, "ab"), (4, "abcd")):
        for _ in range(3):
            shares = [bucket.share(name) for name in names]
            bucket.now += 0.5
        assert shares == [1 / max(FEWEST, count)] * count


@pytest.mark.parametrize("dead", [False, True])
def test_the_others_leave_a_silent_member_its_share_until_it_is_known_to_be_dead(
    redis: Server, dead: bool
) -> None:
    bucket = Bucket(redis)
    for _ in range(3):
        for name in "abc":
            bucket.share(name, ceiling=60)
    bucket.share("a", "c")
    assert rate_of(bucket) == 60, "who is heard of is not dead"
    bucket.now += SILENT_AFTER + 0.01
    for _ in range(3):
        silent = [bucket.heartbeat(name, *(["c"] if dead else []), ceiling=60)[13] for name in "ab"]
    assert silent == ([[], []] if dead else [[b"c"], [b"c"]])
    assert rate_of(bucket) == (60 if dead else 40)
    bucket.now += 2 * HALVED_EVERY - 5
    for _ in range(3):
        shares = [bucket.share(name) for name in "ab"]
    part = 0 if dead else 1 / 6
    assert shares == pytest.approx([(1 - part) / 2] * 2, abs=1e-5)
    assert rate_of(bucket) == pytest.approx(60 * (1 - part), rel=0.01)
    bucket.share("c")
    assert rate_of(bucket) == 60


def rate_of(bucket: Bucket, ceiling: float = 60) -> float:
    """What the bucket gives a second, from where it is empty."""
    times = []
    for _ in range(9):
        _, _, _, wait = bucket.reserve(ceiling=ceiling)
        times.append(bucket.now + wait)
    bucket.now = times[-1]
    return round((len(times) - 2) / (times[-1] - times[1]), 1)


@pytest.mark.parametrize("asked", [0.0, 20.0, 60.0])
def test_the_lowest_ceiling_of_all_members_counts_whoever_asks(redis: Server, asked: float) -> None:
    bucket = Bucket(redis)
    for name, ceiling in (("a", 60.0), ("b", 10.0), ("c", 0.0)):
        bucket.heartbeat(name, ceiling=ceiling)
    assert rate_of(bucket, asked) == 10
    assert float(bucket.heartbeat("c")[12]) == 10


def test_a_ceiling_that_changes_gives_away_no_tokens(redis: Server) -> None:
    bucket = Bucket(redis)
    taken, began = 0, bucket.now
    for turn in range(40):
        ceiling = 60 if turn % 2 else 20
        for _ in range(3):
            _, _, _, wait = bucket.reserve(ceiling=ceiling, capacity=10)
            bucket.now = round(bucket.now + wait, 6)
            taken += 1
    assert taken <= 60 * (bucket.now - began) + 10
    assert taken >= 20 * (bucket.now - began) - 10


def takes_turns(bucket: Bucket, seconds: float, members: dict[str, int], **terms: float) -> str:
    """Who was given tokens in that time, by members that ask again when they are told to."""
    end, given = bucket.now + seconds, ""
    asks_at, due = dict.fromkeys(members, bucket.now), dict.fromkeys(members, False)
    while (at := min(asks_at.values())) < end:
        bucket.now = max(bucket.now, at)
        who = min(asks_at, key=asks_at.__getitem__)
        if due[who]:
            given += who
        number, _, _, wait = bucket.reserve(who=who, urgency=members[who], **terms)
        due[who], asks_at[who] = number > 0, bucket.now + wait + 0.001
    return given


@pytest.mark.parametrize(
    ("terms", "others"),
    [({"rate": 10.0}, 1), ({"ceiling": 10.0}, 4), ({"ceiling": 10.0, "rate": 20.0}, 1)],
)
def test_the_urgent_take_all_but_a_tenth_and_nothing_is_lost(
    redis: Server, terms: dict[str, float], others: int
) -> None:
    bucket = Bucket(redis)
    ordinary = dict.fromkeys("abcd"[:others], 0)
    takes_turns(bucket, 2, ordinary, **terms)
    given = takes_turns(bucket, 15, {**ordinary, "U": 9}, **terms)
    assert 0.87 * 150 <= given.count("U") <= 150 * AHEAD_OF_ONE / (AHEAD_OF_ONE + 1) + 2
    assert len(given) >= 0.97 * 150
    assert "U" in given[:3]  # those before had places that were due at once
    assert all(each in given for each in ordinary)


def test_of_several_levels_the_highest_goes_ahead_and_equals_take_turns(redis: Server) -> None:
    given = takes_turns(Bucket(redis), 15, {"a": 0, "b": 4, "C": 9, "D": 9}, rate=10)
    assert given.count("C") + given.count("D") >= 0.87 * 150
    assert abs(given.count("C") - given.count("D")) <= 2
    assert given.count("a") + given.count("b") >= 10  # nobody starves


@pytest.mark.parametrize("ends", ["silent", "leaves", "asks less"])
def test_who_is_urgent_no_more_holds_nobody_up(redis: Server, ends: str) -> None:
    bucket = Bucket(redis)
    bucket.reserve(rate=10, who="U", urgency=9)
    bucket.now += 0.1
    assert bucket.reserve(rate=10, who="a")[0] == 0
    bucket.reserve(rate=10, who="U", urgency=9)
    match ends:
        case "silent":
            # even meanwhile a token that nobody has taken is left to the others
            bucket.now += 0.2 + 2 * KEPT_FOR  # U's own place and the next one
            assert bucket.reserve(rate=10, who="a")[0] > 0
            bucket.now += URGENT_FOR
        case "leaves":
            bucket.leave("U")
        case _:
            assert bucket.reserve(rate=10, who="U", urgency=1)[0] > 0
            bucket.now += 0.1
            bucket.leave("U")
    number, _, _, wait = bucket.reserve(rate=10, who="a")
    assert number > 0
    assert wait <= 0.3


def test_a_place_far_ahead_of_who_came_earlier_is_void_when_somebody_urgent_comes(
    redis: Server,
) -> None:
    bucket = Bucket(redis)
    places = [bucket.reserve(rate=1, who=each) for each in "abcd"]
    number, _, _, wait = bucket.reserve(rate=1, who="U", urgency=1)
    assert number > 0
    assert wait <= 1.2  # it would be the fifth
    _, cut, at, _ = places[3]
    assert bucket.reserve(rate=1, who="d", held=(places[3][0], cut, at))[0] == 0
