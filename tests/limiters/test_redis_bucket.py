"""The calls to a shared bucket, on a real Redis: what members and a leader see of each other."""

from typing import Any

import pytest
from redis.asyncio import Redis

from batcher.limiters.redis_bucket import Publication, RedisBucket, Reservation
from batcher.limiters.reports import Answer, Reports, SharedTicket, UnreportedAnswers
from batcher.quota.estimated_quota import EstimatedQuota
from batcher.quota.estimator import Pace
from batcher.quota.observation import Observation
from batcher.quota.replay import Reported, Reserved

FIVE = EstimatedQuota(rate=5.0, burst=10.0, doubt=0.01)


async def reserve(bucket: RedisBucket, reports: Reports | None = None, **more: Any) -> Reservation:
    given: dict[str, Any] = {"ceiling": None, "capacity": 1.0, "held": None}
    return await bucket.reserve(reports or Reports(), unpublished_rate=10.0, **(given | more))


async def heartbeat(bucket: RedisBucket, epoch: str = "", **more: Any) -> Any:
    given: dict[str, Any] = {"away": False, "read": "", "publish": None}
    return await bucket.heartbeat(Reports(epoch=epoch), **(given | more))


async def test_members_reserve_places_in_one_line_and_the_first_one_leads(
    client: Redis, name: str
) -> None:
    one, two = RedisBucket(client, name, "one"), RedisBucket(client, name, "two")
    first, second = await heartbeat(one), await heartbeat(two)
    assert (first.leading, second.leading) == (True, False)
    assert (first.workers, second.workers) == (1, 2)
    places = [await reserve(each) for each in (one, two, one)]
    assert [place.number for place in places] == [1, 2, 3]
    assert {place.epoch for place in places} == {first.epoch}
    times = [float(place.at) for place in places]
    assert times[2] - times[0] == pytest.approx(2 / 10, abs=0.03)  # a late request is forgiven
    await one.leave(Reports())
    assert (await heartbeat(two)).leading


@pytest.mark.parametrize(("silent", "counted"), [(2.0, 2), (3.1, 1)])
async def test_a_member_that_says_nothing_counts_for_three_seconds_more(
    client: Redis, name: str, silent: float, counted: int
) -> None:
    one, two = RedisBucket(client, name, "one"), RedisBucket(client, name, "two")
    for each in (one, two):
        await heartbeat(each)
    (members,) = [key async for key in client.scan_iter(f"*{name}*", _type="zset")]
    await client.zincrby(members, -silent, "two")  # its last heartbeat was so long ago
    assert (await heartbeat(one)).workers == counted
    assert await client.zcard(members) == counted


async def test_members_are_told_with_their_pace_and_when_each_was_heard_of(
    client: Redis, name: str
) -> None:
    one, two = RedisBucket(client, name, "one"), RedisBucket(client, name, "two")
    assert await one.members() == []
    await heartbeat(one, sent_rate=2.5)
    await heartbeat(two)
    key = f"batcher:{{{name}}}:shares"
    # one of a version that told no pace, and that has been silent for a while
    kept = await client.hget(key, "two")
    assert isinstance(kept, bytes)
    seen = float(kept.split()[1])
    await client.hset(key, "old", f"0.5 {seen - 90:.6f} 0 1")
    found = {member.name: member for member in await one.members()}
    assert sorted(found) == ["old", "one", "two"]
    assert (found["one"].rate, found["two"].rate, found["old"].rate) == (2.5, 0.0, None)
    assert (found["one"].leads, found["one"].is_self) == (True, True)
    assert (found["two"].leads, found["two"].is_self) == (False, False)
    assert found["one"].silent_seconds < 5
    assert found["old"].silent_seconds == pytest.approx(90, abs=5)
    # such a one and this version understand each other
    assert (await heartbeat(one)).silent == ["old"]
    await two.leave(Reports())
    assert {member.name for member in await one.members()} == {"one", "old"}


async def test_nothing_outlives_thirty_days_without_use_in_redis(client: Redis, name: str) -> None:
    async def left() -> list[int]:
        return [await client.ttl(key) async for key in client.scan_iter(f"*{name}*")]

    bucket = RedisBucket(client, name, "one")
    await reserve(bucket)
    before = await left()  # it may be killed now
    await heartbeat(bucket)
    after = await left()
    assert (len(before), len(after)) == (2, 5)
    for found in before, after:
        assert min(found) >= 0
        assert 30 * 86_400 - 60 <= max(found) <= 30 * 86_400
    await bucket.leave(Reports())
    assert min(await left()) >= 0


async def test_what_a_leader_publishes_holds_for_all_and_what_members_report_it_reads(
    client: Redis, name: str
) -> None:
    leader, member = RedisBucket(client, name, "leader"), RedisBucket(client, name, "member")
    began = await heartbeat(leader)
    pace = Pace(rate=5.0, resume=0.0)
    await heartbeat(
        leader, began.epoch, read=began.newest, publish=Publication(cut=0, pace=pace, learned=FIVE)
    )
    place = await reserve(member)
    assert place.rate == 5.0
    answers = UnreportedAnswers()
    ticket = SharedTicket(place.epoch, place.number, place.cut, left=1.0)
    answers.add(Answer(ticket, 2.0, Observation.ACCEPTED))
    assert (await reserve(member, answers.take(place.epoch, 2.5))).number == 2
    reply = await heartbeat(leader, began.epoch, read=began.newest)
    assert (reply.rate, reply.learned) == (5.0, FIVE)
    reserved, reported, _ = reply.events
    assert isinstance(reserved, Reserved)
    assert isinstance(reported, Reported)
    (report,) = reported.reports
    assert (report.number, report.sent, report.answered) == (1, 1.5, 0.5)
    again = await heartbeat(leader, began.epoch, read=reply.newest)
    assert (again.events, again.newest) == ([], reply.newest)


async def test_a_place_that_is_held_is_looked_at_again_and_one_of_another_epoch_is_not(
    client: Redis, name: str
) -> None:
    bucket = RedisBucket(client, name, "me")
    held = await reserve(bucket)
    again = await reserve(bucket, Reports(epoch=held.epoch), held=held)
    assert again.number == held.number
    await client.delete(*await client.keys(f"batcher:{{{name}}}:*"))
    fresh = await reserve(bucket, Reports(epoch=held.epoch), held=held)
    assert fresh.epoch != held.epoch
    assert (await reserve(bucket, Reports(epoch=fresh.epoch), held=held)).number > fresh.number
