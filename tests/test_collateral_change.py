"""An update that changes what nobody asked for is the last one of its target, by every way in.

The server of these tests clears what an update leaves out, and updates are sent as they are given.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest

from batcher.emulator import Emulator
from batcher.testing import MemoryQueue
from tests.conftest import Command, change, records, trigger
from tests.waiting import until
from tests.worker.test_message_consumer import serving

Write = Callable[..., Path]
COUNT, CONCURRENCY = 60, 4
PACE = ("--rate", "1000", "--concurrency", str(CONCURRENCY))
GIVEN = ("--whole", "never")
FLAGS = ("--yes", "--no-progress", *PACE)


def filtered(number: int) -> dict[str, Any]:
    return {**trigger(number), "SegmentFilter": "vip"}


def clearing() -> Emulator:
    emulator = Emulator(clear_omitted=True, latency=(0.01, 0.02))
    emulator.seed([filtered(n) for n in range(COUNT)])
    return emulator


def as_it_was(emulator: Emulator, number: int) -> bool:
    live = emulator.trigger("acme", f"t{number}") or {}
    return filtered(number).items() <= {"DomainName": "acme", **live}.items()


async def test_a_run_stops_says_what_went_where_and_is_put_back(
    batcher: Command, write_lines: Write, tmp_path: Path
) -> None:
    write_lines([change(n) for n in range(COUNT)])
    emulator = clearing()
    async with emulator as url:
        at = ("--endpoint-url", url)
        ran = await batcher("run", "updates.jsonl", *at, *FLAGS, *GIVEN)
        results = records(tmp_path / "updates.run" / "results.jsonl")
        assert ran.code == 3, ran.err
        assert {record["status"] for record in results} == {"differs"}
        assert 0 < len(results) <= 2 * CONCURRENCY, "those that were in flight"
        first = results[0]
        assert f"MoreThanAsked, line {first['line']}, id {first['id']}: " in ran.err
        assert "SegmentFilter went" in ran.err
        assert "batcher rollback updates.run --endpoint-url" in ran.err
        assert "vip" not in ran.err
        assert not (tmp_path / "updates.run" / "failed.jsonl").exists(), "a retry leaves it alone"

        proof = await batcher("verify", "updates.run", *at)
        still = f"acme/{first['trigger']}: MoreThanAsked: what nobody asked for is still so"
        assert (proof.code, still in proof.err) == (1, True), proof.err

        undone = await batcher("rollback", "updates.run", *at, *FLAGS)
        assert undone.code == 0, undone.err
        assert all(as_it_was(emulator, n) for n in range(COUNT))

        whole = await batcher("run", "updates.jsonl", *at, *FLAGS, "--merge", "--out", "two.run")
        assert whole.code == 0, whole.err
        assert emulator.trigger("acme", "t1")["SegmentFilter"] == "vip"
        proof = await batcher("verify", "two.run", *at)
        assert proof.code == 0, proof.err


async def test_a_resume_takes_up_to_one_round_more_and_stops_again(
    batcher: Command, write_lines: Write, tmp_path: Path
) -> None:
    write_lines([change(n) for n in range(COUNT)])
    async with clearing() as url:
        counts = []
        for _ in range(2):
            ran = await batcher("run", "updates.jsonl", "--endpoint-url", url, *FLAGS, *GIVEN)
            assert ran.code == 3, ran.err
            counts.append(len(records(tmp_path / "updates.run" / "results.jsonl")))
    assert counts[0] < counts[1] <= counts[0] + 2 * CONCURRENCY


async def test_a_file_of_the_spool_is_set_aside_and_no_other_is_begun(
    batcher: Command, write_lines: Write, tmp_path: Path
) -> None:
    emulator = clearing()
    async with emulator as url:
        for name, half in (("one", range(0, COUNT, 2)), ("two", range(1, COUNT, 2))):
            write_lines([change(n) for n in half], f"{name}.jsonl")
            put = await batcher("enqueue", f"{name}.jsonl", "--queue", "spool:spool")
            assert put.code == 0, put.err
        work = ("worker", "--queue", "spool:spool", "--once", "--endpoint-url", url)
        ended = await batcher(*work, *PACE, *GIVEN)
        assert (ended.code, "Stopped: " in ended.err) == (3, True), ended.err
        assert "MoreThanAsked" in ended.err
    (failed,) = (tmp_path / "spool" / "failed").glob("*.wrong")
    wrong = failed.read_text()
    assert "MoreThanAsked" in wrong
    assert "SegmentFilter went" in wrong
    assert "were not started" in wrong
    assert len(emulator.applied()) <= 2 * CONCURRENCY
    left = {"one", "two"} - {failed.name.partition(".")[0]}
    assert [(tmp_path / "spool" / f"{name}.jsonl").exists() for name in left] == [True]


@pytest.mark.usefixtures("stand_in_credentials")
async def test_a_worker_sends_nothing_more_is_not_ready_and_says_why(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    queue = MemoryQueue()
    queue.put(*(msgspec.json.encode(change(n)) for n in range(COUNT)))
    emulator = clearing()
    settings = {"rate": 1000, "concurrency": CONCURRENCY, "before": True, "whole": "never"}
    async with (
        emulator as url,
        serving(queue, tmp_path / "results", endpoint_url=url, **settings) as served,
    ):
        await until(lambda: "SegmentFilter went" in str(served.health.not_ready))
        touched = len(emulator.applied())
        assert touched <= 2 * CONCURRENCY
        assert served.health.stopped("target default"), "whatever session comes next"
        assert queue.dead == [], "it was applied: to send it again would not mend it"
        await until(lambda: len(queue.done) == touched)
        queue.put(msgspec.json.encode(change(COUNT - 1)))
    assert len(emulator.applied()) == touched
    assert {result.status for result in served.results} == {"differs"}
