"""``batcher retry``: which updates of a run are sent again, and that it is said."""

import json
from collections.abc import Callable
from pathlib import Path

from batcher.emulator import Emulator
from tests.conftest import Command, change, records, trigger

Write = Callable[..., Path]


async def test_retry_takes_only_the_codes_asked_for(
    batcher: Command, write_lines: Write, tmp_path: Path
) -> None:
    emulator = Emulator()
    emulator.seed([trigger(1)])
    write_lines([change(1), change(2), change(3)])
    emulator.script("UpdateEventTrigger", ["internal"])
    async with emulator as url:
        flags = ("--endpoint-url", url, "--rate", "100", "--yes")
        first = await batcher("run", "updates.jsonl", *flags, "--max-attempts", "1")
        assert first.code == 1
        ended = await batcher("retry", "updates.run", *flags, "--code", "InternalServerException")
        assert ended.code == 0, ended.err
        assert [r["id"] for r in records(tmp_path / "updates.run.retry-1" / "results.jsonl")] == [
            "1"
        ]
        why = ": ResourceNotFoundException: "
        named = [line for line in first.err.splitlines() if why in line]
        assert [line.partition(" failed")[0] for line in named] == [
            "  line 2, acme/t2",
            "  line 3, acme/t3",
        ], first.err
        assert ": batcher retry updates.run --code InternalServerException --endpoint" in first.err
        assert "--code ResourceNotFoundException" not in first.err, "it could not help"
        assert ": batcher export --domain acme --endpoint-url" in first.err
        again = await batcher("retry", "updates.run", *flags, "--code", "ResourceNotFoundException")
        assert again.code == 1
        assert [r["id"] for r in records(tmp_path / "updates.run.retry-2" / "results.jsonl")] == [
            "2",
            "3",
        ]


async def test_retry_leaves_out_what_a_later_update_has_changed(
    batcher: Command, write_lines: Write
) -> None:
    emulator = Emulator()
    emulator.seed([trigger(1)])
    write_lines([change(1, Description="old"), change(1, Description="new")])
    emulator.script("UpdateEventTrigger", ["internal"])
    async with emulator as url:
        flags = ("--endpoint-url", url, "--rate", "100", "--yes")
        ended = await batcher("run", "updates.jsonl", *flags, "--max-attempts", "1", "--json")
        assert ended.code == 1
        assert json.loads(ended.out)["superseded"] == {"updates": 1, "lines": [1]}
        left_out = "as a later update has changed the trigger since: 1 update (line 1)"
        assert left_out in ended.err
        ended = await batcher("retry", "updates.run", *flags, "--json")
        assert "left out: 1 whose trigger a later update has changed since (line 1)" in ended.err
        told = json.loads(ended.out)
        assert (ended.code, told["left_out"]) == (2, {"updates": 1, "lines": [1]})
        assert told["error"].startswith("nothing to retry: ")
        assert emulator.trigger("acme", "t1")["Description"] == "new"


async def test_as_json_too_it_says_what_is_left_out_whether_it_sends_or_not(
    batcher: Command, write_lines: Write
) -> None:
    emulator = Emulator()
    emulator.seed([trigger(1)])
    # t1: the first fails; t2: not there yet
    write_lines([change(1, Description="old"), change(2), change(1, Description="new")])
    emulator.script("UpdateEventTrigger", ["internal"])
    async with emulator as url:
        flags = ("--endpoint-url", url, "--rate", "100", "--json")
        ended = await batcher("run", "updates.jsonl", *flags, "--yes", "--max-attempts", "1")
        assert "left_out" not in json.loads(ended.out)
        emulator.seed([trigger(2)])
        for more in (["--dry-run"], [], ["--yes"]):
            retried = await batcher("retry", "updates.run", *flags, *more)
            summary = json.loads(retried.out)
            assert summary["left_out"] == {"updates": 1, "lines": [1]}
            assert (summary["total"], "superseded" in summary) == (1, False)
        assert (retried.code, emulator.trigger("acme", "t1")["Description"]) == (0, "new")


async def test_what_would_be_sent_is_said_by_error_before_anybody_agrees(
    batcher: Command, write_lines: Write
) -> None:
    emulator = Emulator()
    emulator.seed([trigger(1)])
    write_lines([change(1), change(2), change(3)])
    emulator.script("UpdateEventTrigger", ["internal"])
    async with emulator as url:
        flags = ("--endpoint-url", url, "--rate", "100")
        ended = await batcher("run", "updates.jsonl", *flags, "--yes", "--max-attempts", "1")
        assert ended.code == 1
        asked = await batcher("retry", "updates.run", *flags)
        nothing = await batcher("retry", "updates.run", *flags, "--code", "Nope")
    assert asked.code == 2
    groups = "  ResourceNotFoundException (failed): 2\n  InternalServerException (failed): 1\n"
    assert f"Retry of updates.run:\n{groups}" in asked.err
    assert "there is no terminal to ask on" in asked.err
    assert (nothing.code, "nothing to retry: no result has the error Nope" in nothing.err) == (
        2,
        True,
    )


async def test_a_retry_elsewhere_is_known_to_the_next_and_missed_when_it_is_gone(
    batcher: Command, write_lines: Write, tmp_path: Path
) -> None:
    emulator = Emulator()
    emulator.seed([trigger(1)])
    write_lines([change(1, Description="old"), change(1, Description="new")])
    async with emulator as url:
        flags = ("--endpoint-url", url, "--rate", "100", "--yes", "--max-attempts", "1")
        emulator.script("UpdateEventTrigger", ["internal"] * 2)
        assert (await batcher("run", "updates.jsonl", *flags)).code == 1
        emulator.script("UpdateEventTrigger", ["internal", None])
        ended = await batcher("retry", "updates.run", *flags, "--out", "far/again")
        assert ended.code == 1, ended.err
        kept = tmp_path / "kept.run"
        (tmp_path / "far" / "again").rename(kept)
        missed = await batcher("retry", "updates.run", *flags, "--dry-run")
        assert f"{tmp_path}/far/again: a retry of" in missed.err
        assert "may be undone by this. Put it back." in missed.err
        kept.rename(tmp_path / "far" / "again")
        ended = await batcher("retry", "updates.run", *flags)
        assert "nothing to retry: to send any of them now would undo a later update" in ended.err
    assert emulator.trigger("acme", "t1")["Description"] == "new"
