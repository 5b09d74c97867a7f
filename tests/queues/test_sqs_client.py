"""The connection to SQS: where a queue is, and batches of which SQS fails a part."""

from pathlib import Path

import msgspec
import pytest

from batcher.errors import QueueError, SettingsError
from batcher.queues.factory import open_queue
from batcher.queues.sqs_client import SqsClient
from batcher.testing import update
from tests.odd_server import http, odd_server
from tests.queues.conftest import make_sqs
from tests.queues.scripted_sqs import ScriptedSqs, held
from tests.servers import Server


async def test_entries_that_failed_on_the_side_of_sqs_are_sent_again_and_only_those() -> None:
    script = ScriptedSqs(
        lambda body, times: "InternalError" if '"2"' in body and times < 3 else None
    )
    async with script as sqs, open_queue(sqs.queue) as opened:
        await opened.producer.send([update(number) for number in (1, 2, 3)], "b")
    assert [
        [msgspec.json.decode(entry["MessageBody"])["id"] for entry in batch]
        for _, batch in sqs.batches
    ] == [["1", "2", "3"], ["2"], ["2"]]


async def test_entries_that_keep_failing_are_an_error_and_not_forgotten() -> None:
    async with ScriptedSqs(lambda *_: "InternalError") as sqs, open_queue(sqs.queue) as opened:
        with pytest.raises(QueueError, match="1 of 1 entries of delete_message_batch failed"):
            await opened.queue.acknowledge(held(1))


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


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_a_redirect_is_not_followed(
    status: int, stand_in_credentials: None, tmp_path: Path
) -> None:
    async with (
        odd_server(lambda request: http(200, {"QueueUrl": "x"})) as elsewhere,
        odd_server(lambda request: http(status, b"", Location=elsewhere.url)) as server,
    ):
        with pytest.raises(QueueError, match=rf"queue q: .*status {status}\) to 127\.0\.0\.1"):
            async with SqsClient("q", region="eu-west-1", endpoint_url=server.url):
                pass
    assert not elsewhere.requests


async def test_a_queue_that_is_opened_anew_has_credentials_that_are_read_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = tmp_path / "credentials"
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(kept))
    async with ScriptedSqs(lambda *_: None) as sqs:
        for key in ("AKIDOLD", "AKIDNEW"):
            kept.write_text(f"[q]\naws_access_key_id = {key}\naws_secret_access_key = s\n")
            async with open_queue(sqs.queue, profile="q") as opened:
                await opened.producer.send([update(1)], "b")
            assert set(sqs.access_keys) == {key}
            sqs.access_keys.clear()
