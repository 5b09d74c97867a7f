"""Quota arithmetic, in virtual time, and the quota as a client meets it."""

from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError
from hypothesis import given
from hypothesis import strategies as st

from batcher.emulator import Emulator, Quota
from batcher.emulator.buckets import TokenBucket

quotas = st.builds(
    lambda rate, burst: Quota(rate=rate, burst=burst),
    st.floats(0.01, 1000),
    st.floats(1, 500) | st.none(),
)
arrivals = st.lists(st.floats(0, 2), min_size=1, max_size=200)  # seconds since the arrival before


@given(quota=quotas, gaps=arrivals)
def test_no_window_of_any_length_lets_more_through_than_burst_and_refill(
    quota: Quota, gaps: list[float]
) -> None:
    bucket, now, passed = TokenBucket(quota, 0.0), 0.0, []
    for gap in gaps:
        now += gap
        if bucket.take(now):
            passed.append(now)
    for first, start in enumerate(passed):
        for last in range(first, len(passed)):
            window = passed[last] - start
            assert last - first + 1 <= quota.capacity + window * quota.rate + 1e-6


@given(quota=quotas, gaps=arrivals)
def test_a_request_is_refused_only_when_less_than_one_token_is_there(
    quota: Quota, gaps: list[float]
) -> None:
    bucket, level = TokenBucket(quota, 0.0), quota.capacity
    now = 0.0
    for gap in gaps:
        now += gap
        level = min(quota.capacity, level + gap * quota.rate)
        if bucket.take(now):
            level -= 1
            assert level > -1e-6
        else:
            assert level < 1 + 1e-6


@pytest.mark.parametrize(
    ("burst_before", "burst_after", "passing"),
    [(10, 3, 3), (10, 10, 6), (10, 50, 6)],  # 10 - 4 taken = 6, capped by the new burst
)
def test_changing_the_quota_keeps_the_level_capped_by_the_new_burst(
    burst_before: float, burst_after: float, passing: int
) -> None:
    bucket = TokenBucket(Quota(rate=1, burst=burst_before), 0.0)
    assert all(bucket.take(0.0) for _ in range(4))
    bucket.change(Quota(rate=5, burst=burst_after), 0.0)
    assert [bucket.take(0.0) for _ in range(60)].count(True) == passing


def test_a_bucket_shows_its_level() -> None:
    bucket = TokenBucket(Quota(rate=2.5), 0.0)
    bucket.take(0.0)
    assert repr(bucket) == "<TokenBucket 1.500 of 2.5, 2.5/s>"


@pytest.mark.parametrize(
    "limits", [{"rate": 0}, {"rate": -1}, {"rate": float("nan")}, {"rate": 1, "burst": 0.5}]
)
def test_a_quota_that_lets_nothing_through_is_refused(limits: dict[str, float]) -> None:
    with pytest.raises(ValueError, match="it must be a number"):
        Quota(**limits)


async def test_each_account_region_and_operation_has_a_bucket_of_its_own(
    connect: Any, trigger: Callable[..., dict[str, Any]]
) -> None:
    """2 tokens each, 3 calls each, and a clock that stands still: 2 pass."""
    now = 0.0
    emulator = Emulator(latency=(0, 0), rate=1, burst=2, clock=lambda: now)
    emulator.seed([trigger()])
    async with emulator as url:

        async def calls(key: str, region: str, operation: str) -> list[str]:
            client = await connect(url, key=key, region=region)
            seen = []
            for _ in range(3):
                try:
                    await getattr(client, operation)(DomainName="acme", EventTriggerName="cart")
                    seen.append("ok")
                except ClientError as error:
                    seen.append(error.response["Error"]["Code"])
            return seen

        twice = ["ok", "ok", "ThrottlingException"]
        assert await calls("ONE", "eu-west-1", "update_event_trigger") == twice
        assert await calls("ONE", "eu-west-1", "get_event_trigger") == twice
        assert await calls("ONE", "us-east-1", "update_event_trigger") == twice
        assert await calls("TWO", "eu-west-1", "update_event_trigger") == twice
        now = 1.0  # one second at 1/s is one token
        assert await calls("ONE", "eu-west-1", "update_event_trigger") == [
            "ok",
            *["ThrottlingException"] * 2,
        ]
        emulator.set_quota("UpdateEventTrigger", 1, 5)
        assert (
            await calls("ONE", "eu-west-1", "update_event_trigger") == ["ThrottlingException"] * 3
        )
        emulator.set_quota(None, None)
        assert await calls("ONE", "eu-west-1", "update_event_trigger") == ["ok"] * 3
