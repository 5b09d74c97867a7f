"""--rollback-on-failure: the run is put back, both are told of, and no crash lets it go on."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from batcher.cli.put_back import put_back
from batcher.emulator import Emulator
from batcher.storage.wave_file import read_waves
from tests.conftest import Command, change, records, trigger
from tests.waiting import until

Write = Callable[..., Path]
DOMAINS = ("acme", "globex")


def seeded() -> Emulator:
    emulator = Emulator(latency=(0.0, 0.0))
    emulator.seed([trigger(n, domain) for domain in DOMAINS for n in range(5)])
    return emulator


def descriptions(emulator: Emulator) -> list[str]:
    found = [emulator.trigger(domain, f"t{n}") for domain in DOMAINS for n in range(5)]
    return [str(each["Description"]) for each in found]


BEFORE = [f"before-{n}" for _ in DOMAINS for n in range(5)]


async def test_a_check_that_fails_has_the_run_put_back_and_both_are_told(
    batcher: Command, write_lines: Write, tmp_path: Path
) -> None:
    write_lines([change(n, domain) for domain in DOMAINS for n in range(5)])
    emulator = seeded()
    check = "sh -c 'echo SECRET-IN-OUTPUT; test $BATCHER_WAVE = 1' token=SECRET-ARGUMENT"
    async with emulator as url:
        run = ("run", "updates.jsonl", "--endpoint-url", url, "--rate", "500", "--yes", "--json")
        waves = ("--waves", "2,4,rest", "--check", check, "--rollback-on-failure")
        ended = await batcher(*run, *waves, "--label", "change=C-1")
        assert ended.code == 3, ended.err
        said = json.loads(ended.out)
        assert (said["succeeded"], said["not_started"]) == (6, 4)
        assert said["stopped"].startswith("the check of wave 2 of 3 failed (sh …: exit code 1)")
        assert (said["rollback"]["directory"], said["rollback"]["succeeded"]) == (
            "updates.run.rollback",
            6,
        )
        assert "What updates.run did was put back: see updates.run.rollback." in ended.err
        assert ended.err.count("check: SECRET-IN-OUTPUT") == 2
        assert descriptions(emulator) == BEFORE
        manifest = json.loads((tmp_path / "updates.run.rollback" / "run.json").read_bytes())
        (session,) = manifest["sessions"]
        assert session["reason"].startswith("--rollback-on-failure: the check of wave 2 of 3")
        assert session["labels"] == {"change": "C-1"}
        again = await batcher(*run)
        assert (again.code, "was put back by updates.run.rollback" in again.err) == (5, True)
        assert len(emulator.applied()) == 12
    for file in (tmp_path / "updates.run").iterdir():
        assert b"SECRET-" not in file.read_bytes().replace(b"SECRET-VALUE-1", b""), file


async def test_one_that_is_killed_while_it_is_put_back_goes_on_with_that(
    batcher: Command, write_lines: Write, tmp_path: Path
) -> None:
    write_lines([change(n, domain) for domain in DOMAINS for n in range(5)])
    emulator = seeded()
    async with emulator as url:
        run = ("run", "updates.jsonl", "--endpoint-url", url, "--rate", "20", "--yes")
        waves = ("--waves", "6", "--check", "false", "--rollback-on-failure")
        process = await batcher.start(*run, *waves)
        await until(lambda: len(emulator.applied()) > 7)
        process.kill()
        await process.communicate()
        undo = read_waves(tmp_path / "updates.run" / "waves.json").undo
        assert undo is not None
        assert (undo.directory, undo.done) == ("updates.run.rollback", False)
        dry = await batcher(*run, "--dry-run")
        assert (dry.code, "is to be put back" in dry.err) == (3, True)
        assert descriptions(emulator) != BEFORE
        ended = await batcher(*run)  # whatever it says of waves now
        assert ended.code == 3, ended.err
    assert descriptions(emulator) == BEFORE
    assert not (tmp_path / "updates.run.rollback-2").exists()
    assert len(records(tmp_path / "updates.run.rollback" / "results.jsonl")) == 6
    assert len(records(tmp_path / "updates.run" / "results.jsonl")) == 6, "it went no further"


async def test_one_that_cannot_be_put_back_now_says_so_and_how_it_goes_on(
    batcher: Command, write_lines: Write, tmp_path: Path
) -> None:
    write_lines([change(n, domain) for domain in DOMAINS for n in range(5)])
    emulator, in_the_way = seeded(), tmp_path / "updates.run.rollback"
    async with emulator as url:
        run = ("run", "updates.jsonl", "--endpoint-url", url, "--rate", "500", "--yes")
        check = f"sh -c 'touch {in_the_way}; exit 1'"
        ended = await batcher(
            *run, "--waves", "6, rest", "--check", check, "--rollback-on-failure", "--json"
        )
        assert ended.code == 3, ended.err
        told = "6 triggers are still changed: putting back what updates.run did is pending"
        assert told in ended.err.splitlines()[-1], ended.err
        assert "is being put back" in ended.err
        assert "was put back" not in ended.err
        stopped = json.loads(ended.out)["stopped"]
        in_the_way.unlink()
        flags = ("--endpoint-url", url, "--read-rate", "500")
        pending = await batcher("verify", "updates.run", *flags)
        assert "the run is to be put back, and the command of the run, given" in pending.err
        assert "rolled back by" not in pending.err
        ended = await batcher(*run)
        assert (ended.code, descriptions(emulator)) == (3, BEFORE), ended.err
        assert "What updates.run did was put back: see updates.run.rollback" in ended.err
        done = await batcher("verify", "updates.run", *flags)
        assert "Not as asked: 6" in done.err
        assert "This run was rolled back by updates.run.rollback" in done.err
        assert "was put back by updates.run.rollback, and never goes on" in done.err
    assert "is to be put back" in stopped, "which is as true when it is done"


async def test_one_that_has_changed_nothing_is_put_back_by_nothing(
    batcher: Command, write_lines: Write, tmp_path: Path
) -> None:
    write_lines([change(n, "nowhere") for n in range(3)])
    async with seeded() as url:
        run = ("run", "updates.jsonl", "--endpoint-url", url, "--rate", "500", "--yes")
        ended = await batcher(*run, "--max-failures", "0", "--rollback-on-failure")
    assert ended.code == 3, ended.err
    assert "it has changed nothing that could be put back" in ended.err
    assert put_back.__doc__


@pytest.mark.parametrize(
    ("updates", "said"),
    [
        ([change(0, "acme")], "What updates.run did was put back but for 1 created trigger still"),
        ([], "has changed nothing that could be put back, with 1 created trigger still there."),
    ],
)
async def test_a_created_trigger_that_stays_is_told_of(
    batcher: Command, write_lines: Write, updates: list[dict[str, Any]], said: str
) -> None:
    write_lines([*updates, trigger(7, "acme")])
    async with seeded() as url:
        run = ("run", "updates.jsonl", "--endpoint-url", url, "--rate", "500", "--yes")
        ended = await batcher(*run, "--create-missing", "--check", "false", "--rollback-on-failure")
    assert (ended.code, said in ended.err) == (3, True), ended.err
