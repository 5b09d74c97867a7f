"""The interval of a bucket of one token: found soon, and moved little by what proves little."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from batcher.quota.estimated_quota import EstimatedQuota
from batcher.quota.estimator import RateEstimator
from batcher.quota.unit_search import UnitBucketSearch
from tests.quota.simulation import Bucket, Change, Simulation, Tenant, World


def between(good: float, refused: float) -> UnitBucketSearch:
    """A search that knows a good rate, and one at which a call was refused at 100 s."""
    search = UnitBucketSearch(100 - 1 / refused)
    search.begin(good)
    search.refused(100.0, refused, since=9)
    return search


@settings(max_examples=200)
@given(rate=st.floats(0.2, 30), good=st.floats(0.4, 1), paced=st.floats(1, 2))
def test_a_bucket_of_one_token_soon_refuses_no_more_and_no_refusal_raises_the_rate(
    rate: float, good: float, paced: float
) -> None:
    bucket, search, now = Bucket(rate, 1), UnitBucketSearch(0.0), 0.0
    bucket.take(now)
    search.begin(good * rate)
    paced, since, refusals = paced * rate, 100, []
    for call in range(1000):
        now = max(now, search.next_at(paced))
        if bucket.take(now):
            search.accepted(now)
            since += 1
            continue
        found = search.refused(now, paced, since=since)
        assert found is not None
        assert found <= paced
        now, since, paced = max(now, search.retry_at(now, found)), 0, found
        refusals.append(call)
    assert len(refusals) < 50
    assert sum(call >= 100 for call in refusals) <= 2
    assert 0.45 * rate < paced < 1.001 * rate


@settings(max_examples=200)
@given(
    rate=st.floats(0.2, 5),
    start=st.floats(1.0, 4),
    lates=st.lists(st.floats(0, 5), min_size=40, max_size=40),
)
def test_while_answers_are_late_no_refusal_has_it_send_slower_than_the_bucket_allows(
    rate: float, start: float, lates: list[float]
) -> None:
    """Each call takes its token at any moment between its send and its late answer."""
    bucket, search, now = Bucket(rate, 1), UnitBucketSearch(0.0), 0.0
    bucket.take(now)
    search.begin(0.9 * rate)
    paced = start * rate
    for late in lates:
        now = max(now, search.next_at(paced))
        if bucket.take(now + late):  # the next one leaves when that is answered
            search.accepted(now, late)
            paced = max(paced, search.higher(paced))
        else:
            sent, paced = now, search.refused(now, paced, since=1) or paced
            now = max(now, search.retry_at(sent, paced) - late)
        now += late
    assert paced >= 0.8 * rate


def test_a_rate_refused_again_at_once_is_lowered_twice_as_much_each_time() -> None:
    search = UnitBucketSearch(0.0)
    assert search.refused(0.5, 2.0, since=0) is None  # none is known to be good
    now, lowered, rate = 100.0, [], 2.5
    search.begin(rate)
    search.accepted(now)
    for _ in range(3):
        now += 1 / rate
        lower = search.refused(now, rate, since=0)
        assert lower is not None
        lowered.append(1 - lower / rate)
        rate = lower
        search.accepted(now := now + 1 / rate)
        search.accepted(now := now + 1 / rate)  # in time: the quota has not fallen by much
    assert lowered == pytest.approx([0.008, 0.016, 0.032], rel=0.01)


@pytest.mark.parametrize(("since", "part"), [(0, 0.5), (1, 0.25), (4, 0.1)])
def test_the_calls_that_were_accepted_since_say_how_far_off_a_rate_can_be(
    since: int, part: float
) -> None:
    search, rate, now = UnitBucketSearch(0.0), 2.0, 0.0
    search.begin(rate)
    for _ in range(8):
        rate = search.refused(now + 1 / rate, rate, since=0) or rate
        now += 2 / rate
        search.accepted(now)
        search.accepted(now := now + 1 / rate)  # in time
    assert search.refused(now + 1 / rate, rate, since=since) == pytest.approx((1 - part) * rate)


@pytest.mark.parametrize(
    ("good", "refused", "found"),
    [
        (3.0, 4.7, 4.0),  # quotas are whole numbers: the one in the middle
        (4.95, 5.4, 5.0),  # good at 4.95 is 5 with a little jitter
        (4.2, 4.8, 4.5),  # none in between: the middle
        (0.45, 0.6, 0.5),  # one call in two seconds
        (0.25, 0.5, 0.375),  # too far apart for that
    ],
)
def test_between_a_good_and_a_refused_rate_the_search_goes_on(
    good: float, refused: float, found: float
) -> None:
    search = UnitBucketSearch(0.0)
    search.begin(good)
    assert search.refused(1 / refused, refused, since=9) == pytest.approx(found)


@pytest.mark.parametrize(
    ("good", "refused", "rate", "higher"),
    [
        (0.4, 0.6, 0.4, 0.5),  # what is in between is tried
        (0.98, 1.2, 1.0, 1.0),  # a whole number is the quota
        (0.98, 3.2, 1.0, 2.0),  # or a greater one
        (0.49, 0.51, 0.49, 0.49),  # too little is left
        (0.8, 0.9, 0.5, 0.8),  # known to be good
    ],
)
def test_where_calls_find_their_tokens_what_is_not_refused_yet_is_tried(
    good: float, refused: float, rate: float, higher: float
) -> None:
    assert between(good, refused).higher(rate) == pytest.approx(higher)


def test_a_call_that_may_have_come_early_lowers_nothing_until_half_of_them_are_refused() -> None:
    late = UnitBucketSearch(0.0)
    late.begin(0.9)
    late.accepted(10.0, 0.5)
    assert late.refused(11.0, 1.0, since=1) == 1.0
    assert late.refused(11.1, 1.0, since=1, alone=False) == 1.0
    assert late.refused(11.2, 1.0, since=1) == 1.0
    assert late.refused(11.3, 1.0, since=1) == 0.8


def test_after_a_call_that_came_too_early_more_and_more_wait_until_a_token_is_surely_there() -> (
    None
):
    search, now = UnitBucketSearch(0.0), 10.0
    search.begin(0.99)
    search.accepted(now, 0.02)
    waited = []
    for _ in range(3):
        now += 1
        assert search.is_bold(1.0)
        assert not search.is_surprise(now, 1.0)
        assert search.refused(now, 1.0, since=9) == 1.0  # 20 ms early: nothing is proved
        waited.append(0)
        while not search.is_bold(1.0):
            now += 1.02
            waited[-1] += 1
            search.accepted(now, 0.02)
    assert waited == [8, 16, 32]


def test_a_refusal_at_a_rate_that_is_only_tried_is_none_of_a_lower_quota() -> None:
    search = UnitBucketSearch(0.0)
    search.begin(0.497)
    search.accepted(100.0)
    sent = 100 + 1 / 0.508
    assert search.is_surprise(sent, 0.51)
    assert not search.is_surprise(sent, 0.51, tried=True)
    assert search.refused(sent, 0.51, since=9, tried=True) == 0.5
    assert not search.is_overdue(0.5, sent + 15)  # it is tried again later, not at once


def late_tokens(*waits: float) -> tuple[UnitBucketSearch, float, float]:
    """A search at 1/s that was refused after a second each time, and then waited so long."""
    search, now, rate = UnitBucketSearch(0.0), 100.0, 1.0
    search.begin(1.0)
    search.accepted(now)
    for wait in waits:
        rate = search.refused(now + 1 / rate, rate, since=1) or rate
        search.accepted(now := now + wait)
    return search, now, rate


def test_tokens_that_are_late_by_as_much_say_a_lower_quota_and_are_no_stray_throttles() -> None:
    search, now, rate = late_tokens(2.1, 2.05)
    assert not search.may_be_stray(now + 1 / rate, rate)
    found = search.refused(now + 1 / rate, rate, since=1)
    assert found == pytest.approx((1 / 2.05 + 1 / (1 / rate)) / 2, rel=0.02)
    once, then, rate = late_tokens(2.05)
    assert once.may_be_stray(then + 1 / rate, rate)


def test_tokens_that_others_take_now_and_then_say_no_lower_quota() -> None:
    search, now, rate = late_tokens(2.1)
    search.accepted(now := now + 1 / rate)  # in time
    assert search.may_be_stray(now + 1 / rate, rate)
    found = search.refused(now + 1 / rate, rate, since=2)
    assert found is not None
    assert found > 0.9 * rate


@pytest.mark.parametrize(("before", "after", "refused"), [(1, 0.5, 16), (5, 2, 25)])
def test_a_quota_that_falls_is_found_by_when_its_tokens_come(
    before: float, after: float, refused: int
) -> None:
    change = Change(at=30, rate=after, burst=1)
    world = World(rate=before, burst=1, latency=(0.02, 0.05), changes=(change,))
    logs = [
        Simulation(world, RateEstimator(now=0.0), seed=seed, stop=60).run() for seed in range(6)
    ]
    assert min(log.accepted_between(40, 60) for log in logs) >= 0.85 * 20 * after
    assert sum(len(log.throttled) for log in logs) / len(logs) <= refused


def test_a_remembered_quota_that_has_halved_meanwhile_costs_a_few_throttles() -> None:
    memory = EstimatedQuota(rate=2, burst=1, doubt=0.01, age=3600.0)
    world = World(rate=1, burst=1, latency=(0.02, 0.05))
    for seed in range(4):
        quota = RateEstimator(now=0.0, remembered=memory)
        log = Simulation(world, quota, seed=seed, stop=60).run()
        assert len(log.throttled) <= 10
        assert len(log.accepted) >= 56


def test_a_refusal_proves_no_rate_good() -> None:
    search = UnitBucketSearch(0.0)
    search.begin(2.1)
    search.accepted(100.0)
    found = search.refused(100 + 1 / 2.13, 2.13, since=9)
    assert found == pytest.approx((2.1 + 2.13) / 2)
    search.accepted(101.0)
    assert search.higher(2.0) < 2.13
    assert search.retry_at(101.2, found) == pytest.approx(101 + 1 / 2.1)


def test_a_token_that_is_gone_is_asked_for_ever_later_and_only_many_times_say_a_lower_quota() -> (
    None
):
    search = UnitBucketSearch(0.0)
    search.begin(1.0)
    now, waits, rates = 1.1, [], []
    for _ in range(6):
        rate = search.refused(now, 1.0, since=40)
        assert rate is not None
        waits.append(search.retry_at(now, rate) - now)
        rates.append(rate)
        now += waits[-1]
    assert waits[:4] == sorted(waits[:4])
    assert rates[:4] == pytest.approx([rates[0]] * 4)
    assert rates[0] > 0.9
    assert rates[5] < 0.5


def test_a_rate_is_overdue_after_some_seconds_and_one_that_is_sure_after_a_minute() -> None:
    search = between(0.7, 0.72)
    assert not search.is_overdue(0.7, 115.0)
    assert search.is_overdue(0.7, 121.0)
    sure = between(0.98, 1.15)
    assert not sure.is_overdue(1.0, 155.0)
    assert sure.is_overdue(1.0, 161.0)


@pytest.mark.parametrize("rate", [0.2, 0.5, 1])
@pytest.mark.parametrize("late", [(0.0, 15.0, 1.0), (8.0, 23.0, 4.0)])
def test_a_quota_met_while_answers_were_late_is_used_again_some_seconds_after(
    rate: float, late: tuple[float, float, float]
) -> None:
    world = World(rate=rate, burst=1, latency=(0.02, 0.05), late=late)
    logs = [
        Simulation(world, RateEstimator(now=0.0), seed=seed, stop=90).run() for seed in range(6)
    ]
    again = late[1] + 20
    assert min(log.accepted_between(again, 90) for log in logs) >= 0.88 * rate * (90 - again) - 1
    refused = [len(log.throttled) for log in logs]
    assert sum(refused) / len(refused) <= 16


@pytest.mark.parametrize(("rate", "calls", "refused"), [(0.2, 11, 7), (0.5, 28, 8), (1, 58, 3)])
def test_a_small_quota_that_nobody_gave_is_found_with_few_throttles(
    rate: float, calls: int, refused: int
) -> None:
    world = World(rate=rate, burst=1, latency=(0.02, 0.05))
    logs = [
        Simulation(world, RateEstimator(now=0.0), seed=seed, stop=60).run() for seed in range(6)
    ]
    assert min(len(log.accepted) for log in logs) >= calls
    assert max(len(log.throttled) for log in logs) <= refused


@pytest.mark.parametrize("lateness", [0.05, 0.3])
def test_no_rate_is_thought_good_because_two_tokens_were_taken_by_calls_on_their_way_together(
    lateness: float,
) -> None:
    """Answers are late at first, so what the second call took may long have been there."""
    world = World(rate=5, burst=1, latency=(0.02, 0.05), late=(0.0, 15.0, lateness))
    for seed in range(12):
        quota = RateEstimator(now=0.0)
        log = Simulation(world, quota, seed=seed, stop=60).run()
        assert len(log.throttled) <= 20
        assert len(log.accepted) >= 0.6 * 5 * 60


def test_beside_somebody_else_it_takes_the_rest_and_does_not_stop_when_all_is_taken() -> None:
    tenant = Tenant(start=15, stop=40, rate=0.4)
    world = World(rate=1, burst=1, latency=(0.02, 0.05), tenants=(tenant,))
    logs = [
        Simulation(world, RateEstimator(now=0.0), seed=seed, stop=80).run() for seed in range(6)
    ]
    assert sum(log.accepted_between(15, 40) for log in logs) >= 6 * 0.5 * 0.6 * 25
    assert sum(log.accepted_between(60, 80) for log in logs) >= 6 * 0.8 * 20


@pytest.mark.parametrize(
    ("taken", "refusals", "begins_anew"),
    [(True, 1, False), (True, 2, True), (False, 1, False), (False, 2, True)],
)
def test_a_first_token_after_two_refusals_says_that_somebody_else_took_all_until_then(
    taken: bool, refusals: int, begins_anew: bool
) -> None:
    search = UnitBucketSearch(0.0)
    if taken:
        search.accepted(0.0)
    for each in range(refusals):
        assert search.refused(2.0**each, 1.0, since=0) is None
    search.accepted(30.0)
    assert search.begins_anew is begins_anew
    search.accepted(31.0)
    assert not search.begins_anew


@pytest.mark.parametrize(
    ("taken", "refusals", "found"), [(True, 3, 0.1875), (True, 4, 0.5625), (False, 3, 0.5625)]
)
def test_where_the_call_after_few_refusals_and_a_token_is_refused_they_were_of_a_low_quota(
    taken: bool, refusals: int, found: float
) -> None:
    search = UnitBucketSearch(0.0)
    if taken:
        search.accepted(0.0)
    for each in range(refusals):
        search.refused(2.0**each, 1.0, since=0)
    search.accepted(8.0)
    assert search.refused(9.0, 1.0, since=1) == found


@pytest.mark.parametrize(("rate", "burst"), [(2, 2), (5, 2)])
def test_who_takes_all_but_the_first_token_for_some_seconds_leaves_no_far_lower_rate_behind(
    rate: float, burst: float
) -> None:
    tenant = Tenant(start=0, stop=4, rate=2 * rate)
    world = World(rate=rate, burst=burst, latency=(0.14, 0.17), tenants=(tenant,))
    for seed in range(4):
        log = Simulation(world, RateEstimator(now=0.0), seed=seed, stop=60).run()
        assert log.accepted_between(20, 60) >= 0.75 * rate * 40
