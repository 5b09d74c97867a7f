"""A rollback that deletes and creates what no update puts back.

No trigger is lost without a word, whatever comes in between.
"""

import json
import re
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import pytest

from batcher.emulator import Emulator
from tests.conftest import Command, change, records, trigger
from tests.waiting import until

Write = Callable[..., Path]
KEY = "AKIDEXAMPLE"
ROLLBACK = Path("updates.run.rollback")


def seeded(count: int = 3) -> Emulator:
    """Triggers, of which every update of ``widened`` sets what did not exist before."""
    emulator = Emulator(latency=(0.0, 0.0))
    emulator.seed([{**trigger(n), "Tags": {"team": "crm"}} for n in range(count)])
    return emulator


def widened(numbers: Iterable[int]) -> list[dict[str, Any]]:
    return [change(n, SegmentFilter="vip") for n in numbers]


def flags(url: str) -> tuple[str, ...]:
    return ("--endpoint-url", url, "--rate", "200", "--yes", "--json")


def content(emulator: Emulator, number: int) -> dict[str, Any] | None:
    found = emulator.trigger("acme", f"t{number}")
    told = ("CreatedAt", "LastUpdatedAt", "Tags")
    return found and {name: value for name, value in found.items() if name not in told}


def operations(emulator: Emulator) -> list[str]:
    return [entry["operation"] for entry in emulator.applied()]


async def test_what_an_update_can_not_put_back_is_recreated_and_what_is_lost_is_said(
    batcher: Command, write_lines: Write, tmp_path: Path
) -> None:
    emulator = seeded()
    write_lines([*widened([0, 1]), change(2)])
    async with emulator as url:
        assert (await batcher("run", "updates.jsonl", *flags(url))).code == 0
        after = [content(emulator, n) for n in range(3)]
        asked = await batcher("rollback", "updates.run", *flags(url)[:-2], "--recreate")
        assert asked.code == 2
        assert "tags and its time of creation are lost, and so would be its integration" in (
            asked.err.replace("\n", " ")
        )
        ended = await batcher("rollback", "updates.run", *flags(url), "--recreate")
        assert (ended.code, json.loads(ended.out)["succeeded"]) == (0, 3), ended.err
        assert operations(emulator)[3:].count("DeleteEventTrigger") == 2
        assert operations(emulator)[3:].count("CreateEventTrigger") == 2
        assert [content(emulator, n) for n in range(3)] == [trigger(n) for n in range(3)]
        results = {each["trigger"]: each for each in records(tmp_path / ROLLBACK / "results.jsonl")}
        assert results["t0"]["lost"] == ["CreatedAt", "Tags"]
        assert "lost" not in results["t2"]
        images = records(tmp_path / ROLLBACK / "before.jsonl")
        assert {each["lost"]["Tags"]["team"] for each in images if "lost" in each} == {"crm"}
        assert (await batcher("verify", str(ROLLBACK), "--endpoint-url", url)).code == 0
        again = await batcher("rollback", str(ROLLBACK), *flags(url))
        assert (again.code, [content(emulator, n) for n in range(3)]) == (0, after), again.err


async def test_a_trigger_with_an_integration_is_left_as_it_is_until_that_is_gone(
    batcher: Command, write_lines: Write, tmp_path: Path, connect: Any
) -> None:
    emulator = seeded()
    write_lines(widened(range(3)))
    async with emulator as url:
        assert (await batcher("run", "updates.jsonl", *flags(url))).code == 0
        client = await connect(url, key=KEY)
        await client.put_integration(DomainName="acme", Uri="kinesis", EventTriggerNames=["t1"])
        before = content(emulator, 1)
        ended = await batcher("rollback", "updates.run", *flags(url), "--recreate")
        assert (ended.code, json.loads(ended.out)["errors"]) == (1, {"IntegrationAttached": 1})
        assert content(emulator, 1) == before
        assert operations(emulator).count("DeleteEventTrigger") == 2
        (failed,) = [
            each for each in records(tmp_path / ROLLBACK / "results.jsonl") if each["error"]
        ]
        assert "kinesis" in failed["error"]["message"]
        await client.delete_integration(DomainName="acme", Uri="kinesis")
        retried = await batcher("retry", str(ROLLBACK), *flags(url))
        assert (retried.code, content(emulator, 1)) == (0, trigger(1)), retried.err


async def test_without_leave_to_see_integrations_nothing_is_deleted(
    batcher: Command, write_lines: Write
) -> None:
    emulator = seeded(1)
    write_lines(widened([0]))
    async with emulator as url:
        assert (await batcher("run", "updates.jsonl", *flags(url))).code == 0
        emulator.script("ListIntegrations", ["access-denied"])
        ended = await batcher("rollback", "updates.run", *flags(url), "--recreate")
        assert (ended.code, json.loads(ended.out)["failed"]) == (1, 1)
    assert "DeleteEventTrigger" not in operations(emulator)


def assert_names_the_missing(said: str, name: str) -> None:
    said = " ".join(said.split())
    assert re.search(rf"not created anew: {name}\. The same command again with --recreate", said)
    assert "--out" not in said


@pytest.mark.parametrize("hangs_at", ["DeleteEventTrigger", "CreateEventTrigger"])
@pytest.mark.parametrize("applied", ["hang", "hang-after"])
async def test_a_kill_between_the_two_is_found_on_the_resume(
    batcher: Command, write_lines: Write, tmp_path: Path, hangs_at: str, applied: str
) -> None:
    emulator = seeded()
    write_lines(widened(range(3)))
    async with emulator as url:
        assert (await batcher("run", "updates.jsonl", *flags(url))).code == 0
        emulator.script(hangs_at, [None, applied])
        rollback = ("rollback", "updates.run", *flags(url), "--recreate")
        process = await batcher.start(*rollback)
        await until(lambda: emulator.counts().get(hangs_at, {}).get(applied))
        process.kill()
        await process.communicate()
        images = records(tmp_path / ROLLBACK / "before.jsonl")
        there = [n for n in range(3) if content(emulator, n) is not None]
        gone = hangs_at == "DeleteEventTrigger" and applied == "hang-after"
        gone = gone or (hangs_at == "CreateEventTrigger" and applied == "hang")
        assert len(there) == (2 if gone else 3)
        assert any(each["SegmentFilter"] == "vip" for each in images)
        (left,) = {n for n in range(3) if n not in there} or {None}
        flagless = ("rollback", "updates.run", *flags(url))
        for more in ((), ("--dry-run",), ("--out", str(ROLLBACK))):
            other = await batcher(*flagless, *more)
            if left is not None:
                assert_names_the_missing(other.err, f"acme/t{left}")
            assert (other.code, "--recreate" in other.err) == (5, True)
        for run in ("updates.run", str(ROLLBACK)) if left is not None else ():
            for more in ((), ("--in-doubt-only",)):
                proof = await batcher("verify", run, "--endpoint-url", url, *more)
                assert_names_the_missing(proof.err, f"acme/t{left}")
                assert (proof.code, "It does not hold." in proof.err) == (1, True)
        ended = await batcher(*rollback)
        assert (ended.code, json.loads(ended.out)["succeeded"]) == (0, 3), ended.err
        assert [content(emulator, n) for n in range(3)] == [trigger(n) for n in range(3)]
        results = records(tmp_path / ROLLBACK / "results.jsonl")
        assert [each["lost"] for each in results] == [["CreatedAt", "Tags"]] * 3
        assert (await batcher("verify", str(ROLLBACK), "--endpoint-url", url)).code == 0


async def test_what_could_not_be_created_anew_is_told_loudly_and_no_other_is_deleted(
    batcher: Command, write_lines: Write, tmp_path: Path
) -> None:
    emulator = seeded()
    write_lines(widened(range(3)))
    async with emulator as url:
        assert (await batcher("run", "updates.jsonl", *flags(url))).code == 0
        emulator.script("CreateEventTrigger", ["access-denied"] * 2)
        ended = await batcher("rollback", "updates.run", *flags(url), "--recreate")
        errors = json.loads(ended.out)["errors"]
        assert (ended.code, errors) == (1, {"NotRecreated": 1, "RecreationStopped": 2})
        assert "1 trigger DELETED AND NOT CREATED ANEW" in ended.err
        assert sum(content(emulator, n) is None for n in range(3)) == 1
        (lost,) = [
            line
            for line in records(tmp_path / ROLLBACK / "failed.jsonl")
            if content(emulator, int(line["EventTriggerName"][1:])) is None
        ]
        gone = int(lost["EventTriggerName"][1:])
        proof = await batcher("verify", str(ROLLBACK), "--endpoint-url", url)
        assert (proof.code, f"acme/t{gone}: ResourceNotFound" in proof.err) == (1, True), proof.err
        assert {name: lost[name] for name in trigger(gone)} == trigger(gone)
        refused = await batcher("retry", str(ROLLBACK), *flags(url))
        assert (refused.code, "1 trigger DELETED" in refused.err) == (1, True), refused.err
        retried = await batcher("retry", str(ROLLBACK), *flags(url))
        assert (retried.code, json.loads(retried.out)["succeeded"]) == (0, 3), retried.err
        assert [content(emulator, n) for n in range(3)] == [trigger(n) for n in range(3)]


async def test_what_could_not_be_created_anew_can_be_made_again_as_it_was_deleted(
    batcher: Command, write_lines: Write
) -> None:
    emulator = seeded(1)
    write_lines(widened([0]))
    async with emulator as url:
        assert (await batcher("run", "updates.jsonl", *flags(url))).code == 0
        after = content(emulator, 0)
        emulator.script("CreateEventTrigger", ["access-denied"])
        assert (await batcher("rollback", "updates.run", *flags(url), "--recreate")).code == 1
        ended = await batcher("rollback", str(ROLLBACK), *flags(url), "--recreate")
        assert (ended.code, content(emulator, 0)) == (0, after), ended.err


async def test_a_change_of_somebody_else_before_the_delete_stays(
    batcher: Command, write_lines: Write, connect: Any
) -> None:
    emulator = seeded(1)
    write_lines(widened([0]))
    async with emulator as url:
        assert (await batcher("run", "updates.jsonl", *flags(url))).code == 0
        client = await connect(url, key=KEY)
        emulator.set_quota("ListIntegrations", 0.001, 1)
        await client.list_integrations(DomainName="acme")
        process = await batcher.start("rollback", "updates.run", *flags(url), "--recreate")
        await until(lambda: emulator.counts()["ListIntegrations"].get("ThrottlingException"))
        await client.update_event_trigger(
            DomainName="acme", EventTriggerName="t0", Description="somebody else's"
        )
        emulator.set_quota("ListIntegrations", None)
        out, _ = await process.communicate()
        assert (process.returncode, json.loads(out)["stale"]) == (1, 1)
    assert (content(emulator, 0) or {})["Description"] == "somebody else's"
    assert "DeleteEventTrigger" not in operations(emulator)


async def test_updates_of_one_trigger_leave_none_missing_when_killed(
    batcher: Command, write_lines: Write, tmp_path: Path
) -> None:
    emulator = seeded(1)
    write_lines([*widened([0]), change(0, Description="second")])
    async with emulator as url:
        assert (await batcher("run", "updates.jsonl", *flags(url))).code == 0
        emulator.script("CreateEventTrigger", ["hang"])
        rollback = ("rollback", "updates.run", *flags(url))
        process = await batcher.start(*rollback, "--recreate")
        await until(lambda: emulator.counts().get("CreateEventTrigger", {}).get("hang"))
        process.kill()
        await process.communicate()
        refused = await batcher(*rollback)  # whose lines are others
        assert_names_the_missing(refused.err, "acme/t0")
        assert (refused.code, Path(tmp_path / f"{ROLLBACK}-2").exists()) == (5, False)
        ended = await batcher(*rollback, "--recreate")
        assert (ended.code, content(emulator, 0)) == (0, trigger(0)), ended.err


async def test_a_signal_between_the_two_waits_for_the_creation(
    batcher: Command, write_lines: Write
) -> None:
    emulator = seeded()
    write_lines(widened(range(3)))
    async with emulator as url:
        assert (await batcher("run", "updates.jsonl", *flags(url))).code == 0
        emulator.script("CreateEventTrigger", ["slow", "internal"])
        rollback = ("rollback", "updates.run", *flags(url), "--recreate")
        process = await batcher.start(*rollback)
        await until(lambda: "DeleteEventTrigger" in operations(emulator))
        process.terminate()
        out, _ = await process.communicate()
        assert (process.returncode, json.loads(out)["succeeded"]) == (4, 1)
        assert all(content(emulator, n) for n in range(3))
        assert (await batcher(*rollback)).code == 0
    assert [content(emulator, n) for n in range(3)] == [trigger(n) for n in range(3)]


async def test_several_updates_of_a_trigger_are_undone_one_by_one(
    batcher: Command, write_lines: Write
) -> None:
    emulator = seeded(1)
    write_lines([change(0, Description="first"), change(0, SegmentFilter="vip")])
    async with emulator as url:
        assert (await batcher("run", "updates.jsonl", *flags(url))).code == 0
        ended = await batcher("rollback", "updates.run", *flags(url), "--recreate")
        assert (ended.code, content(emulator, 0)) == (0, trigger(0)), ended.err


@pytest.mark.parametrize("again", [False, True])
async def test_what_a_rollback_put_back_in_part_is_recreated_by_the_next_one(
    batcher: Command, write_lines: Write, tmp_path: Path, connect: Any, again: bool
) -> None:
    emulator = seeded()
    twice = [change(0, Description="second"), change(2, Description="second", SegmentFilter="z")]
    write_lines([change(n, Description="new", SegmentFilter="vip") for n in range(3)] + twice)
    async with emulator as url:
        assert (await batcher("run", "updates.jsonl", *flags(url))).code == 0
        for _ in range(1 + again):
            first = await batcher("rollback", "updates.run", *flags(url))
            assert "batcher rollback RUN --recreate" in first.err
        results = records(tmp_path / ROLLBACK / "results.jsonl")
        partial = [each for each in results if each["status"] == "partial"]
        assert all("rollback RUN --recreate" in each["error"]["message"] for each in partial)
        assert {each["trigger"] for each in partial} == {"t0", "t1", "t2"}
        client = await connect(url, key=KEY)
        await client.update_event_trigger(
            DomainName="acme", EventTriggerName="t1", SegmentFilter="theirs"
        )
        ended = await batcher("rollback", "updates.run", *flags(url), "--recreate")
        assert ended.code == 1, ended.err
        assert [content(emulator, n) for n in (0, 2)] == [trigger(0), trigger(2)], ended.err
        assert (content(emulator, 1) or {})["SegmentFilter"] == "theirs"
        forced = await batcher("rollback", "updates.run", *flags(url), "--recreate", "--force")
        assert (forced.code, content(emulator, 1)) == (0, trigger(1)), forced.err


async def test_what_is_deleted_has_an_image(batcher: Command, write_lines: Write) -> None:
    emulator = seeded(1)
    write_lines(widened([0]))
    async with emulator as url:
        assert (await batcher("run", "updates.jsonl", *flags(url))).code == 0
        ended = await batcher("rollback", "updates.run", *flags(url), "--recreate", "--no-before")
        assert (ended.code, "leave --no-before out" in ended.err) == (2, True)
