"""The end of a run in words: what became of it, where the time went, what to do now."""

from itertools import accumulate
from pathlib import Path
from typing import Any

import pytest

from batcher.accounting.tally import MORE_ADVICE as MORE
from batcher.cli.output.summary import changed_lines, summary_lines
from batcher.jobs.run_ending import RunEnding
from batcher.jobs.waves import ChangedUpdates
from batcher.records import (
    Error,
    InputName,
    RequestCount,
    Result,
    Seconds,
    Summary,
    TargetSummary,
)
from batcher.storage.run_directory import RunDirectory


def said(**members: Any) -> list[str]:
    members = {"wall_seconds": 0.0, "rate": 0.0, "seconds": Seconds()} | members
    return list(summary_lines(RunDirectory(Path("u.run")), Summary(**members), RunEnding()))


def test_only_what_there_is_is_counted() -> None:
    lines = said(total=3, succeeded=2, in_doubt=1, attempts=4, throttles=1, errors={"Boom": 1})
    assert lines[0] == "3 updates: 2 succeeded, 1 in doubt."
    assert lines[1] == "4 attempts, 1 throttled; 0/s over 0.0 s."
    assert lines[2] == "  Boom: 1"
    assert said(total=0)[0] == "0 updates: nothing done."


def test_where_the_time_went_is_said_of_a_run_that_took_any() -> None:
    seconds = Seconds(token=80.0, calling=19.0, backoff=0.01, queued=1.0)
    lines = said(wall_seconds=100.0, seconds=seconds, double_quota_saves=40.0)
    assert "The time went: quota 1 min 20 s, answers 19 s, own work 1 s." in lines
    assert "Twice the quota would save about 40 s." in lines
    held = said(wall_seconds=100.0, seconds=seconds, held_by_concurrency=12.0)
    assert any("--concurrency auto" in line and "12 s" in line for line in held)
    assert not any("--concurrency" in line for line in lines)
    little = said(wall_seconds=100.0, seconds=seconds, double_quota_saves=4.9)
    assert not any("Twice" in line for line in little), "less than a twentieth of the run"
    assert not any("time went" in line for line in said(wall_seconds=0.9, seconds=seconds))


@pytest.mark.parametrize(
    ("stopped", "line"),
    [
        ("interrupted", "Stopped early: interrupted. Run the same command again to resume."),
        (MORE, f"Stopped early: {MORE}."),
        ("Run the same command again.", "Stopped early: Run the same command again."),
    ],
)
def test_a_run_that_stopped_says_why_and_what_to_do_once(stopped: str, line: str) -> None:
    assert line in said(stopped=stopped)


def test_of_several_targets_each_has_a_line_and_a_reason_of_its_own() -> None:
    part = TargetSummary(
        total=2, failed=2, wall_seconds=1.0, rate=2.0, seconds=Seconds(), stopped="away"
    )
    lines = said(total=2, failed=2, targets={"eu": part})
    assert "  target eu: 2 updates: 2 failed; 2/s over 1 s" in lines
    assert "    stopped: away" in lines


def test_of_a_target_to_which_nothing_was_sent_no_pace_is_told() -> None:
    part = TargetSummary(
        total=2, not_started=2, wall_seconds=0.0, rate=0.0, seconds=Seconds(), stopped="away"
    )
    assert "  target eu: 2 updates: 2 not started" in said(total=2, targets={"eu": part})


def test_of_few_targets_a_cause_is_told_in_whole_with_the_first_of_them() -> None:
    def part(stopped: str | None) -> TargetSummary:
        return TargetSummary(
            total=2, not_started=2, wall_seconds=0.0, rate=0.0, seconds=Seconds(), stopped=stopped
        )

    long = "target {}: account 111122223333 says no, and what to do about it is this and that."
    names = ("eu", "us", "ap", "sa")
    targets = {name: part(long.format(name)) for name in names}
    targets |= {"odd": part("away"), "well": part(None)}
    lines = said(stopped="", targets=targets)
    assert [line for line in lines if "stopped:" in line] == [
        f"    stopped: {long.format('eu')}",
        *["    stopped: as target eu"] * 3,
        "    stopped: away",
    ]


def test_of_many_targets_those_that_ended_alike_have_a_line_together() -> None:
    def part(account: int, **more: Any) -> TargetSummary:
        members = {"total": 4, "rate": 1.0, "seconds": Seconds(), "region": "eu-west-1"}
        return TargetSummary(
            **{**members, "wall_seconds": float(account), "account": f"{account:012}", **more}
        )

    targets = {f"shop{n:02}": part(n, succeeded=4) for n in range(20)}
    for n in (3, 5):
        why = f"target shop{n:02}: {n:012} is refused"
        targets[f"shop{n:02}"] = part(n, not_started=4, stopped=why)
    targets["shop07"] = part(7, succeeded=3, failed=1)
    lines = said(total=80, targets=targets)
    text = "\n".join(lines)
    assert "  17 targets (shop00, shop01, " in text
    assert "and 7 more): 68 updates: 68 succeeded; 19 s at most" in text
    assert "    in 17 accounts (000000000000, " in text
    assert "  2 targets (shop03, shop05): 8 updates: 8 not started; 5 s at most" in lines
    assert text.count("stopped: ") == 1
    assert "  target shop07: 4 updates: 3 succeeded, 1 failed; 1/s over 7 s" in lines
    assert len(lines) < 12


def test_what_a_rate_that_was_given_cost_is_not_put_down_to_the_quota() -> None:
    def told(**members: float) -> list[str]:
        given = {"wall_seconds": 100.0, "rate": 1.0, "seconds": Seconds(token=90.0), **members}
        return said(**given)

    assert "The time went: a pace below the quota 1 min 30 s." in told(held_by_pace=90.0)
    assert not any("Twice" in line for line in told(held_by_pace=90.0))
    mixed = told(held_by_pace=10.0, double_quota_saves=40.0)
    assert "The time went: quota 1 min 20 s, a pace below the quota 10 s." in mixed
    assert "Twice the quota would save about 40 s." in mixed


def test_requests_for_updates_without_a_result_are_told_beside_those_of_results() -> None:
    lines = said(attempts=1, without_result=RequestCount(attempts=7, throttles=6))
    at = lines.index(next(line for line in lines if line.startswith("1 attempt, 0 throttled;")))
    more = "And 7 more attempts, 6 of them throttled, for updates that had no result yet."
    assert lines[at + 1] == more
    killed = RequestCount(attempts=7, throttles=6, at_least=True)
    assert "And at least 7 more attempts, 6 of" in "\n".join(said(without_result=killed))
    assert not any("more attempt" in line for line in said(attempts=1))


def test_of_targets_of_several_accounts_none_is_called_unknown() -> None:
    one, two = (
        TargetSummary(
            wall_seconds=1.0, rate=2.0, seconds=Seconds(), account=each * 12, region="eu-west-1"
        )
        for each in "12"
    )
    lines = said(region="eu-west-1", targets={"one": one, "two": two})
    assert "In several accounts, eu-west-1." in lines
    assert "    in 222222222222, eu-west-1" in lines


def test_the_first_that_did_not_succeed_are_named_with_place_code_and_message() -> None:
    def result(line: int, **more: Any) -> Result:
        members = {"id": str(line), "target": "eu", "domain": "acme", "trigger": f"t-{line}"}
        times = {"started_at": "", "finished_at": ""}
        error = Error(code="Boom", message="it broke\x1b")
        return Result(line=line, error=error, **{**members, **times, "status": "failed", **more})

    members = {"wall_seconds": 0.0, "rate": 0.0, "seconds": Seconds()}
    failures = [result(3), result(9, id="row-9", status="in_doubt")]
    summary = Summary(**members, total=9, failed=1, in_doubt=1, errors={"Boom": 2})
    directory = RunDirectory(Path("u.run"))
    lines = list(summary_lines(directory, summary, RunEnding(failures=failures)))
    at = lines.index("They are:")
    assert lines[at + 1 : at + 3] == [
        "  line 3, acme/t-3 failed: Boom: it broke\\u001b",
        "  line 9, acme/t-9, id row-9 in doubt: Boom: it broke\\u001b",
    ]
    many = Summary(**members, total=9, failed=8, stale=1, targets={})
    lines = list(summary_lines(directory, many, RunEnding(failures=failures[:1])))
    assert "The first of these 9:" in lines
    assert "  line 3, acme/t-3, target eu failed: Boom: it broke\\u001b" in lines


def test_of_a_long_wave_the_first_ones_are_named_and_the_rest_is_counted() -> None:
    def changed(*counts: int, names_targets: bool = False) -> list[str]:
        found = ChangedUpdates(list(accumulate(counts)))
        for line in range(sum(counts), 0, -1):
            found.add(
                Result(
                    id=str(line),
                    line=line,
                    target="eu",
                    domain="\x1b",
                    trigger="t",
                    status="in_doubt",
                    attempts=1,
                    started_at="",
                    finished_at="",
                )
            )
        return list(changed_lines(found, names_targets=names_targets))

    lines = changed(925)
    assert lines[0] == "Those were the first 925 updates that changed something:"
    assert lines[1] == "  line 1, id 1: \\u001b/t in doubt"
    assert changed(2, names_targets=True)[1] == "  line 1, id 1: \\u001b/t (target eu) in doubt"
    assert lines[20:] == [
        "  line 20, id 20: \\u001b/t in doubt",
        "  … and 905 more: see results.jsonl",
    ]
    assert changed(20)[-1] == lines[20]
    assert changed(5, 2000)[0] == "Those were the 2,000 updates that changed something:"
    assert list(changed_lines(ChangedUpdates(), names_targets=False)) == [
        "0 updates changed something: see results.jsonl"
    ]
    assert changed(5, 2000)[-1] == "  … and 1,980 more: see results.jsonl"


def test_of_what_it_is_the_sum_is_said_as_far_as_it_is_known() -> None:
    lines = said(
        total=1,
        succeeded=1,
        region="eu-west-1",
        input=InputName(name="a\x1b.jsonl", sha256="0123456789abcdef" * 4),
        started_at="2026-01-01T00:00:00.000Z",
        finished_at="2026-01-01T00:00:09.000Z",
        reason="OPS-12: fewer\x1b",
        labels={"team": "crm", "wave": "1"},
        targets={
            "eu": TargetSummary(
                wall_seconds=1.0, rate=1.0, seconds=Seconds(), region="r", account="1", who="arn"
            )
        },
    )
    when = "2026-01-01T00:00:00.000Z to 2026-01-01T00:00:09.000Z"
    assert lines[1] == f"Of a\\u001b.jsonl (SHA-256 0123456789ab…), {when}."
    assert lines[2] == "In unknown account, eu-west-1."
    assert lines[3:5] == ["Reason: OPS-12: fewer\\u001b", "Labels: team=crm, wave=1"]
    assert "    in 1, r, as arn" in lines
