"""``--repair`` as its users meet it: what is whole is gone on with, and nothing is sent twice."""

import json
from collections.abc import Callable
from pathlib import Path

import click
import pytest

from batcher.cli.repair_notice import repair_with_notice
from batcher.emulator import Emulator
from tests.conftest import Command, change, records, trigger

Write = Callable[..., Path]
ROUNDS = 3


async def test_after_a_repair_no_older_update_is_sent_over_a_newer_one(
    batcher: Command, write_lines: Write, tmp_path: Path
) -> None:
    emulator = Emulator()
    emulator.seed([trigger(n) for n in range(4)])
    write_lines([change(n, SegmentFilter=f"s{r}") for r in range(ROUNDS) for n in range(4)])
    results = tmp_path / "updates.run" / "results.jsonl"
    async with emulator as url:
        flags = ("--endpoint-url", url)
        sending = (*flags, "--rate", "200", "--yes")
        assert (await batcher("run", "updates.jsonl", *sending)).code == 0
        lines = results.read_bytes().splitlines(keepends=True)
        results.write_bytes(b"".join(lines[2:]).replace(b'"succeeded"', b'"unchanged"', 1))
        for name in ("run", "retry", "rollback", "verify"):
            what = "updates.jsonl" if name == "run" else "updates.run"
            refused = await batcher(name, what, *(flags if name == "verify" else sending))
            assert (refused.code, "line 1 is not as it was" in refused.err) == (5, True)
            assert "--repair" in refused.err
        dry = await batcher("run", "updates.jsonl", *sending, "--repair", "--dry-run")
        assert (dry.code, "leave --dry-run out" in dry.err) == (2, True)
        applied = len(emulator.applied())
        gone_on = await batcher("run", "updates.jsonl", *sending, "--repair")
        assert gone_on.code == 1, gone_on.err
        assert "updates.run: repaired; 3 results and 0 before images are lost." in gone_on.err
        assert "3 updates may have been sent, and are in doubt now (ResultLost)" in gone_on.err
        assert f"kept as updates.run/{results.name}.damaged-1" in gone_on.err
        assert len(emulator.applied()) == applied
        assert sorted(each["line"] for each in records(results)) == list(range(1, 13))
        proof = json.loads((await batcher("verify", "updates.run", *flags, "--json")).out)
        assert (proof["holds"], proof["superseded"], proof["differs"]["count"]) == (True, 3, 0)
        again = await batcher("retry", "updates.run", *sending, "--repair")
        assert (again.code, "updates.run: nothing to repair." in again.err) == (2, True)
        assert "to send any of them now would undo a later update" in again.err
        undone = await batcher("rollback", "updates.run", *sending, "--repair")
        assert undone.code == 1, undone.err  # SegmentFilter did not exist before
        assert emulator.trigger("acme", "t0")["Description"] == "before-0"


async def test_a_run_whose_images_are_lost_never_holds_again(
    batcher: Command, write_lines: Write, tmp_path: Path
) -> None:
    emulator = Emulator()
    emulator.seed([trigger(n) for n in range(3)])
    write_lines([change(n) for n in range(3)])
    async with emulator as url:
        flags = ("--endpoint-url", url)
        ran = await batcher("run", "updates.jsonl", *flags, "--rate", "200", "--yes")
        assert ran.code == 0, ran.err
        (tmp_path / "updates.run" / "before.jsonl").unlink()
        ended = await batcher("verify", "updates.run", *flags, "--repair")
        assert (ended.code, "It does not hold." in ended.err) == (1, True), ended.err
        assert "3 updates lost their before image: a rollback can't put them" in ended.err
        assert "line 2: its before image is lost: it can't be put back" in ended.err
        assert "3 live triggers looked at, 3 as asked." in ended.err


def test_it_is_for_the_directory_of_a_run(tmp_path: Path) -> None:
    with pytest.raises(click.UsageError, match=r"--repair: .*: no run directory: .* Give"):
        repair_with_notice(tmp_path)
