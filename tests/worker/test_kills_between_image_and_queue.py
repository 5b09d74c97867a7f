"""A worker killed between the image of an update and the end of its message, on real queues.

Whatever it was about to do, the next one leaves one result a message, and a rollback puts back what
there was before the first.
"""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from batcher.emulator import Emulator
from tests.conftest import Command, change, records, trigger
from tests.queues.conftest import Place
from tests.waiting import until
from tests.worker.test_worker import command, is_drained, results_in, worker_of

__all__ = ["command"]

COUNT = 4


def images_in(folder: Path) -> int:
    return sum(len(records(path)) for path in (folder / "results" / "images").glob("2*"))


def descriptions(emulator: Emulator) -> list[str]:
    return [emulator.trigger("acme", f"t{n}")["Description"] for n in range(COUNT)]


@pytest.mark.parametrize(
    ("place", "fault", "sent"),
    [
        ("redis", "hang", 0),
        ("redis", "hang-after", COUNT),
        ("redis", None, COUNT),
        ("sqs", "hang-after", COUNT),
        ("sqs-fifo", None, COUNT),
    ],
    indirect=["place"],
    ids=[
        "redis, before the write",
        "redis, after the write",
        "redis, after the result",
        "sqs, after the write",
        "sqs-fifo, after the result",
    ],
)
async def test_after_a_kill_at_any_step_each_message_has_its_result_and_all_can_be_put_back(
    place: Place,
    command: Command,
    write_lines: Callable[..., Path],
    fault: str | None,
    sent: int,
) -> None:
    write_lines([change(n) for n in range(COUNT)])
    emulator = Emulator()
    emulator.seed([trigger(n) for n in range(COUNT)])
    emulator.script("UpdateEventTrigger", [fault] * COUNT)
    async with emulator as url:
        assert (await command("enqueue", "updates.jsonl", "--queue", place.url)).code == 0
        worker = await command.start(*worker_of(place, url, "--rate", "200"))
        await until(lambda: images_in(command.folder) == COUNT)
        await until(lambda: len(emulator.applied()) == sent)
        counts = emulator.counts
        await until(lambda: sum(counts().get("UpdateEventTrigger", {}).values()) == COUNT)
        if fault is None:
            await until(lambda: results_in(command.folder))
        worker.kill()
        await worker.communicate()

        async def once() -> bool:
            ended = await command(*worker_of(place, url, "--once", "--rate", "200"))
            assert ended.code == 0, ended.err
            return await is_drained(place)

        await until(once)
        assert descriptions(emulator) == [f"after-{n}" for n in range(COUNT)]
        results = results_in(command.folder)
        assert {each["message_id"] for each in results if "image" in each} == {
            each["message_id"] for each in results
        }
        assert len({each["message_id"] for each in results}) == COUNT
        assert {each["status"] for each in results} == {"succeeded"}
        assert len(emulator.applied()) == COUNT, "nothing was written twice"
        flags = ("--endpoint-url", url, "--yes", "--json")
        undone = await command("rollback", "results", *flags)
        assert undone.code == 0, undone.err
        assert descriptions(emulator) == [f"before-{n}" for n in range(COUNT)]
        counts = json.loads(undone.out)
        assert counts["succeeded"] == COUNT
        proof = await command("verify", "results.rollback", *flags[:2])
        assert (proof.code, "It holds" in proof.err) == (0, True), proof.err
