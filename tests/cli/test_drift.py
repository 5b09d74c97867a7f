"""``batcher drift`` as its users meet it: exit codes, what is printed; it sends nothing."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.conftest import Command, change, trigger
from tests.jobs.conftest import seeded

Write = Callable[..., Path]
READS = {"ListEventTriggers", "GetEventTrigger", "GetCallerIdentity"}


async def test_the_exit_code_is_of_drift_alone_and_nothing_is_sent(batcher: Command) -> None:
    emulator = seeded(3)
    async with emulator as url:
        at = ("--endpoint-url", url)
        await batcher("export", "--all", *at, "--based-on", "--out", "base.jsonl")
        since = len(emulator.calls())
        none = await batcher("drift", "base.jsonl", *at)
        emulator.seed([{**trigger(1), "Description": "SECRET-NOW"}, trigger(7)])
        some = await batcher("drift", "base.jsonl", *at, "--json")
        ignored = await batcher(
            "drift", "base.jsonl", *at, "--ignore", "Description", "--exclude", "t7"
        )
        emulator.script("GetEventTrigger", ["access-denied"])
        unread = await batcher("drift", "base.jsonl", *at)
        assert {call.operation for call in emulator.calls()[since:]} <= READS
    assert (none.code, "No drift." in none.err) == (0, True), none.err
    assert (some.code, ignored.code, unread.code) == (6, 0, 1), some.err + unread.err
    summary = json.loads(some.out)["summary"]
    assert {name: summary[name] for name in ("base", "same", "read", "changed", "new")} == {
        "base": 3,
        "same": 2,
        "read": 1,
        "changed": 1,
        "new": 1,
    }
    assert "~ Description: [hidden]" in some.err
    assert "SECRET" not in some.err + some.out + unread.err


async def test_a_run_is_held_where_it_belongs_only(batcher: Command, write_lines: Write) -> None:
    write_lines([change(0), change(1)])
    async with seeded(3) as url:
        assert (await batcher("run", "updates.jsonl", "--endpoint-url", url, "--yes")).code == 0
        none = await batcher("drift", "updates.run", "--endpoint-url", url)
        rolled = await batcher("rollback", "updates.run", "--endpoint-url", url, "--yes")
        assert rolled.code == 0, rolled.err
        drifted = await batcher("drift", "updates.run", "--endpoint-url", url)
        elsewhere = await batcher(
            "drift", "updates.run", "--endpoint-url", url, "--region", "us-east-1"
        )
    assert (none.code, "2 as in the base" in none.err) == (0, True), none.err
    assert (drifted.code, "After this run came" in drifted.err) == (6, True), drifted.err
    assert (elsewhere.code, "belongs to another place" in elsewhere.err) == (5, True)


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (("none.jsonl",), 2, "none.jsonl"),
        (("base.jsonl", "--ignore", "description"), 2, "did you mean Description?"),
        (("base.jsonl", "--show-sensitive"), 2, "standard error is none"),
        (("base.jsonl", "--only", "x"), 2, "left out by --only x"),
        ((".",), 5, "no run directory"),
        (("base.jsonl", "--endpoint-url", "http://127.0.0.1:1"), 5, "127.0.0.1"),
    ],
)
async def test_what_can_not_be_done_is_one_message(
    batcher: Command, write_lines: Write, arguments: tuple[str, ...], code: int, said: str
) -> None:
    write_lines([trigger(1)], "base.jsonl")
    ended = await batcher("drift", *arguments, "--json")
    assert (ended.code, said in ended.err) == (code, True), ended.err
