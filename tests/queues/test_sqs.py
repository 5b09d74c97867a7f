"""SQS as a consumer has it: batches of acknowledgements, leases that are over, no answer."""

import asyncio

import pytest

from batcher.errors import QueueError, SettingsError
from batcher.queues.factory import open_queue
from batcher.queues.sqs import SqsQueue
from batcher.queues.sqs_client import SqsClient
from batcher.testing import update
from tests.queues.conftest import make_sqs
from tests.queues.scripted_sqs import ScriptedSqs, held
from tests.servers import Server


async def test_a_lease_that_is_over_is_no_error_to_acknowledge_and_false_to_extend() -> None:
    async with (
        ScriptedSqs(lambda *_: "ReceiptHandleIsInvalid") as sqs,
        open_queue(sqs.queue) as opened,
    ):
        await opened.queue.acknowledge(held(1))
        assert not await opened.queue.extend(held(1))
    assert len(sqs.batches) == 2


async def test_what_is_acknowledged_side_by_side_goes_in_batches_of_ten() -> None:
    async with ScriptedSqs(lambda *_: None) as sqs, open_queue(sqs.queue) as opened:
        await asyncio.gather(*(opened.queue.acknowledge(held(number)) for number in range(41)))
    sizes = [len(entries) for _, entries in sqs.batches]
    assert sum(sizes) == 41
    assert len(sizes) <= 6  # one that leaves at once, then full ones


async def test_what_comes_full_is_followed_by_several_requests_side_by_side(sqs: Server) -> None:
    async with open_queue(f"sqs:{await make_sqs(sqs)}") as opened:
        await opened.producer.send([update(number) for number in range(75)], "b")
        received = [await opened.queue.receive(limit) for limit in (100, 100, 15, 100)]
        assert [len(messages) for messages in received] == [10, 20, 15, 30]
        assert len({message.id for messages in received for message in messages}) == 75
        for message in (message for messages in received for message in messages):
            await opened.queue.acknowledge(message)
        assert (await opened.admin.depth()).held == 0


async def test_the_queues_own_redrive_policy_moves_what_was_received_too_often(sqs: Server) -> None:
    async with open_queue(f"sqs:{await make_sqs(sqs, most_receives=2)}") as opened:
        await opened.producer.send([update(1)], "b")
        for _ in range(2):
            await opened.queue.release((await opened.queue.receive(1))[0])
        assert await opened.queue.receive(1) == []
        assert [letter.code async for letter in opened.admin.dead()] == ["TooManyReceives"]


async def test_a_queue_that_takes_requests_and_does_not_answer_is_an_error_soon() -> None:
    async with ScriptedSqs(lambda *_: None, silent=True) as sqs, SqsClient(sqs.url) as client:
        queue = SqsQueue(client, answer_within=0.1)
        asked = [queue.acknowledge(held(1)), queue.extend(held(1)), queue.release(held(1))]
        async with asyncio.timeout(10):
            errors = await asyncio.gather(*asked, return_exceptions=True)
        for error in errors:
            assert isinstance(error, QueueError)
            assert "no answer within 0.1 s" in str(error)
        sqs.release.set()


async def test_without_a_dead_letter_queue_nothing_is_thrown_away(sqs: Server) -> None:
    async with open_queue(f"sqs:{await make_sqs(sqs, dead_letters=False)}") as opened:
        assert not opened.dead_letters
        await opened.producer.send([update(1)], "b")
        message = (await opened.queue.receive(1))[0]
        with pytest.raises(SettingsError, match="Give the queue a redrive policy"):
            await opened.queue.dead_letter(message, "Invalid", "no")
        assert (await opened.admin.depth()).held == 1
