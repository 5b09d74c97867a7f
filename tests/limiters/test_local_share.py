"""What a worker takes alone: its share of a ceiling, halved as the others have it."""

import pytest
from msgspec import structs

from batcher.limiters.bucket_settings import BucketSettings
from batcher.limiters.local_share import ASSUMED_WORKERS, UNKNOWN_RATE, LocalShare
from batcher.limiters.redis_bucket import HeartbeatReply
from batcher.limiters.redis_scripts import HALVED_EVERY, LEAST_PART, SILENT_AFTER
from batcher.quota.estimated_quota import EstimatedQuota

NOTHING = EstimatedQuota(rate=0.5)
TWENTY = EstimatedQuota(rate=20.0, burst=20.0, doubt=0.01)
CEILING = BucketSettings(rate=60.0, burst=1.0)
NONE = BucketSettings(rate=None, burst=1.0)
REPLY = HeartbeatReply(
    epoch="1.0",
    now=0.0,
    workers=3,
    leading=False,
    newest="0-0",
    events=[],
    opens_in=-1.0,
    learned=None,
    idle=0.0,
    rate=None,
    share=0.25,
)


@pytest.mark.parametrize(
    ("after", "part"),
    [(0.0, 1.0), (0.999, 1.0), (1.0, 0.5), (2.5, 0.25), (3.0, 0.125), (4.0, 1 / 16), (99, 1 / 16)],
)
def test_of_a_ceiling_it_takes_its_share_and_ever_less(after: float, part: float) -> None:
    share = LocalShare()
    share.told(REPLY, 100.0, 100.2)
    now = 100.0 + after * HALVED_EVERY
    assert share.rate(now, NOTHING, CEILING, 3) == pytest.approx(60 * 0.25 * part)
    assert min(part, LEAST_PART) == LEAST_PART
    assert share.rate(now, TWENTY, NONE, 4) == 5.0, "what was learned is no ceiling"


def test_of_a_ceiling_it_takes_nothing_before_the_others_must_have_noticed() -> None:
    share = LocalShare()
    assert share.begins_at(7.0, CEILING) == 7.0, "nobody knows of it"
    share.told(REPLY, 100.0, 100.2)
    assert share.begins_at(100.3, CEILING) == 100.2 + SILENT_AFTER
    assert share.begins_at(105.0, CEILING) == 105.0
    assert share.begins_at(100.3, NONE) == 100.3


def test_the_lowest_ceiling_of_any_member_counts_alone_too() -> None:
    share = LocalShare()
    share.told(structs.replace(REPLY, ceiling=10.0), 1.0, 1.0)
    assert share.rate(1.0, NOTHING, CEILING, 3) == 2.5
    assert share.rate(1.0, NOTHING, NONE, 3) == 2.5
    assert share.lowest(CEILING) == 10.0


def test_who_never_saw_redis_takes_a_cautious_share() -> None:
    share = LocalShare()
    assert share.rate(1e6, NOTHING, CEILING, ASSUMED_WORKERS) == 60 / ASSUMED_WORKERS
    alone = share.rate(1e6, NOTHING, NONE, ASSUMED_WORKERS)
    assert alone == UNKNOWN_RATE / ASSUMED_WORKERS
