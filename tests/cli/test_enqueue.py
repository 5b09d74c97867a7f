"""``batcher enqueue`` as its users meet it: everything goes in, or nothing and the reason."""

import json
import signal
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.conftest import Command, change, records
from tests.queues.scripted_sqs import ScriptedSqs
from tests.waiting import until

Write = Callable[..., Path]


async def test_the_updates_of_a_file_are_put_in_and_it_is_said_where(
    batcher: Command, write_lines: Write, tmp_path: Path
) -> None:
    write_lines([change(0), change(1, target="eu")])
    put = await batcher("enqueue", "updates.jsonl", "--queue", "spool:spool", "--target", "us")
    assert (put.code, put.err) == (0, "2 updates put into spool/updates.jsonl.\n")
    lines = records(tmp_path / "spool" / "updates.jsonl")
    assert [(line["id"], line["target"]) for line in lines] == [("1", "us"), ("2", "eu")]


async def test_nothing_is_put_in_unless_all_lines_are_valid(
    batcher: Command, write_lines: Write, tmp_path: Path
) -> None:
    write_lines([change(0), {"DomainName": "acme"}])
    refused = await batcher("enqueue", "updates.jsonl", "--queue", "spool:spool")
    assert refused.code == 2
    assert "line 2: EventTriggerName: " in refused.err
    assert "Nothing was put into the queue. Correct these lines." in refused.err
    empty = await batcher("enqueue", "-", "--queue", "spool:spool", given=b"\n")
    assert (
        empty.code,
        "no updates in it; nothing to do: it has only blank lines." in empty.err,
    ) == (2, True)
    assert not (tmp_path / "spool").exists()


async def test_standard_input_is_named_by_the_time(batcher: Command, tmp_path: Path) -> None:
    line = b'{"DomainName":"acme","EventTriggerName":"t0","SegmentFilter":"vip"}\n'
    put = await batcher("enqueue", "-", "--queue", "spool:spool", given=line)
    (path,) = (tmp_path / "spool").glob("*.jsonl")
    assert (put.code, path.name.startswith("stdin-")) == (0, True)
    assert put.err == f"1 update put into spool/{path.name}.\n"


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
async def test_whatever_ends_it_the_same_command_goes_on_and_all_is_in_once_and_in_order(
    batcher: Command, write_lines: Write, number: signal.Signals
) -> None:
    write_lines([change(n) for n in range(600)])

    def fail(body: str, times: int) -> None:
        if times == 2:
            sqs.release.clear()  # from the next one on

    async with ScriptedSqs(fail) as sqs:
        put = ("enqueue", "updates.jsonl", "--queue", sqs.queue)
        begun = await batcher.start(*put)
        await until(lambda: len(sqs.access_keys) == 5)  # two to open it, three batches
        begun.send_signal(number)
        if number == signal.SIGKILL:
            await begun.wait()
        sqs.fail = lambda *_: None
        sqs.release.set()
        _, err = await begun.communicate()
        if number != signal.SIGKILL:
            assert begun.returncode == 4, err
            assert f"interrupted. {len(sqs.taken)} of 600 updates are in".encode() in err
        ended = await batcher(*put)
        assert ended.code == 0, ended.err
        assert "Going on with what was begun at" in ended.err
        assert ended.err.endswith(f"600 updates put into {sqs.queue}.\n")
    ids = [json.loads(body)["id"] for body in sqs.taken.values()]
    assert ids == [str(line) for line in range(1, 601)]


async def test_what_a_broken_queue_took_is_said(batcher: Command, write_lines: Write) -> None:
    write_lines([change(n) for n in range(25)])
    async with ScriptedSqs(lambda _, times: "InternalError" if times > 2 else None) as sqs:
        ended = await batcher("enqueue", "updates.jsonl", "--queue", sqs.queue)
        assert ended.code == 5
        assert f"20 of 25 updates are in {sqs.queue}. Run the same command again" in ended.err


async def test_a_state_directory_that_can_not_be_used_is_told_before_anything_is_sent(
    batcher: Command, write_lines: Write, tmp_path: Path
) -> None:
    write_lines([change(0)])
    (tmp_path / "file").touch()
    batcher.environ["XDG_STATE_HOME"] = str(tmp_path / "file")
    async with ScriptedSqs(lambda *_: None) as sqs:
        refused = await batcher("enqueue", "updates.jsonl", "--queue", sqs.queue)
    assert (refused.code, "set XDG_STATE_HOME" in refused.err, sqs.batches) == (5, True, [])
