"""Filling a queue of SQS in order, and looking at its dead letters without keeping them."""

import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from batcher.error_codes import TOO_MANY_RECEIVES
from batcher.queues.factory import open_queue
from batcher.queues.sqs_admin import SqsAdmin, group_of
from batcher.queues.sqs_client import SqsClient
from batcher.records import Update
from batcher.testing import update
from tests.queues.conftest import make_sqs
from tests.queues.scripted_sqs import ScriptedSqs
from tests.servers import Server
from tests.waiting import until


async def test_a_batch_of_a_fifo_queue_holds_one_message_of_a_group_so_a_failure_keeps_order() -> (
    None
):
    async with ScriptedSqs(lambda *_: None) as sqs, open_queue(sqs.queue) as opened:
        await opened.producer.send(
            [update(1, "a"), update(2, "b"), update(3, "a"), update(4, "a")], "b"
        )
    assert [[entry["MessageGroupId"] for entry in batch] for _, batch in sqs.batches] == [
        ["a", "b"],
        ["a"],
        ["a"],
    ]


async def test_a_sending_repeated_under_its_name_adds_nothing_and_another_does(sqs: Server) -> None:
    async with open_queue(f"sqs:{await make_sqs(sqs, fifo=True)}") as opened:
        again = [update(1), update(2)]
        await opened.producer.send(again, "monday")
        await opened.producer.send(again, "monday")
        assert (await opened.admin.depth()).waiting == 2
        await opened.producer.send(again, "tuesday")
        assert (await opened.admin.depth()).waiting == 4


async def test_dead_letters_that_come_into_sight_again_meanwhile_end_no_look_and_come_once(
    sqs: Server,
) -> None:
    url = await make_sqs(sqs)
    async with open_queue(f"sqs:{url}") as opened:
        await opened.producer.send([update(number, f"t{number}") for number in range(1, 41)], "b")
        for _ in range(4):
            for message in await opened.queue.receive(10):
                await opened.queue.dead_letter(message, "Odd", "no")
    async with SqsClient(url) as client:
        seen: list[str] = []
        admin = SqsAdmin(client, look=1)

        async def all_are_in_sight() -> bool:
            return (await admin.depth()).dead == 40

        async for letter in admin.dead():
            seen.append(letter.id)
            if len(seen) == 10:  # as at a rate: these are in sight again before the last ones are
                await until(all_are_in_sight)
        assert (len(seen), len(set(seen))) == (40, 40)
        assert (await admin.depth()).dead == 40


NAMES = st.text(min_size=1, max_size=300)


@given(NAMES, NAMES, NAMES, NAMES, NAMES, NAMES)
def test_a_group_is_one_that_sqs_takes_and_a_triggers_whatever_target_and_domain_are_called(
    one: str, two: str, target: str, other_target: str, domain: str, other_domain: str
) -> None:
    def group(trigger: str, target: str, domain: str) -> str:
        named = {"DomainName": domain, "EventTriggerName": trigger}
        return group_of(Update(id="1", line=1, target=target, request=named))

    assert re.fullmatch(r"[!-~]{1,128}", group(one, target, domain))
    assert group(one, target, domain) == group(one, other_target, other_domain)
    assert group(one, "", domain) == group(one, target, domain)
    assert (group(one, target, domain) == group(two, target, domain)) == (one == two)


@pytest.mark.parametrize("count", [2, 9, 10])
async def test_a_message_comes_back_with_its_attributes(sqs: Server, count: int) -> None:
    url = await make_sqs(sqs)
    sent: dict[str, Any] = {
        f"a{n}": {"DataType": "String", "StringValue": str(n)} for n in range(count)
    }
    sent["a0"] = {"DataType": "Binary", "BinaryValue": b"\xff"}
    async with open_queue(f"sqs:{url}", lease=5) as opened, SqsClient(url) as client:
        await client.call("send_message", MessageBody="odd", MessageAttributes=sent)
        (message,) = await opened.queue.receive(1)
        await opened.queue.dead_letter(message, "Invalid", "no update")
        (letter,) = [each async for each in opened.admin.dead()]
        assert letter.code == ("Invalid" if count < 10 else TOO_MANY_RECEIVES)
        await opened.admin.redrive(letter)
        (back,) = await opened.queue.receive(1)
        assert back.attributes == message.attributes == sent
