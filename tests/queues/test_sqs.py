"""What is SQS's alone: batches that fail in part, redrive policy, deduplication, groups."""

import asyncio
import re
from collections.abc import Callable
from typing import Any

import msgspec
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from hypothesis import given
from hypothesis import strategies as st

from batcher.errors import QueueError, SettingsError
from batcher.queues.factory import open_queue
from batcher.queues.sqs import SqsQueue
from batcher.queues.sqs_admin import SqsAdmin, group_of
from batcher.queues.sqs_client import SqsClient
from batcher.records import Message, Update
from batcher.testing import update
from tests.queues.conftest import make_sqs
from tests.servers import Server


class ScriptedSqs:
    """An SQS that answers as a function says; keeps the batch requests that came.

    ``silent``: batch requests are answered after ``release`` only.
    """

    def __init__(self, fail: Callable[[str, int], str | None], *, silent: bool = False) -> None:
        self.fail = fail
        self.release = asyncio.Event()
        if not silent:
            self.release.set()
        self.batches: list[tuple[str, list[dict[str, Any]]]] = []
        app = web.Application()
        app.router.add_post("/{path:.*}", self._answer)
        self.server = TestServer(app, host="127.0.0.1")

    async def __aenter__(self) -> "ScriptedSqs":
        await self.server.start_server()
        return self

    async def __aexit__(self, *exception: object) -> None:
        await self.server.close()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server.port}/000000000000/q.fifo"

    @property
    def queue(self) -> str:
        return f"sqs:{self.url}"

    async def _answer(self, request: web.Request) -> web.Response:
        operation = request.headers["X-Amz-Target"].partition(".")[2]
        asked = msgspec.json.decode(await request.read())
        answer: dict[str, Any] = {}
        if operation.endswith("Batch"):
            await self.release.wait()
            self.batches.append((operation, asked["Entries"]))
            times = len(self.batches)
            codes = {
                entry["Id"]: self.fail(entry.get("MessageBody", entry.get("ReceiptHandle")), times)
                for entry in asked["Entries"]
            }
            answer = {
                "Successful": [_sent(identity) for identity, code in codes.items() if not code],
                "Failed": [
                    {
                        "Id": identity,
                        "Code": code,
                        "SenderFault": code == "ReceiptHandleIsInvalid",
                        "Message": "no",
                    }
                    for identity, code in codes.items()
                    if code
                ],
            }
        return web.json_response(answer, content_type="application/x-amz-json-1.0")


def _sent(identity: str) -> dict[str, str]:
    return {"Id": identity, "MessageId": identity}


def held(number: int) -> Message:
    return Message(id=str(number), body=b"{}", handle=f"h{number}")


async def test_entries_that_failed_on_the_side_of_sqs_are_sent_again_and_only_those() -> None:
    script = ScriptedSqs(
        lambda body, times: "InternalError" if '"2"' in body and times < 3 else None
    )
    async with script as sqs, open_queue(sqs.queue) as opened:
        await opened.producer.send([update(number) for number in (1, 2, 3)], "b")
    assert [
        [msgspec.json.decode(entry["MessageBody"])["id"] for entry in batch]
        for _, batch in sqs.batches
    ] == [
        ["1", "2", "3"],
        ["2"],
        ["2"],
    ]


async def test_entries_that_keep_failing_are_an_error_and_not_forgotten() -> None:
    async with ScriptedSqs(lambda *_: "InternalError") as sqs, open_queue(sqs.queue) as opened:
        with pytest.raises(QueueError, match="1 of 1 entries of delete_message_batch failed"):
            await opened.queue.acknowledge(held(1))


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


async def test_a_batch_of_a_fifo_queue_holds_one_message_of_a_group_so_a_failure_keeps_order() -> (
    None
):
    async with ScriptedSqs(lambda *_: None) as sqs, open_queue(sqs.queue) as opened:
        await opened.producer.send(
            [update(1, "a"), update(2, "b"), update(3, "a"), update(4, "a")], "b"
        )
    assert [[entry["MessageGroupId"] for entry in batch] for _, batch in sqs.batches] == [
        ["default/acme/a", "default/acme/b"],
        ["default/acme/a"],
        ["default/acme/a"],
    ]


async def test_a_sending_repeated_under_its_name_adds_nothing_and_another_does(sqs: Server) -> None:
    async with open_queue(f"sqs:{await make_sqs(sqs, fifo=True)}") as opened:
        again = [update(1), update(2)]
        await opened.producer.send(again, "monday")
        await opened.producer.send(again, "monday")
        assert (await opened.admin.depth()).waiting == 2
        await opened.producer.send(again, "tuesday")
        assert (await opened.admin.depth()).waiting == 4


async def test_the_queues_own_redrive_policy_moves_what_was_received_too_often(sqs: Server) -> None:
    async with open_queue(f"sqs:{await make_sqs(sqs, most_receives=2)}") as opened:
        await opened.producer.send([update(1)], "b")
        for _ in range(2):
            await opened.queue.release((await opened.queue.receive(1))[0])
        assert await opened.queue.receive(1) == []
        assert [letter.code async for letter in opened.admin.dead()] == ["TooManyReceives"]


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
        async for letter in admin.dead():
            seen.append(letter.id)
            # as at a rate: the first ones are in sight again before the last ones are
            await asyncio.sleep(0.05)
        assert (len(seen), len(set(seen))) == (40, 40)
        assert (await admin.depth()).dead == 40


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


async def test_a_queue_that_is_not_there_is_an_error_that_names_it(sqs: Server) -> None:
    with pytest.raises(
        QueueError, match=r"queue nowhere: .*NonExistentQueue|queue nowhere: .*QueueDoesNotExist"
    ):
        async with open_queue("sqs:nowhere", endpoint_url=f"http://127.0.0.1:{sqs.port}"):
            pass


async def test_a_queue_by_its_name_is_found(sqs: Server) -> None:
    url = await make_sqs(sqs)
    async with open_queue(
        f"sqs:{url.rpartition('/')[2]}", endpoint_url=f"http://127.0.0.1:{sqs.port}"
    ) as opened:
        assert (await opened.admin.depth()).waiting == 0


@given(st.text(min_size=1, max_size=300), st.text(min_size=1, max_size=300))
def test_a_group_is_one_that_sqs_takes_and_one_for_each_trigger(one: str, two: str) -> None:
    def group(trigger: str) -> str:
        return group_of(
            Update(
                id="1", line=1, target="t", request={"DomainName": "d", "EventTriggerName": trigger}
            )
        )

    assert re.fullmatch(r"[!-~]{1,128}", group(one))
    assert (group(one) == group(two)) == (one == two)


async def test_the_region_is_that_of_the_url_or_of_either_variable(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    client = SqsClient("https://sqs.eu-west-3.amazonaws.com/123456789012/updates.fifo")
    assert (client.region, client.fifo) == ("eu-west-3", True)
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-central-2")
    monkeypatch.delenv("AWS_REGION")
    assert SqsClient("updates").region == "eu-central-2"
    monkeypatch.setenv("AWS_REGION", "eu-central-2")
    monkeypatch.delenv("AWS_DEFAULT_REGION")
    assert SqsClient("updates").region == "eu-central-2"
    monkeypatch.delenv("AWS_REGION")
    with pytest.raises(SettingsError, match="set AWS_REGION"):
        SqsClient("updates")
