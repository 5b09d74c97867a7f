"""``batcher verify`` as its users meet it.

What was in doubt is settled, what is not as asked is told.
"""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from batcher.emulator import Emulator
from tests.conftest import Command, change, records, trigger
from tests.waiting import until

Write = Callable[..., Path]


async def test_verify_settles_what_is_in_doubt_and_proves_the_books(
    batcher: Command, write_lines: Write, tmp_path: Path
) -> None:
    emulator = Emulator()
    emulator.seed([trigger(n) for n in range(5)])
    write_lines([change(n) for n in range(5)])
    emulator.script("UpdateEventTrigger", ["reset-after", "reset-before"])
    async with emulator as url:
        flags = ("--endpoint-url", url)
        run = await batcher(
            "run",
            "updates.jsonl",
            *flags,
            "--rate",
            "50",
            "--max-attempts",
            "1",
            "--yes",
            "--concurrency",
            "1",
        )
        assert run.code == 1
        assert [r["status"] for r in records(tmp_path / "updates.run" / "results.jsonl")].count(
            "in_doubt"
        ) == 2
        ended = await batcher("verify", "updates.run", *flags, "--json")
        proof = json.loads(ended.out)
        assert (ended.code, proof["holds"], proof["settled"]) == (
            0,
            True,
            {"succeeded": 1, "failed": 1},
        )
        assert (proof["counts"], proof["errors"]) == (
            {"succeeded": 4, "failed": 1},
            {"NotAsAsked": 1},
        )
        *_, failures, verdict = ended.err.splitlines()
        assert failures == (
            "What did not succeed, by the books: 1 NotAsAsked. To run the failed ones again:"
            f" batcher retry updates.run --endpoint-url {url}"
        )
        assert verdict == "It holds."
        summary = json.loads((tmp_path / "updates.run" / "summary.json").read_bytes())
        assert (summary["succeeded"], summary["failed"], summary["in_doubt"]) == (4, 1, 0)
        retried = await batcher("retry", "updates.run", *flags, "--rate", "50", "--yes")
        assert retried.code == 0, retried.err
        assert "NotAsAsked (failed): 1" in retried.err
        assert all(
            emulator.trigger("acme", f"t{n}")["Description"] == f"after-{n}" for n in range(5)
        )
        results = tmp_path / "updates.run" / "results.jsonl"
        results.write_bytes(
            results.read_bytes() + results.read_bytes().splitlines(keepends=True)[0]
        )
        forged = await batcher("verify", "updates.run", *flags)
        assert (forged.code, "line 6 is not as it was written" in forged.err) == (5, True)


async def test_the_books_of_a_run_that_was_killed_are_not_called_wrong(
    batcher: Command, write_lines: Write, tmp_path: Path
) -> None:
    emulator = Emulator()
    emulator.seed([trigger(n) for n in range(40)])
    write_lines([change(n) for n in range(40)])
    async with emulator as url:
        flags = ("--endpoint-url", url)
        run = await batcher.start("run", "updates.jsonl", *flags, "--rate", "5", "--yes")
        await until(lambda: len(emulator.applied()) >= 2)
        run.kill()
        await run.communicate()
        ended = await batcher("verify", "updates.run", *flags)
        assert (ended.code, "The books are not closed: 1" in ended.err) == (1, True), ended.err
        assert "interrupted before its end; run the same command again" in ended.err
        (tmp_path / "updates.run" / "failed.jsonl").write_text("{}\n")
        wrong = await batcher("verify", "updates.run", *flags)
    assert (wrong.code, "The books are wrong: 2" in wrong.err) == (1, True), wrong.err


async def test_verify_finds_what_somebody_changed_since(
    batcher: Command, write_lines: Write
) -> None:
    emulator = Emulator()
    emulator.seed([trigger(n) for n in range(3)])
    write_lines([change(n) for n in range(3)])
    write_lines([{**change(1), "Description": "else"}], "other.jsonl")
    async with emulator as url:
        flags = ("--endpoint-url", url)
        for file in ("updates.jsonl", "other.jsonl"):
            assert (await batcher("run", file, *flags, "--rate", "100", "--yes")).code == 0
        emulator.script("GetEventTrigger", ["internal"])
        ended = await batcher(
            "verify", "updates.run", *flags, "--max-attempts", "1", "--json", "--read-rate", "20"
        )
    proof = json.loads(ended.out)
    assert (ended.code, proof["differs"]["count"], proof["unread"]["count"]) == (1, 1, 1)
    assert "line 2: acme/t1: NotAsAsked: the live trigger differs in Description" in ended.err
    assert (
        "Could not be read; verify again: 1\n  line 1: acme/t0: InternalServerException"
        in ended.err
    )


async def test_what_was_not_looked_at_is_said_and_is_no_proof(
    batcher: Command, write_lines: Write, tmp_path: Path
) -> None:
    emulator = Emulator()
    emulator.seed([trigger(n) for n in range(3)])
    write_lines([change(n) for n in range(3)])
    async with emulator as url:
        flags = ("--endpoint-url", url)
        assert (await batcher("run", "updates.jsonl", *flags, "--rate", "50", "--yes")).code == 0
        looks = len(emulator.calls())
        ended = await batcher("verify", "updates.run", *flags, "--in-doubt-only", "--json")
        assert len(emulator.calls()) == looks
        assert (ended.code, json.loads(ended.out)["left_out"]) == (1, 3)
        assert "It holds." not in ended.err
        assert "Not looked at: 3 live triggers (--in-doubt-only)" in ended.err
        assert "0 live triggers looked at" in ended.err
        assert "the live triggers are not proved." in ended.err
        whole = await batcher("verify", "updates.run", *flags, "--json")
        (read,) = json.loads(whole.out)["read"].values()
        assert (whole.code, read["triggers"]) == (0, 3)
        place = f"{read['account']}, {read['region']} (target default, {read['endpoint']})"
        said = f"read of {place}: 3, {read['first_at']} to {read['last_at']}"
        assert said.replace("None,", "unknown account,") in whole.err


async def test_an_update_with_one_lost_answer_and_faults_to_the_end_is_never_taken_for_proved(
    batcher: Command, write_lines: Write, tmp_path: Path
) -> None:
    emulator = Emulator()
    emulator.seed([trigger(0)])
    write_lines([change(0)])
    emulator.script("UpdateEventTrigger", ["reset-after", "internal"])
    async with emulator as url:
        flags = ("--endpoint-url", url)
        ran = await batcher("run", "updates.jsonl", *flags, "--max-attempts", "2", "--yes")
        (result,) = records(tmp_path / "updates.run" / "results.jsonl")
        assert (ran.code, result["status"], result["maybe_applied"]) == (1, "failed", True)
        assert "1 failed (1 of those that failed may have been applied all the same)" in ran.err
        assert "To settle what is in doubt, by looking: batcher verify updates.run" in ran.err
        undone = await batcher("rollback", "updates.run", *flags, "--dry-run")
        assert "of 1 that failed and may have been applied all the same" in undone.err
        drift = await batcher("drift", "updates.run", *flags)
        assert "may have been applied: batcher verify settles it" in drift.err, drift.err
        touched = await batcher("history", "acme/t0", "--in", ".")
        assert "failed (InternalServerException), and may have been applied" in touched.err
        assert "Description" in touched.err
        proved = await batcher("verify", "updates.run", *flags)
        assert "Were in doubt, and are settled now: 1 succeeded." in proved.err
        assert "1 live trigger looked at, 1 as asked." in proved.err
        assert (proved.code, proved.err.splitlines()[-1]) == (0, "It holds.")


async def test_what_failed_and_may_have_been_applied_can_be_put_back_without_having_looked(
    batcher: Command, write_lines: Write
) -> None:
    emulator = Emulator()
    emulator.seed([trigger(0)])
    write_lines([change(0)])
    emulator.script("UpdateEventTrigger", ["reset-after", "internal"])
    async with emulator as url:
        flags = ("--endpoint-url", url, "--yes")
        assert (await batcher("run", "updates.jsonl", *flags, "--max-attempts", "2")).code == 1
        assert emulator.trigger("acme", "t0")["Description"] == "after-0"
        ended = await batcher("rollback", "updates.run", *flags)
        assert (ended.code, "1 update: 1 succeeded." in ended.err) == (0, True), ended.err
    assert emulator.trigger("acme", "t0")["Description"] != "after-0"


async def test_of_a_killed_run_all_say_the_same_of_what_may_have_been_applied(
    batcher: Command, write_lines: Write, tmp_path: Path
) -> None:
    emulator = Emulator(latency=(0.1, 0.1))
    emulator.seed([trigger(n) for n in range(40)])
    write_lines([change(n) for n in range(40)])
    path = tmp_path / "updates.run"
    async with emulator as url:
        flags = ("--endpoint-url", url)
        run = await batcher.start("run", "updates.jsonl", *flags, "--rate", "50", "--yes")
        await until(lambda: len(emulator.applied()) >= 12)
        run.kill()
        await run.communicate()
        results = records(path / "results.jsonl")
        images = {each["id"] for each in records(path / "before.jsonl")}
        done = {each["trigger"] for each in results}
        begun = images - {each["id"] for each in results}
        left = 40 - len(results)
        found = json.loads((await batcher("report", "updates.run", "--format", "json")).out)
        assert found["maybe_sent"]["updates"] == len(begun)
        named = {each["id"] for each in found["maybe_sent"]["first"]}
        assert named <= begun
        assert len(named) == min(20, len(begun)) == len(begun) - found["maybe_sent"]["more"]
        said = f"{left} updates have no result; up to {len(begun)} of them may have been changed"
        for form in ("markdown", "html"):
            out = ("--out", f"r.{form}")
            assert (await batcher("report", "updates.run", "--format", form, *out)).code == 0
            page = (tmp_path / f"r.{form}").read_text()
            assert said in page
            assert "not started" not in page
        undone = await batcher("rollback", "updates.run", *flags, "--dry-run")
        kinds = f"of {len(results)} that succeeded, {len(begun)} without a result"
        assert f"{len(images)} before images to put back: {kinds}" in undone.err
        ended = await batcher("verify", "updates.run", *flags, "--json", "--in-doubt-only")
        proof = json.loads(ended.out)
        assert f"{left} without a result." in ended.err
        assert f"Without a result: up to {len(begun)} may have been applied" in ended.err
        assert (ended.code, proof["without_result"]["updates"]) == (1, len(begun))
        of_none = proof["without_result"]
        applied = {each["EventTriggerName"] for each in emulator.applied()}
        assert len(done) < len(applied) <= len(images)  # what was on its way was carried out
        assert (of_none["applied"], of_none["unclear"]) == (len(applied - done), 0)
        assert of_none["not_applied"] == len(begun) - len(applied - done)
        assert records(path / "results.jsonl") == results  # it says so, and settles nothing
        resumed = await batcher("run", "updates.jsonl", *flags, "--rate", "100", "--yes")
        assert "40 updates: 40 succeeded." in resumed.err, resumed.err


@pytest.mark.parametrize(
    "flags", [("--create-missing",), ("--no-before",)], ids=lambda each: each[0]
)
async def test_what_a_killed_session_did_without_an_image_is_not_told_as_not_changed(
    batcher: Command, write_lines: Write, tmp_path: Path, flags: tuple[str, ...]
) -> None:
    emulator = Emulator()
    creates = "--create-missing" in flags
    emulator.seed([trigger(9)] if creates else [trigger(n) for n in range(4)])
    write_lines([{**trigger(n), **change(n)} for n in range(4)])
    for operation in ("CreateEventTrigger", "UpdateEventTrigger"):
        emulator.script(operation, ["hang-after"] * 4)
    async with emulator as url:
        place = ("--endpoint-url", url, "--rate", "50", "--yes", "--max-failures", "none")
        more = ("--concurrency", "4", "--max-attempts", "1", *flags)
        run = await batcher.start("run", "updates.jsonl", *place, *more)
        await until(lambda: len(emulator.applied()) == 4)
        run.kill()
        await run.communicate()
        emulator.script("GetEventTrigger", ["access-denied"] * creates)
        emulator.script("UpdateEventTrigger", ["access-denied"])
        resumed = await batcher("run", "updates.jsonl", *place, *more)
        summary = json.loads((tmp_path / "updates.run" / "summary.json").read_bytes())
        assert (summary["succeeded"], summary["failed"], summary["maybe_applied"]) == (3, 1, 1)
        assert summary["created"] == ({"without_integration": 3} if creates else {})
        assert "1 of those that failed may have been applied all the same" in resumed.err
        ended = await batcher("verify", "updates.run", *place[:2], "--json")
    proof = json.loads(ended.out)
    assert (ended.code, proof["settled"], proof["counts"]) == (
        0,
        {"succeeded": 1},
        {"succeeded": 4},
    )


async def test_after_a_rollback_of_one_target_it_offers_to_verify_the_others(
    batcher: Command, write_lines: Write, tmp_path: Path
) -> None:
    write_lines([{**change(n), "target": name} for n, name in enumerate(("a", "b", "c"), 1)])
    emulator = Emulator()
    emulator.seed([trigger(n) for n in (1, 2, 3)])
    async with emulator as url:
        table = f'endpoint_url = "{url}"\n'
        tables = "".join(f"[targets.{name}]\n{table}" for name in "abc")
        (tmp_path / "c.toml").write_text(tables)
        of = ("updates.run", "--config", "c.toml")
        await batcher("run", "updates.jsonl", "--config", "c.toml", "--yes")
        back = await batcher("rollback", *of, "--only-target", "a", "--yes")
        assert back.code == 0, back.err
        whole = await batcher("verify", *of)
        offered = "batcher verify updates.run --only-target b --only-target c --config c.toml"
        assert (whole.code, offered in whole.err) == (1, True), whole.err
        rest = await batcher(*offered.split()[1:])
        assert (rest.code, "To verify the targets" in rest.err) == (0, False), rest.err
        await batcher("rollback", *of, "--yes")
        assert "To verify the targets" not in (await batcher("verify", *of)).err
