"""What every message queue promises: SQS standard, SQS FIFO and Redis Streams, real servers."""

import asyncio
from collections import defaultdict

import msgspec

from batcher.ports import Queue
from batcher.queues.factory import OpenedQueue
from batcher.records import Message, Update
from batcher.testing import update
from tests.queues.conftest import Place, make_sqs
from tests.servers import Server


def name_of(message: Message) -> str:
    return str(msgspec.json.decode(message.body)["id"])


async def drain(queue: Queue, count: int) -> list[Message]:
    """The next ``count`` messages, as they come, each acknowledged."""
    messages: list[Message] = []
    async with asyncio.timeout(30):
        while len(messages) < count:
            batch = await queue.receive(10)
            await asyncio.gather(*map(queue.acknowledge, batch))
            messages += batch
    return messages


async def receive(queue: Queue, count: int) -> list[Message]:
    messages: list[Message] = []
    async with asyncio.timeout(30):
        while len(messages) < count:
            messages += await queue.receive(count - len(messages))
    return messages


async def is_empty(opened: OpenedQueue) -> bool:
    depth = await opened.admin.depth()
    return (depth.waiting, depth.held) == (0, 0)


async def test_every_update_comes_as_it_was_sent(place: Place) -> None:
    sent = [update(number) for number in range(1, 36)]
    async with place.open() as opened:
        await opened.producer.send(sent, "b")
        received = await drain(opened.queue, len(sent))
        assert await is_empty(opened)
    assert sorted(map(name_of, received), key=int) == [each.id for each in sent]
    body = next(
        msgspec.json.decode(message.body) for message in received if name_of(message) == "7"
    )
    assert body == {"id": "7", "target": "default", "DomainName": "acme", "EventTriggerName": "t7"}
    assert all(message.sent_at is not None and message.receives == 1 for message in received)


async def test_workers_side_by_side_never_share_a_message(place: Place) -> None:
    async with place.open() as one, place.open() as two:
        await one.producer.send([update(number) for number in range(1, 41)], "b")
        parts = await asyncio.gather(receive(one.queue, 20), receive(two.queue, 20))
    names = [name_of(message) for part in parts for message in part]
    assert len(names) == len(set(names)) == 40


async def test_a_message_that_is_not_acknowledged_comes_again(place: Place) -> None:
    async with place.open() as opened:
        await opened.producer.send([update(1)], "b")
        first = (await receive(opened.queue, 1))[0]
        second = (await receive(opened.queue, 1))[0]
        assert name_of(first) == name_of(second)
        assert second.receives == 2
        await opened.queue.acknowledge(second)
        assert await is_empty(opened)


async def test_what_a_killed_worker_held_comes_to_another(place: Place) -> None:
    async with place.open() as opened:
        await opened.producer.send([update(number) for number in range(1, 9)], "b")
        async with place.held_by_another_process() as (worker, held):
            assert held == 8
            worker.kill()
            await worker.wait()
            assert len(await drain(opened.queue, 8)) == 8
            assert await is_empty(opened)


async def test_an_extended_message_is_kept_and_then_can_be_acknowledged(place: Place) -> None:
    lease = 3
    async with place.open(lease=lease) as mine, place.open(lease=lease) as others:
        await mine.producer.send([update(1)], "b")
        message = (await receive(mine.queue, 1))[0]

        async def look_for(seconds: float) -> None:
            stop = asyncio.get_running_loop().time() + seconds
            while asyncio.get_running_loop().time() < stop:
                assert await others.queue.receive(1) == []

        looking = asyncio.create_task(look_for(1.5 * lease))
        while not looking.done():
            assert await mine.queue.extend(message)
            await asyncio.wait([looking], timeout=lease / 6)
        await looking
        await mine.queue.acknowledge(message)
        assert await is_empty(mine)


async def test_a_lost_message_can_not_be_extended_and_acknowledging_it_harms_nobody(
    place: Place,
) -> None:
    async with place.open() as slow, place.open() as quick:
        await slow.producer.send([update(1)], "b")
        lost = (await receive(slow.queue, 1))[0]
        found = (await receive(quick.queue, 1))[0]
        await quick.queue.acknowledge(found)
        assert not await slow.queue.extend(lost)
        await slow.queue.acknowledge(lost)
        await slow.queue.release(lost)
        assert await is_empty(slow)


async def test_a_released_message_comes_back_long_before_its_lease_is_over(place: Place) -> None:
    async with place.open(lease=300) as mine, place.open(lease=300) as others:
        await mine.producer.send([update(number) for number in (1, 2, 3)], "b")
        for message in reversed(await receive(mine.queue, 3)):
            await mine.queue.release(message)
        async with asyncio.timeout(20):  # of 300
            assert len(await receive(others.queue, 3)) == 3


async def test_a_receive_that_is_cancelled_keeps_nothing(place: Place) -> None:
    async with place.open(lease=300) as mine, place.open(lease=300) as others:
        await mine.producer.send([update(number) for number in range(1, 11)], "b")
        # of the event loop: on its way out, at the server, on its way back
        for steps in range(0, 40, 3):
            receiving = asyncio.create_task(mine.queue.receive(10))
            for _ in range(steps):
                await asyncio.sleep(0)
            receiving.cancel()
            await asyncio.wait([receiving])
            if not receiving.cancelled():
                await asyncio.gather(*map(mine.queue.release, receiving.result()))
        async with asyncio.timeout(20):
            assert len(await receive(others.queue, 10)) == 10


async def test_an_invalid_message_is_set_aside_with_its_reason_and_can_be_put_back(
    place: Place,
) -> None:
    async with place.open() as opened:
        await opened.producer.send([update(number) for number in (1, 2, 3)], "b")
        messages = sorted(await receive(opened.queue, 3), key=name_of)
        await opened.queue.dead_letter(messages[0], "Invalid", "SegmentFilter: too long")
        await opened.queue.dead_letter(messages[1], "ResourceNotFoundException", "no such trigger")
        await opened.queue.acknowledge(messages[2])
        assert await is_empty(opened)
        assert (await opened.admin.depth()).dead == 2
        async for letter in opened.admin.dead():
            if letter.code == "Invalid":
                assert (letter.body, letter.reason) == (messages[0].body, "SegmentFilter: too long")
                await opened.admin.redrive(letter)
        assert (await opened.admin.depth()).dead == 1
        assert name_of((await drain(opened.queue, 1))[0]) == "1"
        assert [letter.code async for letter in opened.admin.dead()] == [
            "ResourceNotFoundException"
        ]


async def test_depth_tells_what_waits_and_what_is_held(place: Place) -> None:
    async with place.open() as opened:
        await opened.producer.send([update(number) for number in range(1, 6)], "b")
        held = await receive(opened.queue, 2)
        depth = await opened.admin.depth()
        assert (depth.waiting, depth.held, depth.dead) == (3, 2, 0)
        assert depth.oldest_seconds is None or 0 <= depth.oldest_seconds < 60
        await opened.queue.release(held[0])
        depth = await opened.admin.depth()
        assert (depth.waiting, depth.held) == (4, 1)


async def test_updates_of_one_trigger_stay_in_order_across_workers_also_after_one_is_killed(
    sqs: Server,
) -> None:
    place = Place(f"sqs:{await make_sqs(sqs, fifo=True)}")  # the only kind that promises it
    sent = [Update(id=str(n), line=n, target="default", request=_request(n)) for n in range(1, 31)]
    seen: dict[str, list[int]] = defaultdict(list)
    async with place.open() as one, place.open() as two:
        await one.producer.send(sent, "b")
        async with place.held_by_another_process() as (worker, _):
            worker.kill()
            await worker.wait()

        async def work(queue: Queue) -> None:
            while sum(map(len, seen.values())) < len(sent):
                batch = await queue.receive(4)
                for message in batch:
                    await asyncio.sleep(0)  # the other one may come in between
                    seen[str(msgspec.json.decode(message.body)["EventTriggerName"])].append(
                        int(name_of(message))
                    )
                    await queue.acknowledge(message)

        async with asyncio.timeout(40):
            await asyncio.gather(work(one.queue), work(two.queue))
    assert {trigger: len(numbers) for trigger, numbers in seen.items()} == {
        "t0": 10,
        "t1": 10,
        "t2": 10,
    }
    assert all(numbers == sorted(numbers) for numbers in seen.values())


def _request(number: int) -> dict[str, str]:
    return {"DomainName": "acme", "EventTriggerName": f"t{number % 3}"}
