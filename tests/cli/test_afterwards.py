"""What comes after a run.

Verify, retry, rollback; and what guards it before: canary, stale plans, upsert.
"""

import json
import os
import pty
from collections import Counter
from collections.abc import Callable
from pathlib import Path

from batcher.emulator import Emulator, account_of
from batcher.operations import UPDATE_TRIGGER
from tests.conftest import ClockAhead, Command, change, records, remember_quota, trigger
from tests.waiting import until

Write = Callable[..., Path]


async def test_rollback_puts_back_what_was_and_can_itself_be_verified_and_rolled_back(
    batcher: Command, write_lines: Write, tmp_path: Path
) -> None:
    emulator = Emulator()
    emulator.seed([trigger(n) for n in range(4)])
    before = [emulator.trigger("acme", f"t{n}") for n in range(4)]
    write_lines(
        [
            change(0),
            change(1),
            change(2, Description="twice-1"),
            change(2, Description="twice-2"),
            change(0),
        ]
    )
    async with emulator as url:
        flags = ("--endpoint-url", url, "--rate", "200", "--yes")
        assert (await batcher("run", "updates.jsonl", *flags)).code == 0
        after = [emulator.trigger("acme", f"t{n}") for n in range(4)]
        ended = await batcher("rollback", "updates.run", *flags, "--json")
        assert ended.code == 0, ended.err
        # the second update of t0 was unchanged, and left nothing to undo
        assert json.loads(ended.out)["succeeded"] == 4
        assert [_content(emulator, n) for n in range(4)] == [_plain(state) for state in before]
        facts = json.loads((tmp_path / "updates.run.rollback" / "run.json").read_bytes())
        assert (facts["kind"], facts["parent"]) == ("rollback", str(tmp_path / "updates.run"))
        assert (await batcher("verify", "updates.run.rollback", "--endpoint-url", url)).code == 0
        assert (await batcher("rollback", "updates.run.rollback", *flags)).code == 0
        assert [_content(emulator, n) for n in range(4)] == [_plain(state) for state in after]


async def test_rollback_leaves_alone_what_somebody_changed_since_and_says_what_can_not_be_put_back(
    batcher: Command, write_lines: Write, tmp_path: Path
) -> None:
    emulator = Emulator()
    emulator.seed([trigger(n) for n in range(3)])
    write_lines(
        [change(0), change(1), change(2, Description="first"), change(2, SegmentFilter="vip")]
    )
    async with emulator as url:
        flags = ("--endpoint-url", url, "--rate", "200", "--yes")
        assert (await batcher("run", "updates.jsonl", *flags)).code == 0
        write_lines([{**change(1), "Description": "somebody else"}], "other.jsonl")
        assert (await batcher("run", "other.jsonl", *flags)).code == 0
        ended = await batcher("rollback", "updates.run", *flags, "--json")
        assert ended.code == 1
        assert (
            "acme/t2: SegmentFilter did not exist before, and an update can't take it away"
            in ended.err
        )
        assert {
            name: json.loads(ended.out)[name] for name in ("succeeded", "partial", "stale")
        } == {"succeeded": 1, "partial": 2, "stale": 1}
        assert "2 partial" in ended.err
        assert emulator.trigger("acme", "t2")["Description"] == "before-2"
        assert emulator.trigger("acme", "t1")["Description"] == "somebody else"
        forced = await batcher("rollback", "updates.run", *flags, "--force", "--out", "forced.run")
        assert forced.code == 1, forced.err
        assert "1 succeeded, 1 unchanged, 2 partial" in forced.err
        verified = await batcher("verify", "forced.run", "--endpoint-url", url)
        assert verified.code == 1
        assert "acme/t2: Partial: an update can't take away" in verified.err
        assert emulator.trigger("acme", "t1")["Description"] == "before-1"


async def test_more_changes_than_allowed_are_refused_before_anything_is_sent(
    batcher: Command, write_lines: Write
) -> None:
    emulator = Emulator()
    emulator.seed([trigger(n) for n in range(4)])
    write_lines(
        [
            change(0),
            change(1),
            {**change(2), "Description": "before-2"},
            {**change(3), "Description": "before-3"},
        ]
    )
    async with emulator as url:
        flags = (
            "run",
            "updates.jsonl",
            "--endpoint-url",
            url,
            "--rate",
            "100",
            "--yes",
            "--max-changes",
        )
        refused = await batcher(*flags, "1")
        assert (
            refused.code,
            "2 of 4 updates would change something" in refused.err,
            emulator.applied(),
        ) == (2, True, [])
        assert (await batcher(*flags, "50%")).code == 0
    assert len(emulator.applied()) == 2


async def test_no_images_are_taken_where_reading_is_known_to_be_far_too_slow(
    batcher: Command, write_lines: Write, tmp_path: Path
) -> None:
    emulator = Emulator()
    emulator.seed([trigger(1)])
    write_lines([change(1)])
    account = account_of("AKIDEXAMPLE")
    async with emulator as url:
        flags = ("--endpoint-url", url, "--rate", "100", "--read-rate", "5", "--yes")
        run = ("run", "updates.jsonl", *flags)
        ended = await batcher(*run, "--out", "ceiling.run")
        assert (ended.code, "No before images" in ended.err) == (0, False), "a ceiling is no quota"
        remember_quota(tmp_path / "state", UPDATE_TRIGGER, 80, account=account)
        ended = await batcher(*run, "--out", "remembered.run")
        assert (ended.code, "allows 5 reads a second for 80 updates" in ended.err) == (0, True)
        assert (await batcher(*run, "--before", "--out", "asked.run")).code == 0
        slowly = await batcher(*run, "--rate", "7", "--out", "slow.run")
        assert (slowly.code, "No before images" in slowly.err) == (0, False)
    looked = {path.parent.name for path in tmp_path.glob("*.run/before.jsonl")}
    assert looked == {"ceiling.run", "asked.run", "slow.run"}


async def test_a_canary_stops_after_the_first_ones_and_the_same_command_goes_on(
    batcher: Command, write_lines: Write, tmp_path: Path
) -> None:
    emulator = Emulator()
    emulator.seed([trigger(n) for n in range(10)])
    same = {"DomainName": "acme", "EventTriggerName": "t0", "Description": "before-0"}
    lines = [same, change(99), *(change(n, id=f"row-{n}") for n in range(10))]
    write_lines(lines)
    async with emulator as url:
        flags = ("run", "updates.jsonl", "--endpoint-url", url, "--rate", "100", "--yes", "--json")
        first = await batcher(*flags, "--canary", "3")
        said = json.loads(first.out)
        assert (first.code, said["succeeded"], len(emulator.applied())) == (3, 3, 3)
        assert (said["unchanged"], said["failed"]) == (1, 1), "these are not what a canary counts"
        assert "Those were the first 3 updates that changed something:" in first.err
        assert "  line 4, id row-1: acme/t1 succeeded" in first.err
        named = [(each["line"], each["domain"], each["trigger"]) for each in said["canary"]]
        assert named == [(3, "acme", "t0"), (4, "acme", "t1"), (5, "acme", "t2")]
        log = records(tmp_path / "updates.run" / "log.jsonl")
        (event,) = [each for each in log if each["event"] == "run.canary"]
        assert event["updates"] == said["canary"]
        rest = await batcher(*flags, "--canary", "3")
        said = json.loads(rest.out)
        assert (rest.code, said["succeeded"], len(emulator.applied())) == (1, 10, 10)


async def test_a_canary_of_nothing_but_invalid_lines_is_no_mishap(
    batcher: Command, write_lines: Write
) -> None:
    write_lines([{"DomainName": "acme"}])
    ended = await batcher(
        "run", "updates.jsonl", "--yes", "--json", "--skip-invalid", "--canary", "3"
    )
    assert (ended.code, json.loads(ended.out)["invalid"]) == (1, 1), ended.err


async def test_a_domain_is_copied_into_another_account(
    batcher: Command, write_lines: Write, tmp_path: Path
) -> None:
    emulator = Emulator()
    whole = [{k: v for k, v in trigger(n, "copy").items() if k != "Description"} for n in range(3)]
    emulator.seed([trigger(0, "globex")], account=account_of("AKIDEXAMPLE"), region="eu-west-1")
    write_lines([{**line, "DomainName": "acme"} for line in whole])
    async with emulator as url:
        flags = ("--endpoint-url", url, "--rate", "100", "--yes", "--domain-map", "acme=globex")
        assert (await batcher("run", "updates.jsonl", *flags)).code == 1  # they are not there
        ended = await batcher(
            "run", "updates.jsonl", *flags, "--create-missing", "--out", "copy.run"
        )
        assert ended.code == 0, ended.err
    assert emulator.trigger("globex", "t2")["ObjectTypeName"] == "Orders"


async def test_several_domains_are_mapped_by_as_many_flags_and_none_to_two(
    batcher: Command, write_lines: Write, tmp_path: Path
) -> None:
    emulator = Emulator()
    emulator.seed([trigger(1, "one"), trigger(2, "two")])
    write_lines([change(1, "a"), change(2, "b")])
    async with emulator as url:
        flags = (
            "run",
            "updates.jsonl",
            "--endpoint-url",
            url,
            "--rate",
            "100",
            "--yes",
            "--domain-map",
            "a=one",
        )
        both = await batcher(*flags, "--domain-map", "a=two,b=two")
        assert (both.code, "--domain-map: a can't be both one and two" in both.err) == (2, True), (
            both.err
        )
        assert (await batcher(*flags, "--domain-map", "b=two")).code == 0
    assert [result["domain"] for result in records(tmp_path / "updates.run" / "results.jsonl")] == [
        "one",
        "two",
    ]


async def test_the_prompt_is_asked_on_a_terminal_and_no_is_taken_for_an_answer(
    batcher: Command, write_lines: Write, tmp_path: Path
) -> None:
    emulator = Emulator()
    emulator.seed([trigger(1)])
    write_lines([change(1)])
    ours, theirs = pty.openpty()
    async with emulator as url:
        process = await batcher.start(
            "run", "updates.jsonl", "--endpoint-url", url, "--rate", "100", stdin=theirs
        )
        os.write(ours, b"n\n")
        _, err = await process.communicate()
    assert (process.returncode, b"Nothing was sent." in err, emulator.applied()) == (2, True, [])
    assert not (tmp_path / "updates.run").exists()
    os.close(ours)
    os.close(theirs)


def _plain(state: dict | None) -> dict:
    assert state is not None
    return {
        name: value for name, value in state.items() if name not in ("CreatedAt", "LastUpdatedAt")
    }


def _content(emulator: Emulator, number: int) -> dict:
    return _plain(emulator.trigger("acme", f"t{number}"))


def _seed_again(emulator: Emulator, *triggers: dict) -> None:
    emulator.seed(triggers, account=account_of("AKIDEXAMPLE"), region="eu-west-1")


async def test_what_was_touched_since_the_plan_is_stale_by_the_list_and_costs_no_look(
    batcher: Command, write_lines: Write, tmp_path: Path
) -> None:
    clock = ClockAhead()
    emulator = Emulator(latency=(0.0, 0.0), wall_clock=clock)
    emulator.seed([trigger(n) for n in range(120)])
    write_lines([change(n) for n in range(120)])
    async with emulator as url:
        flags = ("--endpoint-url", url)
        assert (await batcher("plan", "updates.jsonl", *flags, "--out", "plan.jsonl")).code == 0
        clock.seconds = 3600
        # t1: changed, and changed back
        _seed_again(emulator, trigger(1), trigger(2) | {"SegmentFilter": "else"})
        planned = len(emulator.calls())
        ended = await batcher("run", "plan.jsonl", *flags, "--rate", "500", "--yes", "--json")
        calls = Counter(call.operation for call in emulator.calls()[planned:])
        again = await batcher(
            "run", "plan.jsonl", *flags, "--rate", "500", "--yes", "--out", "again.run", "--json"
        )
    assert (ended.code, json.loads(ended.out)["succeeded"], json.loads(ended.out)["stale"]) == (
        1,
        118,
        2,
    ), ended.err
    assert calls == {"ListEventTriggers": 2, "GetEventTrigger": 118, "UpdateEventTrigger": 118}
    stale = [
        result
        for result in records(tmp_path / "plan.run" / "results.jsonl")
        if result["status"] == "stale"
    ]
    assert sorted((result["id"], result["attempts"]) for result in stale) == [("2", 0), ("3", 0)]
    assert json.loads(again.out)["stale"] == 120  # the first run has touched them all


async def test_who_may_not_list_has_the_look_at_each_trigger_decide(
    batcher: Command, write_lines: Write
) -> None:
    clock = ClockAhead()
    emulator = Emulator(wall_clock=clock)
    emulator.seed([trigger(n) for n in range(3)])
    write_lines([change(n) for n in range(3)])
    emulator.script("ListEventTriggers", ["access-denied"] * 30)
    async with emulator as url:
        flags = ("--endpoint-url", url)
        assert (await batcher("plan", "updates.jsonl", *flags, "--out", "plan.jsonl")).code == 0
        clock.seconds = 3600
        _seed_again(emulator, trigger(1))
        ended = await batcher("run", "plan.jsonl", *flags, "--rate", "100", "--yes", "--json")
    assert (ended.code, json.loads(ended.out)["succeeded"], json.loads(ended.out)["stale"]) == (
        1,
        2,
        1,
    ), ended.err


async def test_a_resumed_plan_does_not_take_its_own_updates_for_somebody_elses(
    batcher: Command, write_lines: Write
) -> None:
    clock = ClockAhead()
    emulator = Emulator(latency=(0.0, 0.0), wall_clock=clock)
    emulator.seed([trigger(n) for n in range(6)])
    write_lines([*(change(n) for n in range(6)), change(0, Description="twice")])
    emulator.script("UpdateEventTrigger", ["hang-after"] * 3)
    async with emulator as url:
        flags = ("--endpoint-url", url, "--rate", "100", "--yes", "--json")
        assert (await batcher("plan", "updates.jsonl", *flags[:2], "--out", "plan.jsonl")).code == 0
        clock.seconds = 3600
        process = await batcher.start("run", "plan.jsonl", *flags, "--no-before")
        await until(lambda: len(emulator.applied()) >= 6)
        process.kill()  # three were applied, and have no result
        await process.communicate()
        ended = await batcher("run", "plan.jsonl", *flags, "--no-before")
    summary = json.loads(ended.out)
    assert (ended.code, summary["succeeded"] + summary["unchanged"], summary["stale"]) == (
        0,
        7,
        0,
    ), ended.err
    assert emulator.trigger("acme", "t0")["Description"] == "twice"


async def test_a_retry_of_a_plan_does_not_take_what_was_in_doubt_for_somebody_elses(
    batcher: Command, write_lines: Write
) -> None:
    clock = ClockAhead()
    emulator = Emulator(wall_clock=clock)
    emulator.seed([trigger(1), trigger(2)])
    write_lines([change(1), change(2)])
    emulator.script("UpdateEventTrigger", ["reset-after", "internal"])
    async with emulator as url:
        flags = ("--endpoint-url", url, "--rate", "100", "--yes", "--json")
        assert (await batcher("plan", "updates.jsonl", *flags[:2], "--out", "plan.jsonl")).code == 0
        clock.seconds = 3600
        assert (await batcher("run", "plan.jsonl", *flags, "--max-attempts", "1")).code == 1
        failed = batcher.folder / "plan.run" / "failed.jsonl"
        (batcher.folder / "by-hand.jsonl").write_bytes(failed.read_bytes())
        for command in (("retry", "plan.run"), ("run", "by-hand.jsonl")):
            ended = await batcher(*command, *flags)
            assert (ended.code, json.loads(ended.out)["stale"]) == (0, 0), ended.err
        assert not failed.exists()  # the retry has done what was in it
