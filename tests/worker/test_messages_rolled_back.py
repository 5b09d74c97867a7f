"""What workers did with messages is undone from their results directory, as what a run did is.

Workers in this process and their queue in memory; ``batcher rollback`` as a command.
"""

import json
from pathlib import Path
from typing import Any

import pytest

from batcher.clock import SystemClock
from batcher.emulator import Emulator
from batcher.testing import MemoryQueue
from tests.conftest import Command, change, records, trigger
from tests.waiting import until
from tests.worker.test_message_consumer import encode, no_memory, serving

pytestmark = pytest.mark.usefixtures("stand_in_credentials", "no_memory")

__all__ = ["no_memory"]


def descriptions(emulator: Emulator, count: int) -> list[str]:
    return [emulator.trigger("acme", f"t{n}")["Description"] for n in range(count)]


async def later_than(moment: str) -> str:
    clock = SystemClock()
    await until(lambda: clock.wall() > moment)
    return clock.wall()


async def drained(url: str, results: Path, *updates: dict[str, Any], **settings: Any) -> Any:
    """One worker's session, to the end of its queue."""
    queue = MemoryQueue()
    queue.put(*map(encode, updates))
    async with serving(
        queue, results, once=True, endpoint_url=url, rate=1000, **settings
    ) as served:
        await served.ended
    return queue


async def test_what_workers_did_is_put_back_newest_first_and_the_rollback_is_a_run_like_any_other(
    batcher: Command,
) -> None:
    emulator, results = Emulator(), batcher.folder / "results"
    emulator.seed([trigger(n) for n in range(4)])
    async with emulator as url:
        flags = ("--endpoint-url", url, "--yes", "--region", "us-east-1")
        await drained(url, results, change(0), change(1), change(0, Description="again"), change(9))
        await drained(url, results, change(0, Description="last"), change(2), change(3))
        assert descriptions(emulator, 4) == ["last", "after-1", "after-2", "after-3"]
        await drained(url, batcher.folder / "others", change(2, Description="a colleague's"))
        elsewhere = await batcher("rollback", "results", *flags[:3])
        assert elsewhere.code == 5
        assert "the region of target default was us-east-1, now eu-west-1" in elsewhere.err
        ended = await batcher("rollback", "results", *flags)
        assert ended.code == 1, ended.err
        assert descriptions(emulator, 4) == ["before-0", "before-1", "a colleague's", "before-3"]
        undone = records(batcher.folder / "results.rollback" / "results.jsonl")
        assert [each["status"] for each in undone].count("succeeded") == 5
        assert [each["trigger"] for each in undone if each["status"] == "stale"] == ["t2"]
        proof = await batcher("verify", "results.rollback", *flags[:2])
        assert (proof.code, "3 as asked" in proof.err) == (0, True), proof.err
        again = await batcher("rollback", "results.rollback", *flags)
        assert again.code == 0, again.err
        assert descriptions(emulator, 4)[0] == "last"


async def test_only_what_was_done_in_a_time_is_put_back_down_to_the_state_at_its_beginning(
    batcher: Command,
) -> None:
    emulator, results = Emulator(), batcher.folder / "results"
    emulator.seed([trigger(n) for n in range(2)])
    async with emulator as url:
        flags = ("--endpoint-url", url, "--yes", "--region", "us-east-1")
        await drained(url, results, change(0), change(1))
        since = await later_than(SystemClock().wall())
        await drained(url, results, change(0, Description="x"), change(0, Description="y"))
        ended = await batcher("rollback", "results", "--until", since, "--since", since, *flags)
        assert (ended.code, "no updates of that time" in ended.err) == (2, True), ended.err
        ended = await batcher("rollback", "results", "--since", since, *flags)
        assert ended.code == 0, ended.err
        assert descriptions(emulator, 2) == ["after-0", "after-1"]
        wrong = await batcher("rollback", "results", "--since", "yesterday", *flags)
        assert (wrong.code, "is no ISO 8601 time" in wrong.err) == (2, True)
        wrong = await batcher("rollback", "results.rollback", "--since", since, *flags)
        assert (wrong.code, "put back as a whole" in wrong.err) == (2, True)


async def test_a_killed_rollback_is_resumed_and_what_it_could_put_back_in_part_only_is_said(
    batcher: Command,
) -> None:
    emulator, results = Emulator(), batcher.folder / "results"
    emulator.seed([trigger(n) for n in range(20)])
    async with emulator as url:
        flags = ("--endpoint-url", url, "--yes", "--region", "us-east-1", "--json")
        more = {0: {"SegmentFilter": "vip"}}
        await drained(url, results, *(change(n, **more.get(n, {})) for n in range(20)))
        process = await batcher.start("rollback", "results", *flags, "--rate", "5")
        await until(lambda: len(emulator.applied()) >= 23)
        process.kill()
        await process.communicate()
        ended = await batcher("rollback", "results", *flags, "--rate", "1000")
        assert ended.code == 1, ended.err
        assert "t0: SegmentFilter did not exist before" in ended.err
        counts = json.loads(ended.out)
        assert (counts["total"], counts["succeeded"], counts["partial"]) == (20, 19, 1)
        assert descriptions(emulator, 20) == [f"before-{n}" for n in range(20)]
        proof = await batcher("verify", "results.rollback", *flags[:2])
        assert (proof.code, "19 as asked" in proof.err, "Partial" in proof.err) == (1, True, True)
    assert not (batcher.folder / "results.rollback-2").exists()
    assert [path.name for path in results.glob(".*")] == [], "what was killed left no copy"


async def test_what_was_done_under_several_names_of_one_place_is_put_back_as_under_one(
    batcher: Command,
) -> None:
    emulator, results = Emulator(), batcher.folder / "results"
    emulator.seed([trigger(0)])
    async with emulator as url:
        urls = {"a": url, "b": f"{url}/"}
        targets = {name: {"endpoint_url": urls[name], "region": "eu-west-1"} for name in urls}
        tables = [f'[targets.{name}]\nendpoint_url = "{urls[name]}"' for name in urls]
        config = ['target = "a"', 'region = "eu-west-1"', "rate = 1000", *tables]
        (batcher.folder / "w.toml").write_text("\n".join(config))
        more = {1: {"SegmentFilter": "vip"}}
        updates = [
            change(0, Description=f"d{n}", target=name, **more.get(n, {}))
            for n, name in enumerate("abaab")
        ]
        await drained(url, results, *updates, targets=targets, target="a")
        sent = [entry["request"]["Description"] for entry in emulator.applied()]
        ended = await batcher("rollback", "results", "--config", "w.toml", "--yes")
    assert sent == [f"d{n}" for n in range(5)]
    assert ended.code == 1, "what SegmentFilter was can't be put back"
    undone = records(batcher.folder / "results.rollback" / "results.jsonl")
    found = [(each["target"], each["status"]) for each in undone]
    assert found[:3] == [(name, "succeeded") for name in "baa"]
    assert found[3:] == [("b", "partial"), ("a", "partial")]
    assert emulator.trigger("acme", "t0")["Description"] == "before-0"
