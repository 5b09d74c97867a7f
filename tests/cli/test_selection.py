"""A job that is narrowed to some triggers: what is left out is no part of it, from plan to undo."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from batcher.cli.selection import taken_selection
from batcher.emulator import Emulator
from batcher.errors import SettingsError
from batcher.updates.selection import Selection
from tests.conftest import Command, change, records, trigger

Write = Callable[..., Path]


def an_emulator() -> Emulator:
    emulator = Emulator(latency=(0.0, 0.0))
    emulator.seed([trigger(number, domain) for domain in ("acme", "beta") for number in range(6)])
    return emulator


def changed(emulator: Emulator) -> list[str]:
    """The triggers that are as the updates ask."""
    names = [(domain, f"t{number}") for domain in ("acme", "beta") for number in range(6)]
    return [
        f"{domain}/{name}"
        for domain, name in names
        if emulator.trigger(domain, name)["Description"].startswith("after")
    ]


async def test_a_part_is_run_resumed_verified_and_undone_the_urgent_ones_first(
    batcher: Command, write_lines: Write, tmp_path: Path
) -> None:
    emulator = an_emulator()
    lines = [change(number, domain) for domain in ("acme", "beta") for number in range(6)]
    lines[5] |= {"Descripton": "a fault in a line that is left out"}
    write_lines(lines)
    emulator.script("UpdateEventTrigger", ["access-denied"])
    narrow = ("--only", "acme/t[0-3]", "--only", "beta/t0", "--exclude", "t3")
    taken = ["acme/t0", "acme/t1", "acme/t2", "beta/t0"]
    async with emulator as url:
        flags = ("--endpoint-url", url, "--rate", "500", "--yes")
        planned = await batcher("plan", "updates.jsonl", "--endpoint-url", url, "--json", *narrow)
        ended = await batcher(
            "run", "updates.jsonl", *flags, *narrow, "--json", "--concurrency", "1"
        )
        refused = await batcher("run", "updates.jsonl", *flags, *narrow, "--only", "t5")
        again = await batcher("run", "updates.jsonl", *flags, *narrow[2:], *narrow[:2], "--json")
        assert changed(emulator) == taken[1:]
        others = await batcher("retry", "updates.run", *flags, "--only", "t1")
        retried = await batcher("retry", "updates.run", *flags, "--domain", "acme", "--json")
        assert changed(emulator) == taken
        proof = await batcher("verify", "updates.run", "--endpoint-url", url, "--json")
        urgent = await batcher("rollback", "updates.run", *flags, "--domain", "beta", "--json")
        assert changed(emulator) == taken[:-1]
        rest = await batcher("rollback", "updates.run", *flags, "--json")
    part = {"by": "--only 'acme/t[0-3]' --only beta/t0 --exclude t3", "left_out": 8, "of": 12}
    summary = json.loads(ended.out)
    counts = (summary["total"], summary["succeeded"], summary["failed"], summary["not_started"])
    assert (ended.code, counts, summary["selection"]) == (1, (4, 3, 1, 0), part)
    assert "Only a part: 8 of 12 updates are left out by --only 'acme/t[0-3]'" in ended.err
    assert (json.loads(planned.out)["summary"]["selection"], planned.code) == (part, 0)
    assert refused.code == 5
    assert "was started with --only 'acme/t[0-3]' --only beta/t0 --exclude t3, now" in refused.err
    assert (again.code, json.loads(again.out)) == (1, summary)
    assert others.code == 2
    assert "nothing to retry: all 1 updates are left out by --only t1" in others.err
    assert json.loads(retried.out)["selection"] == {"by": "--domain acme", "left_out": 0, "of": 1}
    held = json.loads(proof.out)
    assert (proof.code, held["holds"], held["part"], held["not_started"]) == (0, True, part, 0)
    undone = json.loads(urgent.out)
    assert (undone["succeeded"], undone["selection"]["left_out"]) == (1, 3)
    last = json.loads(rest.out)
    assert (rest.code, last["succeeded"], last["unchanged"]) == (0, 3, 1)
    assert {path.name for path in tmp_path.glob("updates.run.roll*")} == {
        "updates.run.rollback",
        "updates.run.rollback-2",
    }
    assert len(records(tmp_path / "updates.run" / "results.jsonl")) == 4


async def test_a_selection_is_of_what_is_sent_and_one_that_leaves_nothing_is_refused(
    batcher: Command, write_lines: Write, tmp_path: Path
) -> None:
    emulator = an_emulator()
    write_lines([change(number) for number in range(4)] + [{"EventTriggerName": "t9"}])
    (tmp_path / "names").write_text("t1\nacme/t2\nbeta/t3\n")
    async with emulator as url:
        flags = ("--endpoint-url", url, "--rate", "500", "--yes", "--json", "--only-file", "names")
        mapped = ("--domain-map", "acme=beta", "--skip-invalid")
        nothing = await batcher(
            "run", "updates.jsonl", *flags, *mapped, "--domain", "acme", "--out", "n"
        )
        faulty = await batcher("run", "updates.jsonl", *flags, *mapped[:2])
        assert not emulator.applied()
        ended = await batcher("run", "updates.jsonl", *flags, *mapped)
        exported = await batcher(
            "export", "--all", "--endpoint-url", url, "--only", "beta/t1", "--exclude", "t[3-9]"
        )
        absent = await batcher(
            "export", "--all", "--endpoint-url", url, "--only", "x", "--out", "x"
        )
    assert changed(emulator) == ["beta/t1", "beta/t3"]
    # a line that names no trigger can't be left out
    assert (nothing.code, faulty.code, ended.code) == (1, 2, 1)
    assert json.loads(ended.out)["selection"]["left_out"] == 2
    assert json.loads(ended.out)["invalid"] == json.loads(nothing.out)["total"] == 1
    assert "--only-file acme/t2 matches no trigger" in ended.err
    assert [json.loads(line)["EventTriggerName"] for line in exported.out.splitlines()] == ["t1"]
    assert "11 of 12 triggers are left out by --only beta/t1 --exclude 't[3-9]'" in exported.err
    assert (absent.code, (tmp_path / "x").exists()) == (2, False)
    assert "nothing to export: all 12 triggers are left out by --only x" in absent.err


def test_flags_are_one_selection_however_often_they_are_given(tmp_path: Path) -> None:
    names = tmp_path / "names"
    names.write_text("t1\n")
    given = {"only": ("a", "b"), "exclude": (), "domains": ("acme",), "only_file": names, "more": 1}
    expected = Selection.of(only=["b", "a"], domains=["acme"], names=["t1"])
    assert taken_selection(given) == expected
    assert given == {"more": 1}
    with pytest.raises(KeyError):
        taken_selection(given)


@pytest.mark.parametrize("flag", ["only", "exclude", "domains"])
@pytest.mark.parametrize("text", ["t\udcff", "t\x1b[2J"])
def test_what_is_no_text_is_refused_before_anything_is_done(flag: str, text: str) -> None:
    given = {"only": (), "exclude": (), "domains": (), "only_file": None} | {flag: (text,)}
    with pytest.raises(SettingsError, match=f"--{flag.removesuffix('s')}: "):
        taken_selection(given)
