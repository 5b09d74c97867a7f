"""Rollback and retry of runs that did not end well.

Stopped early, gone on since, still going on, damaged.
"""

import json
import signal
from collections.abc import Callable
from pathlib import Path

import pytest

from batcher.emulator import Emulator
from tests.conftest import ClockAhead, Command, change, records, sdk_session, trigger
from tests.waiting import until

Write = Callable[..., Path]
KEYS = {
    "region_name": "eu-west-1",
    "aws_access_key_id": "AKIDEXAMPLE",
    "aws_secret_access_key": "secret",
}


async def killed_run(
    batcher: Command, emulator: Emulator, flags: tuple[str, ...], applied: int, images: int
) -> None:
    """Kill -9 a run of updates.jsonl with so many updates applied and so many images kept."""
    before = batcher.folder / "updates.run" / "before.jsonl"
    process = await batcher.start("run", "updates.jsonl", *flags)
    await until(
        lambda: len(emulator.applied()) >= applied and before.read_bytes().count(b"\n") >= images
    )
    process.kill()
    await process.communicate()


def descriptions(emulator: Emulator, count: int) -> list[str]:
    return [emulator.trigger("acme", f"t{n}")["Description"] for n in range(count)]


async def test_a_killed_run_is_undone_whatever_its_ids_what_was_in_flight_too(
    batcher: Command, write_lines: Write, tmp_path: Path
) -> None:
    emulator = Emulator(latency=(0.0, 0.0))
    emulator.seed([trigger(n) for n in range(60)])
    ids = [(f"shop-{n}", str(100_000 + n), str(60 - n), f"00{n}")[n % 4] for n in range(60)]
    write_lines(
        [
            {"id": name, **change(n), **({"SegmentFilter": "vip"} if n > 55 else {})}
            for n, name in enumerate(ids)
        ]
    )
    emulator.script("UpdateEventTrigger", ["hang-after"] * 4)
    async with emulator as url:
        flags = ("--endpoint-url", url, "--rate", "30", "--yes", "--json")
        await killed_run(batcher, emulator, flags, applied=12, images=60)
        answered = len(records(tmp_path / "updates.run" / "results.jsonl"))
        ended = await batcher("rollback", "updates.run", *flags)
    assert ended.code == 0, ended.err
    summary = json.loads(ended.out)
    changed = len(emulator.applied()) - summary["succeeded"]
    assert answered < changed < 60
    assert (summary["succeeded"], summary["unchanged"]) == (changed, 60 - changed)
    assert "did not exist before, and" not in ended.err
    assert (
        "4 updates without an answer: if one was applied, what did not exist before stays"
        in ended.err
    )
    assert descriptions(emulator, 60) == [f"before-{n}" for n in range(60)]


async def test_a_rollback_resumes_the_one_before_only_while_the_run_has_not_gone_on(
    batcher: Command, write_lines: Write, tmp_path: Path
) -> None:
    emulator = Emulator(latency=(0.0, 0.0))
    emulator.seed([trigger(n) for n in range(8)])
    write_lines([change(n) for n in range(8)])
    async with emulator as url:
        flags = ("--endpoint-url", url, "--rate", "200", "--yes", "--json")
        undo = ("rollback", "updates.run", *flags)
        assert (await batcher("run", "updates.jsonl", *flags, "--canary", "3")).code == 3
        emulator.script("UpdateEventTrigger", ["internal"])
        cut = await batcher(*undo, "--max-attempts", "1", "--max-failures", "0", "--rate", "5")
        assert (cut.code, json.loads(cut.out)["not_started"] > 0) == (3, True), cut.err
        resumed = await batcher(*undo)
        assert (resumed.code, "Resuming" in resumed.err, json.loads(resumed.out)["failed"]) == (
            1,
            True,
            1,
        )
        assert (await batcher("run", "updates.jsonl", *flags)).code == 0
        anew = await batcher(*undo)
        counts = json.loads(anew.out)
        assert (anew.code, counts["succeeded"], counts["unchanged"]) == (0, 6, 2), anew.err
        assert (tmp_path / "updates.run.rollback-2").exists()
        refused = await batcher(*undo, "--out", "updates.run.rollback")
        assert (refused.code, "belongs to another run" in refused.err) == (5, True)
    assert descriptions(emulator, 8) == [f"before-{n}" for n in range(8)]


async def test_what_guards_the_start_of_a_run_guards_a_rollback_and_a_retry_when_given_anew(
    batcher: Command, write_lines: Write
) -> None:
    emulator = Emulator(latency=(0.0, 0.0))
    emulator.seed([trigger(n) for n in range(6)])
    write_lines([change(n) for n in range(6)])
    async with emulator as url:
        flags = ("--endpoint-url", url, "--rate", "200", "--yes", "--json")
        emulator.script("UpdateEventTrigger", ["access-denied"] * 2)
        run = await batcher(
            "run", "updates.jsonl", *flags, "--max-changes", "6", "--deadline", "1h"
        )
        assert (run.code, json.loads(run.out)["succeeded"]) == (1, 4), run.err
        for kind, changes in (("retry", 2), ("rollback", 6)):
            again = (kind, "updates.run", *flags)
            refused = await batcher(*again, "--max-changes", "1")
            assert (
                refused.code,
                f"{changes} of {changes} updates would change" in refused.err,
            ) == (2, True), refused.err
            first = await batcher(*again, "--canary", "1")
            assert (first.code, json.loads(first.out)["succeeded"]) == (3, 1), first.err
            rest = await batcher(*again)
            assert (rest.code, json.loads(rest.out)["succeeded"]) == (0, changes), rest.err
    for name in ("updates.run.retry-1", "updates.run.rollback"):
        assert (
            json.loads((batcher.folder / name / "run.json").read_bytes())["settings"]["deadline"]
            is None
        )


@pytest.mark.parametrize("creating", [(), ("--create-missing",)], ids=["plain", "create-missing"])
async def test_a_trigger_that_somebody_deleted_since_is_left_deleted_unless_forced(
    batcher: Command, write_lines: Write, creating: tuple[str, ...]
) -> None:
    clock = ClockAhead()
    emulator = Emulator(latency=(0.0, 0.0), wall_clock=clock)
    emulator.seed([trigger(1), trigger(2)])
    write_lines([change(1), change(2)])
    async with (
        emulator as url,
        sdk_session().create_client("customer-profiles", endpoint_url=url, **KEYS) as somebody,
    ):
        flags = ("--endpoint-url", url, "--rate", "200", "--yes", "--json", *creating)
        assert (
            await batcher("plan", "updates.jsonl", "--endpoint-url", url, "--out", "plan.jsonl")
        ).code == 0
        clock.seconds = 5
        assert (await batcher("run", "updates.jsonl", *flags)).code == 0
        await somebody.delete_event_trigger(DomainName="acme", EventTriggerName="t1")
        ended = await batcher("rollback", "updates.run", *flags)
        counts = json.loads(ended.out)
        assert (ended.code, counts["stale"], counts["succeeded"]) == (1, 1, 1), ended.err
        assert (
            "not there any more"
            in (batcher.folder / "updates.run.rollback" / "results.jsonl").read_text()
        )
        planned = await batcher("run", "plan.jsonl", *flags)
        assert json.loads(planned.out)["stale"] == 2, planned.err
        assert emulator.trigger("acme", "t1") is None
        forced = await batcher("rollback", "updates.run", *flags, "--force", "--out", "forced.run")
        assert forced.code == (0 if creating else 1), forced.err
    assert (emulator.trigger("acme", "t1") is not None) == bool(creating)


async def test_a_run_that_still_goes_on_is_neither_undone_nor_retried(
    batcher: Command, write_lines: Write
) -> None:
    emulator = Emulator(latency=(0.0, 0.0))
    emulator.seed([trigger(1)])
    write_lines([change(1), change(2)])
    emulator.script("UpdateEventTrigger", ["hang"])
    async with emulator as url:
        process = await batcher.start(
            "run", "updates.jsonl", "--endpoint-url", url, "--rate", "200", "--yes"
        )
        results = batcher.folder / "updates.run" / "results.jsonl"
        await until(lambda: results.exists() and results.read_bytes())
        for kind in ("rollback", "retry"):
            ended = await batcher(kind, "updates.run", "--endpoint-url", url, "--yes")
            assert (ended.code, f"in use by process {process.pid}" in ended.err) == (5, True), (
                ended.err
            )
        process.kill()
        await process.communicate()
    assert emulator.applied() == []


async def test_what_can_not_be_undone_or_retried_is_told_with_its_reason(
    batcher: Command, write_lines: Write, tmp_path: Path
) -> None:
    emulator = Emulator(latency=(0.0, 0.0))
    emulator.seed([trigger(n) for n in range(3)])
    write_lines([change(0), change(1), change(9)])
    run = tmp_path / "updates.run"
    async with emulator as url:
        flags = ("--endpoint-url", url, "--rate", "200", "--yes")
        assert (await batcher("run", "updates.jsonl", *flags)).code == 1
        none = await batcher("retry", "updates.run", *flags, "--code", "Stale")
        assert "nothing to retry: no result has the error Stale. Results of" in none.err
        assert (none.code, "2 succeeded, 1 ResourceNotFoundException" in none.err) == (
            2,
            True,
        ), none.err
        for name in ("before.jsonl", "results.jsonl"):
            whole = (run / name).read_bytes()
            (run / name).write_bytes(whole.replace(b'\n{"id":', b'\n{"id":\xff', 1))
            damaged = await batcher("rollback", "updates.run", *flags)
            assert (damaged.code, f"{name}: line 2 is not as it was written" in damaged.err) == (
                5,
                True,
            ), damaged.err
            (run / name).write_bytes(whole)
        (run / "before.jsonl").write_bytes(b"")
        emptied = await batcher("rollback", "updates.run", *flags)
        assert (emptied.code, "before.jsonl: ends after line 0, where" in emptied.err) == (
            5,
            True,
        ), emptied.err
        (run / "before.jsonl").unlink()
        never = await batcher("rollback", "updates.run", *flags)
        assert (never.code, "before.jsonl: is gone" in never.err) == (5, True), never.err
    assert {path.name for path in tmp_path.iterdir()} == {"updates.jsonl", "updates.run"}


@pytest.mark.parametrize("again", [True, False], ids=["changed twice", "changed once"])
@pytest.mark.parametrize("fault", ["hang", "hang-after"])
async def test_what_somebody_changed_between_killed_sessions_is_what_a_rollback_puts_back(
    batcher: Command, write_lines: Write, tmp_path: Path, fault: str, again: bool
) -> None:
    emulator = Emulator(latency=(0.0, 0.0))
    emulator.seed([trigger(0)])
    write_lines([change(0)])
    async with emulator as url:
        flags = ("--endpoint-url", url, "--rate", "100", "--yes")
        for session, somebody in enumerate(("a colleague's", "his second thoughts"), 1):
            emulator.script("UpdateEventTrigger", [fault])
            process = await batcher.start("run", "updates.jsonl", *flags)
            await until(lambda count=session: writes(emulator) == count)
            process.kill()
            await process.communicate()
            if session == 1 or again:
                emulator.seed([{**trigger(0), "Description": (theirs := somebody)}])
        ended = await batcher("run", "updates.jsonl", *flags)
        assert ended.code == 0, ended.err
        kept = [each["Description"] for each in records(tmp_path / "updates.run" / "before.jsonl")]
        assert kept[:2] == ["before-0", "a colleague's"]
        assert kept[-1] == theirs
        assert descriptions(emulator, 1) == ["after-0"]
        assert (await batcher("verify", "updates.run", "--endpoint-url", url)).code == 0
        undone = await batcher("rollback", "updates.run", *flags)
        assert undone.code == 0, undone.err
    assert descriptions(emulator, 1) == [theirs]


@pytest.mark.parametrize("fault", ["hang", "hang-after"])
async def test_what_somebody_changed_after_a_second_signal_is_left_alone(
    batcher: Command, write_lines: Write, fault: str
) -> None:
    emulator = Emulator(latency=(0.0, 0.0))
    emulator.seed([trigger(0), trigger(1)])
    write_lines([change(0), change(1)])
    emulator.script("UpdateEventTrigger", [fault, fault])
    async with emulator as url:
        flags = ("--endpoint-url", url, "--rate", "100", "--yes")
        process = await batcher.start("run", "updates.jsonl", *flags)
        await until(lambda: writes(emulator) == 2)
        process.send_signal(signal.SIGINT)
        assert process.stderr is not None
        while b"draining" not in await process.stderr.readline():
            pass
        process.send_signal(signal.SIGINT)
        await process.communicate()
        emulator.seed([{**trigger(0), "Description": "a colleague's"}])
        assert (await batcher("run", "updates.jsonl", *flags)).code == 1, "both are in doubt"
        assert (await batcher("rollback", "updates.run", *flags)).code == 1
    assert descriptions(emulator, 2) == ["a colleague's", "before-1"]


def writes(emulator: Emulator) -> int:
    return sum(call.operation == "UpdateEventTrigger" for call in emulator.calls())
