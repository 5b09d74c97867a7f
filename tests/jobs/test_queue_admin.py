"""The jobs on a queue: its depth, its dead letters, their redrive; a spool directory has files."""

import itertools
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from batcher.errors import QueueError, SettingsError
from batcher.jobs.file_redrive import RedrivenFiles
from batcher.jobs.queue_admin import (
    QueueAddress,
    ShownLetter,
    failed_files,
    list_dead_letters,
    queue_depth,
    redrive_dead_letters,
    redrive_files,
)
from batcher.queues.spool_directory import SpoolDirectory
from batcher.records import Update
from tests.conftest import change
from tests.servers import Server, redis_server, running

_numbers = itertools.count()


@pytest.fixture(scope="module")
def redis(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with running(redis_server(tmp_path_factory.mktemp("redis"))) as server:
        yield server


@pytest.fixture
async def address(redis: Server) -> QueueAddress:
    """A stream with three dead letters: those of t0 and t1 of code A, that of t2 of code B."""
    url = f"redis://127.0.0.1:{redis.port}/0?stream=s{next(_numbers)}"
    address = QueueAddress(url=url)
    async with address.open(create=True) as opened:
        updates = [
            Update(id=str(number), line=number, target="eu", request=change(number))
            for number in range(3)
        ]
        await opened.producer.send(updates, "batch")
        for message in await opened.queue.receive(3):
            code = "B" if b'"t2"' in message.body else "A"
            await opened.queue.dead_letter(message, code, "wrong")
    return address


async def test_dead_letters_are_told_with_names_and_nothing_of_what_they_set(
    address: QueueAddress,
) -> None:
    letters: list[ShownLetter] = []
    found = await list_dead_letters(address, letters.append)
    assert (dict(found.codes), found.unseen) == ({"A": 2, "B": 1}, 0)
    assert [(each.id, each.target, each.domain, each.trigger) for each in letters] == [
        ("0", "eu", "acme", "t0"),
        ("1", "eu", "acme", "t1"),
        ("2", "eu", "acme", "t2"),
    ]
    assert "after-" not in repr(letters)


async def test_those_of_one_code_are_listed_and_put_back_and_the_others_stay(
    address: QueueAddress,
) -> None:
    letters: list[ShownLetter] = []
    assert (await list_dead_letters(address, letters.append, "B")).codes.total() == 1
    assert [each.trigger for each in letters] == ["t2"]
    redriven = await redrive_dead_letters(address, "A", rate=1000)
    assert (dict(redriven.codes), redriven.unseen) == ({"A": 2}, 0)
    depth = await queue_depth(address)
    assert (depth.waiting, depth.held, depth.dead) == (2, 0, 1)
    assert (await redrive_dead_letters(address)).codes == {"B": 1}
    assert (await queue_depth(address)).dead == 0


async def test_what_is_put_back_without_a_state_to_hold_it_against_is_counted_unless_forced(
    address: QueueAddress,
) -> None:
    base = {"based_on": {"sha256": "0" * 64, "sent_at": 1.0}}
    bodies = [change(0), change(1) | base, change(2) | {"based_on": None}, ["no update"], {}]

    async def bury() -> None:
        async with address.open(create=True) as opened:
            await redrive_dead_letters(address, force=True)
            for message in await opened.queue.receive(len(bodies)):
                await opened.queue.acknowledge(message)
            for body in bodies:
                update = Update(id="1", line=1, target="eu", request=change(0))
                await opened.producer.send([update], "batch")
                (message,) = await opened.queue.receive(1)
                letter = msgspec.structs.replace(message, body=msgspec.json.encode(body))
                await opened.queue.dead_letter(letter, "A", "wrong")

    await bury()
    found = await redrive_dead_letters(address)
    assert (found.codes.total(), found.unguarded) == (5, 2)
    await bury()
    assert (await redrive_dead_letters(address, force=True)).unguarded == 0


async def test_a_message_queue_has_no_files(address: QueueAddress) -> None:
    assert failed_files(address) is None
    assert redrive_files(address) is None


async def test_files_that_failed_are_told_and_put_back(tmp_path: Path) -> None:
    spool = SpoolDirectory(tmp_path / "spool", still_for=0.0)
    address = QueueAddress(url=f"spool:{tmp_path}/spool")
    spool.put("some.jsonl", [b"{}\n"])
    spool.failed(await spool.claim(), "line 1: no update\nmore")
    assert failed_files(address) == {"some.jsonl": "line 1: no update"}
    assert (await queue_depth(address)).dead == 1
    assert redrive_files(address) == RedrivenFiles(anew=1)
    depth = await queue_depth(address)
    assert (depth.waiting, depth.dead, failed_files(address)) == (1, 0, {})


@pytest.mark.parametrize(
    ("code", "rate", "flags"), [("A", None, "--code"), ("A", 1.0, "--code --rate")]
)
def test_what_means_nothing_for_files_is_refused(
    tmp_path: Path, code: str, rate: float | None, flags: str
) -> None:
    SpoolDirectory(tmp_path)
    with pytest.raises(SettingsError, match=f"{flags}: not for a spool directory"):
        redrive_files(QueueAddress(url=f"spool:{tmp_path}"), code, rate)


async def test_looking_at_a_spool_directory_that_is_not_there_makes_none(tmp_path: Path) -> None:
    with pytest.raises(QueueError, match="no spool directory is there"):
        await queue_depth(QueueAddress(url=f"spool:{tmp_path}/none"))
    assert list(tmp_path.iterdir()) == []
