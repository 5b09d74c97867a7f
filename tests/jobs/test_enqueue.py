"""The job ``enqueue``: all updates of a checked file, once and in order, however often it stops."""

import re
import shutil
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from redis.asyncio import Redis

from batcher.config import Settings
from batcher.errors import InputError, QueueError, SettingsError
from batcher.jobs.checked_file import CheckedFile, check_file
from batcher.jobs.enqueue import Enqueued, Stop, enqueue_file
from batcher.jobs.queue_admin import QueueAddress
from batcher.records import INTERRUPTED
from batcher.storage.enqueue_progress import EnqueueProgress, ProgressFile
from tests.conftest import change, records
from tests.queues.scripted_sqs import ScriptedSqs
from tests.servers import redis_server, running

Write = Callable[..., Path]


@pytest.fixture
def spool(tmp_path: Path) -> QueueAddress:
    return QueueAddress(url=f"spool:{tmp_path}/spool")


def checked(path: Path) -> CheckedFile:
    return check_file(str(path), Settings(target=""), path.parent, any_target=True)


@pytest.fixture(scope="module")
def redis(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The URL of a Redis."""
    with running(redis_server(tmp_path_factory.mktemp("redis"))) as server:
        yield f"redis://127.0.0.1:{server.port}/0"


async def put(file: CheckedFile, address: QueueAddress, **more: Any) -> Enqueued:
    """Enqueue with a state directory beside the file."""
    return await enqueue_file(
        file, address, **{"state": file.path.parent / "state", "stop": Stop(), **more}
    )


async def test_a_spool_directory_gets_the_file_under_its_own_name_with_ids_and_targets(
    spool: QueueAddress, write_lines: Write, tmp_path: Path
) -> None:
    path = write_lines([change(0), change(1, id="x", target="eu")], "..tonight.jsonl")
    where = (await put(checked(path), spool)).where
    assert where == str(tmp_path / "spool" / "tonight.jsonl")
    assert [(line["id"], line.get("target")) for line in records(Path(where))] == [
        ("1", None),
        ("x", "eu"),
    ]


async def test_what_has_no_name_of_its_own_is_named_by_the_time(
    spool: QueueAddress, write_lines: Write
) -> None:
    where = (await put(checked(write_lines([change(0)], ".jsonl")), spool)).where
    assert re.fullmatch(r"updates-\d{8}T\d{6}\.\d{6}\.jsonl", Path(where).name)


async def test_a_file_with_invalid_lines_or_changed_since_puts_nothing_in(
    spool: QueueAddress, write_lines: Write, tmp_path: Path
) -> None:
    with pytest.raises(InputError, match="1 lines break a rule"):
        await put(checked(write_lines([change(0), {"DomainName": "acme"}])), spool)
    file = checked(write_lines([change(0), change(1)]))
    write_lines([change(0), {"DomainName": "acme"}])
    with pytest.raises(InputError, match=r"changed since it was checked \(noticed at line 2\)"):
        await put(file, spool)
    assert [path for path in (tmp_path / "spool").iterdir() if path.is_file()] == []


def address_of(sqs: ScriptedSqs) -> QueueAddress:
    return QueueAddress(url=sqs.queue, region="eu-west-1")


def ids(bodies: Iterable[str | bytes]) -> list[int]:
    return [int(msgspec.json.decode(body)["id"]) for body in bodies]


def key_of(file: CheckedFile, address: QueueAddress) -> list[str | None]:
    return [address.url, "", file.inspection.sha256, ""]


def in_order(found: list[int], triggers: int) -> bool:
    """Whether those of each trigger follow each other as in the file."""
    return all(
        (mine := [n for n in found if n % triggers == each]) == sorted(mine)
        for each in range(triggers)
    )


@pytest.mark.usefixtures("stand_in_credentials")
@pytest.mark.parametrize(("triggers", "broken"), [(35, 7), (4, 13), (35, 1 << 4)])
async def test_what_sqs_takes_in_part_is_told_exactly_and_the_same_command_adds_the_rest(
    write_lines: Write, triggers: int, broken: int
) -> None:
    """Every ``broken``-th update is not taken, until the third command."""
    file = checked(write_lines([change(n % triggers) for n in range(35)]))
    down = True

    def fail(body: str, times: int) -> str | None:
        return "InternalError" if down and not ids([body])[0] % broken else None

    async with ScriptedSqs(fail) as sqs:
        one = await put(file, address_of(sqs))
        assert (one.updates, one.total, one.unanswered) == (len(sqs.taken), 35, False)
        assert "failed 4 times" in str(one.stopped)
        two = await put(file, address_of(sqs))
        assert (two.earlier, two.updates) == (one.updates, len(sqs.taken))
        down = False
        three = await put(file, address_of(sqs))
    assert (three.earlier, three.updates, three.stopped) == (two.updates, 35, None)
    found = ids(sqs.taken.values())
    assert sorted(found) == list(range(1, 36))
    assert in_order(found, triggers)
    sent = [
        entry["MessageBody"]
        for _, batch in sqs.batches
        for entry in batch
        if ids([entry["MessageBody"]])[0] % broken
    ]
    assert len(sent) == len(set(sent)), "what was taken is not sent again"


@pytest.mark.usefixtures("stand_in_credentials")
async def test_what_is_refused_at_first_puts_nothing_in_and_is_an_error(write_lines: Write) -> None:
    file = checked(write_lines([change(0), change(1)]))
    async with ScriptedSqs(lambda *_: "InternalError") as sqs:
        with pytest.raises(QueueError, match="failed 4 times"):
            await put(file, address_of(sqs))
    assert list((file.path.parent / "state").iterdir()) == []


@pytest.mark.usefixtures("stand_in_credentials")
async def test_a_lost_answer_is_told_and_what_it_was_about_is_in_once(write_lines: Write) -> None:
    file = checked(write_lines([change(n) for n in range(35)]))
    async with ScriptedSqs(lambda *_: None, lose=lambda times: 2 <= times <= 4) as sqs:
        one = await put(file, address_of(sqs))
        assert (one.updates, one.unanswered, len(sqs.taken)) == (10, True, 20)
        two = await put(file, address_of(sqs))
    assert (two.earlier, two.updates, two.stopped) == (10, 35, None)
    assert ids(sqs.taken.values()) == list(range(1, 36))


@pytest.mark.usefixtures("stand_in_credentials")
async def test_asked_to_stop_it_ends_after_its_request_and_goes_on_later(
    write_lines: Write,
) -> None:
    file, stop = checked(write_lines([change(n) for n in range(35)])), Stop()

    def fail(body: str, times: int) -> None:
        if times == 2:
            stop.ask()

    async with ScriptedSqs(fail) as sqs:
        one = await put(file, address_of(sqs), stop=stop)
        assert (one.stopped, one.updates, len(sqs.taken)) == (INTERRUPTED, 20, 20)
        two = await put(file, address_of(sqs))
    assert (two.earlier, two.updates) == (20, 35)
    assert ids(sqs.taken.values()) == list(range(1, 36))


@pytest.mark.usefixtures("stand_in_credentials")
async def test_a_file_sent_again_is_new_work_unless_it_is_to_be_the_same(
    write_lines: Write,
) -> None:
    file = checked(write_lines([change(n) for n in range(3)]))
    async with ScriptedSqs(lambda *_: None) as sqs:
        for count in (3, 6):
            await put(file, address_of(sqs))
            assert len(sqs.taken) == count
        for _ in range(2):
            await put(file, address_of(sqs), same=True)
            assert len(sqs.taken) == 9


@pytest.mark.usefixtures("stand_in_credentials")
async def test_a_queue_of_the_same_name_elsewhere_is_another_one(
    write_lines: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What the environment says of account, Region and endpoint may change between two commands."""
    file, address = (
        checked(write_lines([change(n) for n in range(25)])),
        QueueAddress(url="sqs:q.fifo"),
    )

    def broken(body: str, times: int) -> str | None:
        return "InternalError" if times > 1 else None

    async with ScriptedSqs(broken) as here, ScriptedSqs(lambda *_: None) as there:
        monkeypatch.setenv("AWS_ENDPOINT_URL_SQS", here.url.rpartition("/000")[0])
        assert (await put(file, address)).updates == 10
        monkeypatch.setenv("AWS_ENDPOINT_URL_SQS", there.url.rpartition("/000")[0])
        other = await put(file, address)
        assert (other.earlier, ids(there.taken.values())) == (0, list(range(1, 26)))
        here.fail = lambda *_: None
        rest = await put(file, QueueAddress(url=here.queue, region="eu-west-1"))  # by its URL
        assert (rest.earlier, ids(here.taken.values())) == (10, list(range(1, 26)))


@pytest.mark.usefixtures("stand_in_credentials")
async def test_a_state_directory_that_goes_meanwhile_is_made_again(write_lines: Write) -> None:
    file = checked(write_lines([change(n) for n in range(25)]))
    state = file.path.parent / "state"

    def fail(body: str, times: int) -> str | None:
        if times == 1 and state.exists():
            shutil.rmtree(state)
        return "InternalError" if times > 2 else None

    async with ScriptedSqs(fail) as sqs:
        assert (await put(file, address_of(sqs))).updates == 20
        sqs.fail = lambda *_: None
        assert (await put(file, address_of(sqs))).earlier == 20
    assert ids(sqs.taken.values()) == list(range(1, 26))


@pytest.mark.usefixtures("stand_in_credentials")
async def test_what_can_not_be_kept_is_no_promise_to_go_on_from_there(write_lines: Write) -> None:
    file = checked(write_lines([change(n) for n in range(25)]))
    state = file.path.parent / "state"

    def fail(body: str, times: int) -> None:
        if state.is_dir():
            shutil.rmtree(state)
            state.touch()

    async with ScriptedSqs(fail) as sqs:
        one = await put(file, address_of(sqs))
    assert (one.updates, one.kept, len(sqs.taken)) == (10, False, 10)
    assert "can't be kept there: File exists" in str(one.stopped)


@pytest.mark.usefixtures("stand_in_credentials")
async def test_what_can_not_be_replaced_is_told_in_words(write_lines: Write) -> None:
    file = checked(write_lines([change(n) for n in range(25)]))

    def fail(body: str, times: int) -> None:
        for path in (file.path.parent / "state").glob("*.json"):
            if path.is_file():
                path.unlink()
                (path / "in the way").mkdir(parents=True)

    async with ScriptedSqs(fail) as sqs:
        one = await put(file, address_of(sqs))
    assert (one.updates, len(sqs.taken)) == (10, 10)
    assert "can't be kept there: " in str(one.stopped)
    assert "Errno" not in str(one.stopped)


@pytest.mark.usefixtures("stand_in_credentials")
async def test_begun_anew_all_of_it_is_put_in(write_lines: Write) -> None:
    file = checked(write_lines([change(n) for n in range(12)]))
    async with ScriptedSqs(lambda body, times: "InternalError" if times > 1 else None) as sqs:
        assert (await put(file, address_of(sqs))).updates == 10
        sqs.fail = lambda *_: None
        anew = await put(file, address_of(sqs), anew=True)
    assert (anew.earlier, anew.updates, len(sqs.taken)) == (0, 12, 22)


@pytest.mark.usefixtures("stand_in_credentials")
async def test_what_sqs_would_refuse_is_found_before_anything_is_sent_or_is_escaped(
    write_lines: Write,
) -> None:
    odd = [change(n, Description=f"a{chr(code)}b") for n, code in enumerate(ODD)]
    file = checked(write_lines(odd))
    async with ScriptedSqs(lambda *_: None) as sqs:
        await put(file, address_of(sqs))
    for body, line in zip(sqs.taken.values(), odd, strict=True):
        assert re.fullmatch(TAKEN_BY_SQS, body)
        assert msgspec.json.decode(body)["Description"] == line["Description"]
    long = write_lines([change(0), *(change(n, Description="x" * 900) for n in range(1, 9))])
    async with ScriptedSqs(lambda *_: None, attributes={"MaximumMessageSize": "900"}) as sqs:
        with pytest.raises(InputError, match=r"line 2: 9\d\d bytes .* and 3 more"):
            await put(checked(long), address_of(sqs))
        assert sqs.batches == []


ODD = [*range(1, 0x20), 0x7F, 0x85, 0xA0, 0xD7FF, 0xE000, 0xFDD0, 0xFFFD, 0xFFFE, 0xFFFF, 0x10FFFF]
TAKEN_BY_SQS = r"[\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]*"


async def test_same_is_for_queues_that_drop_what_comes_again(
    write_lines: Write, spool: QueueAddress, redis: str
) -> None:
    file, stream = checked(write_lines([change(0)])), f"{redis}?stream=no"
    for address in (spool, QueueAddress(url=stream)):
        with pytest.raises(SettingsError, match="--same: only an SQS FIFO queue"):
            await put(file, address, same=True)


async def test_a_second_command_for_the_same_is_refused_meanwhile(
    write_lines: Write, redis: str
) -> None:
    file = checked(write_lines([change(n) for n in range(3)]))
    address = QueueAddress(url=f"{redis}?stream=twice")
    kept = ProgressFile(tmp := file.path.parent / "state", key_of(file, address))
    with kept.hold(), pytest.raises(QueueError, match="another command puts it into this"):
        await put(file, address)
    assert (await put(file, address)).updates == 3
    assert list(tmp.iterdir()) == []


async def test_a_redis_that_was_emptied_meanwhile_is_told_and_gets_no_second_half(
    write_lines: Write, redis: str
) -> None:
    file, name = checked(write_lines([change(n) for n in range(3)])), "emptied"
    address = QueueAddress(url=f"{redis}?stream={name}")
    kept = ProgressFile(file.path.parent / "state", key_of(file, address))
    with kept.hold():
        kept.write(EnqueueProgress(queue=name, batch="lost", begun_at="then", up_to=2, updates=2))
    with pytest.raises(QueueError, match=r"knows nothing of 2 updates .* --anew"):
        await put(file, address)
    assert (await put(file, address, anew=True)).updates == 3


async def test_of_a_stream_that_was_deleted_meanwhile_no_second_half_is_put_in(
    write_lines: Write, redis: str
) -> None:
    """The key that counts what went in may outlive the stream: eviction takes one of them."""
    file, name = checked(write_lines([change(n) for n in range(12)])), "deleted"
    address = QueueAddress(url=f"{redis}?stream={name}")
    kept = ProgressFile(file.path.parent / "state", key_of(file, address))
    async with address.open(create=True) as opened:
        some = [update async for update in file.source("")][:7]
        await opened.producer.send(some, "begun")
    with kept.hold():
        kept.write(EnqueueProgress(queue=name, batch="begun", begun_at="then", up_to=7, updates=7))
    async with Redis.from_url(redis) as client:
        assert await client.delete(name) == 1
        with pytest.raises(QueueError, match=r"knows nothing of 7 updates .* --anew"):
            await put(file, address)
        assert await client.xlen(name) == 0


async def test_redis_knows_itself_how_far_it_came(write_lines: Write, redis: str) -> None:
    file, name = checked(write_lines([change(n) for n in range(12)])), "far"
    address = QueueAddress(url=f"{redis}?stream={name}")
    kept = ProgressFile(file.path.parent / "state", key_of(file, address))
    async with address.open(create=True) as opened:  # killed before it could write that down
        async for update in file.source(""):
            await opened.producer.send([update], "killed")
            if update.line == 7:
                break
    with kept.hold():
        kept.write(EnqueueProgress(queue=name, batch="killed", begun_at="then"))
    assert (await put(file, address)).earlier == 7
    async with Redis.from_url(redis) as client:
        bodies = [fields[b"body"] for _, fields in await client.xrange(name)]
        assert ids(bodies) == list(range(1, 13))
        assert await client.keys(f"{name}:sending:*") == []
