"""The job ``enqueue``: all updates of a checked file, in order, or none."""

import re
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest

from batcher.config import Settings
from batcher.errors import InputError, QueueError
from batcher.jobs.checked_file import CheckedFile, check_file
from batcher.jobs.enqueue import enqueue_file
from batcher.jobs.queue_admin import QueueAddress
from tests.conftest import change, records
from tests.queues.scripted_sqs import ScriptedSqs

Write = Callable[..., Path]


@pytest.fixture
def spool(tmp_path: Path) -> QueueAddress:
    return QueueAddress(url=f"spool:{tmp_path}/spool")


def checked(path: Path) -> CheckedFile:
    return check_file(str(path), Settings(target=""), path.parent, any_target=True)


async def test_a_spool_directory_gets_the_file_under_its_own_name_with_ids_and_targets(
    spool: QueueAddress, write_lines: Write, tmp_path: Path
) -> None:
    path = write_lines([change(0), change(1, id="x", target="eu")], "..tonight.jsonl")
    where = await enqueue_file(checked(path), spool)
    assert where == str(tmp_path / "spool" / "tonight.jsonl")
    assert [(line["id"], line.get("target")) for line in records(Path(where))] == [
        ("1", None),
        ("x", "eu"),
    ]


async def test_what_has_no_name_of_its_own_is_named_by_the_time(
    spool: QueueAddress, write_lines: Write
) -> None:
    where = await enqueue_file(checked(write_lines([change(0)], ".jsonl")), spool)
    assert re.fullmatch(r"updates-\d{8}T\d{6}\.\d{6}\.jsonl", Path(where).name)


async def test_a_file_with_invalid_lines_or_changed_since_puts_nothing_in(
    spool: QueueAddress, write_lines: Write, tmp_path: Path
) -> None:
    with pytest.raises(InputError, match="1 lines break a rule"):
        await enqueue_file(checked(write_lines([change(0), {"DomainName": "acme"}])), spool)
    file = checked(write_lines([change(0), change(1)]))
    write_lines([change(0), {"DomainName": "acme"}])
    with pytest.raises(InputError, match=r"changed since it was checked \(noticed at line 2\)"):
        await enqueue_file(file, spool)
    assert [path for path in (tmp_path / "spool").iterdir() if path.is_file()] == []


@pytest.mark.usefixtures("stand_in_credentials")
async def test_of_a_queue_that_goes_away_meanwhile_what_came_before_is_in_it(
    write_lines: Write,
) -> None:
    path = write_lines([change(n) for n in range(35)])
    async with ScriptedSqs(lambda _, times: "InternalError" if times > 2 else None) as sqs:
        with pytest.raises(QueueError, match="failed"):
            await enqueue_file(checked(path), QueueAddress(url=sqs.queue, region="eu-west-1"))
    sent = [
        [msgspec.json.decode(entry["MessageBody"])["id"] for entry in batch]
        for _, batch in sqs.batches
    ]
    assert [identity for batch in sent[:2] for identity in batch] == [
        str(number) for number in range(1, 21)
    ]
    assert all(batch == sent[2] for batch in sent[2:]), "nothing of what comes after is tried"
