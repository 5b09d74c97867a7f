"""``batcher plan`` as its users meet it.

What would change is told and kept, and nothing is changed.
"""

import asyncio
import json
import os
import pty
import re
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from batcher.emulator import Emulator, Quota, account_of
from batcher.triggers.diff import digest
from batcher.wiring.line_readers import installed_update_model
from tests.conftest import CONDITIONS, Command, change, records, trigger
from tests.pages.strict_html import StrictHtml
from tests.waiting import until

Write = Callable[..., Path]


def seeded(count: int = 5, **settings: Any) -> Emulator:
    emulator = Emulator(latency=(0.0, 0.0), **settings)
    emulator.seed([trigger(n) for n in range(count)])
    return emulator


async def test_a_plan_tells_what_would_change_and_changes_nothing(
    batcher: Command, write_lines: Write
) -> None:
    emulator = seeded()
    write_lines(
        [
            change(0),
            change(1, Description="before-1", SegmentFilter="vip"),
            {"DomainName": "acme", "EventTriggerName": "t2", "EventTriggerConditions": CONDITIONS},
            change(9),
            {"DomainName": "acme", "EventTriggerName": "t1", "SegmentFilter": "all"},
        ]
    )
    async with emulator as url:
        ended = await batcher("plan", "updates.jsonl", "--endpoint-url", url)
        assert emulator.applied() == []
        # t1 comes twice, and is read once
        assert [call.operation for call in emulator.calls()] == ["GetEventTrigger"] * 4
    assert (ended.code, ended.out) == (1, "")
    assert re.search(r"line 1 acme/t0 \(id 1\)\n +~ Description: \[hidden\]\n", ended.err)
    assert re.search(
        r"line 2 acme/t1 \(id 2\)\n +\+ SegmentFilter: \"vip\"  \(not there today", ended.err
    )
    assert re.search(r"line 4 acme/t9 \(id 4\) missing: ResourceNotFoundException", ended.err)
    assert re.search(
        r"line 5 .*\n +~ SegmentFilter: \"vip\" → \"all\"\n +! SegmentFilter: line 2 sets another"
        r" value",
        ended.err,
    )
    assert "line 3" not in ended.err
    assert "5 updates: 3 changed, 1 unchanged, 1 missing." in ended.err
    assert "1 update can't be undone by an update" in ended.err
    assert "1 conflict" in ended.err
    assert not re.search(r"before-|after-|SECRET|\x1b", ended.err)


async def test_a_plan_is_grouped_or_full_or_markdown_for_a_pull_request_or_a_page(
    batcher: Command, write_lines: Write
) -> None:
    write_lines([change(n, SegmentFilter="vip") for n in range(5)])
    async with seeded() as url:
        at = ("--endpoint-url", url)
        grouped = await batcher("plan", "updates.jsonl", *at)
        full = await batcher("plan", "updates.jsonl", *at, "--full")
        markdown = await batcher("plan", "updates.jsonl", *at, "--format", "markdown")
        page = await batcher("plan", "updates.jsonl", *at, "--format", "html")
        both = await batcher("plan", "updates.jsonl", *at, "--format", "markdown", "--json")
    head = "5 updates: acme/t0, acme/t1, acme/t2, acme/t3, acme/t4\n"
    assert (grouped.code, grouped.out, head in grouped.err) == (0, "", True), grouped.err
    assert "line 1 " not in grouped.err
    assert [f"line {n} acme" in full.err for n in range(1, 6)] == [True] * 5
    assert markdown.out.startswith("## Plan\n")
    assert f"```diff\n{head}~ Description: [hidden]\n+ SegmentFilter:" in markdown.out
    assert (both.code, "standard output takes one of them" in both.err) == (2, True)
    text = StrictHtml(page.out).text
    assert (page.code, "acme/t3" in text, f"target default, {url}" in text) == (0, True, True)
    assert not re.search(r"before-|after-", grouped.err + full.err + markdown.out + page.out)


async def on_terminal(batcher: Command, *arguments: str) -> bytes:
    """What a command that does not fail puts on standard output, where both are terminals."""
    ours, theirs = pty.openpty()
    beside, its_error = pty.openpty()
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "batcher", *arguments),
        cwd=batcher.folder,
        env=batcher.environ,
        stdout=theirs,
        stderr=its_error,
    )
    await process.communicate()
    said, err = os.read(ours, 4096), os.read(beside, 4096)
    for descriptor in (ours, theirs, beside, its_error):
        os.close(descriptor)
    assert process.returncode == 0, err
    return said


@pytest.mark.parametrize("flags", [(), ("--json",)])
async def test_what_is_sensitive_is_shown_on_a_terminal_only(
    batcher: Command, write_lines: Write, flags: tuple[str, ...]
) -> None:
    write_lines([change(0)])
    nowhere = ("--endpoint-url", "http://127.0.0.1:1")
    ended = await batcher("plan", "updates.jsonl", *nowhere, "--show-sensitive", *flags)
    assert ended.code == 2
    assert "on a terminal, and standard error is none" in ended.err
    assert "after-0" not in ended.err + ended.out


async def test_the_plan_as_json_shows_sensitive_members_on_demand_only(
    batcher: Command, write_lines: Write
) -> None:
    emulator = seeded()
    write_lines([change(0, id="x"), change(1, Description="before-1")])
    async with emulator as url:
        hidden = await batcher("plan", "updates.jsonl", "--endpoint-url", url, "--json")
        shown = await on_terminal(
            batcher, "plan", "updates.jsonl", "--endpoint-url", url, "--json", "--show-sensitive"
        )
    assert hidden.code == 0, hidden.err
    first, second = json.loads(shown)["updates"]
    assert (first["id"], first["outcome"]) == ("x", "changed")
    assert first["changes"] == [{"path": "Description", "before": "before-0", "after": "after-0"}]
    assert (second["outcome"], second["changes"]) == ("unchanged", [])
    assert json.loads(shown)["summary"] == {
        "total": 2,
        "changed": 1,
        "created": 0,
        "unchanged": 1,
        "missing": 0,
        "unreadable": 0,
        "irreversible": 0,
        "conflicts": 0,
        "undo_seconds": None,
    }
    assert json.loads(hidden.out)["updates"][0]["changes"] == [
        {"path": "Description", "before": "[hidden]", "after": "[hidden]"}
    ]
    assert "before-0" not in hidden.out + hidden.err


async def test_a_kept_plan_holds_the_lines_and_what_they_are_based_on(
    batcher: Command, write_lines: Write, tmp_path: Path
) -> None:
    emulator = seeded()
    write_lines([change(0, id="x"), change(1), change(9)])
    async with emulator as url:
        ended = await batcher("plan", "updates.jsonl", "--endpoint-url", url, "--out", "plan.jsonl")
        valid = await batcher("validate", "plan.jsonl")
        live = emulator.trigger("acme", "t0") or {}
    assert (ended.code, valid.code) == (1, 0), ended.err + valid.err
    kept = tmp_path / "plan.jsonl"
    assert kept.stat().st_mode & 0o777 == 0o600
    first, second, missing = records(kept)
    based_on = first.pop("based_on")
    assert first == {"id": "x", "target": "default", **change(0)}
    assert based_on == {
        "sha256": digest(live, installed_update_model().writable),
        "LastUpdatedAt": pytest.approx(live["LastUpdatedAt"], abs=0.001),
    }
    assert second["based_on"]["sha256"] != based_on["sha256"]
    assert missing == {"id": "3", "target": "default", **change(9)}
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".plan")] == []


async def test_a_plan_that_changes_too_much_is_not_kept(
    batcher: Command, write_lines: Write, tmp_path: Path
) -> None:
    write_lines([change(0), change(1), change(2, Description="before-2")])
    async with seeded() as url:
        flags = (
            "plan",
            "updates.jsonl",
            "--endpoint-url",
            url,
            "--out",
            "plan.jsonl",
            "--max-changes",
        )
        refused = await batcher(*flags, "1")
        assert (refused.code, "more than --max-changes 1; no plan was kept" in refused.err) == (
            1,
            True,
        ), refused.err
        assert not (tmp_path / "plan.jsonl").exists()
        assert (await batcher(*flags, "70%")).code == 0


async def test_with_create_missing_what_a_line_would_create_is_no_fault(
    batcher: Command, write_lines: Write
) -> None:
    whole = {name: value for name, value in trigger(9).items() if name != "Tags"}
    write_lines([whole, change(9, SegmentFilter="vip"), change(8)])
    async with seeded() as url:
        ended = await batcher(
            "plan", "updates.jsonl", "--endpoint-url", url, "--create-missing", "--json"
        )
    found = json.loads(ended.out)
    assert [update["outcome"] for update in found["updates"]] == ["created", "changed", "missing"]
    assert found["updates"][1]["changes"][1] == {"path": "SegmentFilter", "after": "vip"}
    assert (ended.code, "acme/t9 (id 1) would be created" in ended.err) == (1, True), ended.err


async def test_a_kept_plan_is_run_where_nothing_has_changed_since(
    batcher: Command, write_lines: Write, tmp_path: Path
) -> None:
    emulator = seeded()
    write_lines(
        [
            change(0),
            change(1),
            change(0, Description="twice"),
            change(2),
            change(2, Description="in vain"),
        ]
    )
    async with emulator as url:
        plan = await batcher("plan", "updates.jsonl", "--endpoint-url", url, "--out", "plan.jsonl")
        emulator.seed(
            [trigger(2) | {"SegmentFilter": "somebody-else"}],
            account=account_of("AKIDEXAMPLE"),
            region="eu-west-1",
        )
        run = await batcher("run", "plan.jsonl", "--endpoint-url", url, "--yes")
    assert (plan.code, run.code) == (0, 1), plan.err + run.err
    results = sorted(
        records(tmp_path / "plan.run" / "results.jsonl"), key=lambda result: result["line"]
    )
    assert [result["status"] for result in results] == [
        "succeeded",
        "succeeded",
        "succeeded",
        "stale",
        "stale",
    ]


async def test_reading_is_paced_and_survives_faults(batcher: Command, write_lines: Write) -> None:
    emulator = Emulator(
        quotas={"GetEventTrigger": Quota(rate=100, burst=20)},
        faults={"internal": 0.1, "reset-before": 0.05, "throttle": 0.05},
    )
    emulator.seed([trigger(n) for n in range(100)])
    write_lines([change(n) for n in range(100)])
    async with emulator as url:
        ended = await batcher(
            "plan", "updates.jsonl", "--endpoint-url", url, "--read-rate", "80", "--json"
        )
    assert ended.code == 0, ended.err
    found = json.loads(ended.out)
    assert found["summary"]["changed"] == 100
    assert [update["line"] for update in found["updates"]] == list(range(1, 101))


@pytest.mark.parametrize(
    ("faults", "flags", "code", "said"),
    [
        ({"access-denied": 1.0}, (), 5, "profile:GetEventTrigger"),
        ({"expired-token": 1.0}, (), 5, "does not accept the credentials"),
        ({"internal": 1.0}, ("--max-attempts", "1"), 1, "unreadable: InternalServerException"),
    ],
)
async def test_what_can_not_be_read_is_said(
    batcher: Command,
    write_lines: Write,
    tmp_path: Path,
    faults: dict[str, float],
    flags: tuple[str, ...],
    code: int,
    said: str,
) -> None:
    write_lines([change(n) for n in range(30)])
    async with seeded(30, faults=faults) as url:
        ended = await batcher(
            "plan",
            "updates.jsonl",
            "--endpoint-url",
            url,
            "--read-rate",
            "200",
            "--out",
            "plan.jsonl",
            *flags,
        )
    assert (ended.code, said in ended.err) == (code, True), ended.err
    if code == 1:
        assert "30 updates: 30 unreadable" in ended.err
        assert "leaves out the 30 updates" in ended.err
    assert (tmp_path / "plan.jsonl").exists() is (code == 1)


async def test_bad_input_is_told_and_nothing_is_read(batcher: Command, write_lines: Write) -> None:
    write_lines([change(1), change(2, SegmentFilter="")])
    emulator = seeded()
    async with emulator as url:
        flags = ("plan", "updates.jsonl", "--endpoint-url", url)
        ended = await batcher(*flags)
        assert (ended.code, "line 2: SegmentFilter: too short" in ended.err) == (2, True), ended.err
        assert emulator.calls() == []
        assert (await batcher(*flags, "--out", "plan.jsonl.gz")).code == 2
        unwritable = await batcher(*flags, "--skip-invalid", "--out", "none/plan.jsonl")
        assert (unwritable.code, "none/plan.jsonl: can't be written" in unwritable.err) == (
            5,
            True,
        ), unwritable.err
        assert (await batcher(*flags, "--skip-invalid")).code == 0


@pytest.mark.parametrize(
    ("fault", "code", "said"),
    [("hang", 4, "interrupted"), ("expired-token", 5, "does not accept the credentials")],
)
async def test_a_plan_that_is_broken_off_leaves_nothing_lying_about_and_its_json_is_whole(
    batcher: Command, tmp_path: Path, fault: str, code: int, said: str
) -> None:
    lines = b"".join(json.dumps(change(n)).encode() + b"\n" for n in range(30))
    batcher.environ["TMPDIR"] = str(tmp_path / "temporary")
    (tmp_path / "temporary").mkdir()
    emulator = seeded(30)
    emulator.script("GetEventTrigger", [None] * 10 + [fault] * 20)
    async with emulator as url:
        process = await batcher.start(
            *("plan", "-", "--endpoint-url", url, "--read-rate", "200", "--concurrency", "1"),
            *("--out", "plan.jsonl", "--json", "--no-remember"),
            stdin=asyncio.subprocess.PIPE,
        )
        assert process.stdin is not None
        process.stdin.write(lines)
        process.stdin.close()
        await until(lambda: len(emulator.calls()) >= 11)
        if fault == "hang":
            process.send_signal(signal.SIGTERM)
        out, err = await process.communicate()
    plan = json.loads(out)
    assert (process.returncode, said in plan["error"]) == (code, True), err.decode()
    assert (len(plan["updates"]), "summary" in plan) == (10, False)
    assert list(tmp_path.iterdir()) == [tmp_path / "temporary"]
    assert list((tmp_path / "temporary").iterdir()) == []
