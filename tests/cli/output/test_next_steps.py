"""What is offered after a run: only what can help, whole, at the end of its line."""

import re
import shlex
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from batcher.cli.output.next_steps import next_steps
from batcher.jobs.run_ending import RunEnding
from batcher.records import Error, Result, Seconds, Summary, TargetSummary
from batcher.storage.run_directory import RunDirectory

MISSING, REJECTED, DENIED = (
    "ResourceNotFoundException",
    "BadRequestException",
    "AccessDeniedException",
)
FAILURE = Result(
    id="1",
    line=1,
    target="default",
    domain="acme",
    trigger="t",
    status="failed",
    error=Error(code=MISSING, message=""),
    started_at="",
    finished_at="",
)
RUN = RunEnding(input="/in/u.jsonl", images=True)
CORRECT = ["cp -i -- u.run/failed.jsonl u.corrected.jsonl", "run u.corrected.jsonl"]
ROLLBACK = RunEnding(kind="rollback", parent="/runs/u.run", input="/x/input.jsonl", images=True)


def offered(ending: RunEnding = RUN, **members: Any) -> list[str]:
    """The commands, without ``batcher``."""
    summary = Summary(wall_seconds=0.0, rate=0.0, seconds=Seconds(), **members)
    lines = list(next_steps(RunDirectory(Path("u.run")), summary, ending))
    commands = [re.sub(r".*: (?:batcher (?=.)|(?=cp ))", "", line) for line in lines]
    assert all(command not in lines and shlex.split(command) for command in commands), lines
    return commands


def test_what_changes_a_protected_target_is_told_to_take_a_reason() -> None:
    ending = replace(RUN, reason=", with a --reason")
    summary = Summary(
        wall_seconds=0.0, rate=0.0, seconds=Seconds(), failed=1, differs=1, in_doubt=1, succeeded=1
    )
    lines = list(next_steps(RunDirectory(Path("u.run")), summary, ending))
    told = [line for line in lines if ", with a --reason:" in line]
    assert told == [line for line in lines if "batcher retry" in line or "batcher rollback" in line]
    assert len(told) == 2


@pytest.mark.parametrize(
    ("errors", "commands"),
    [
        ({"InternalServerException": 3}, ["retry u.run"]),
        ({"ThrottlingException": 1, "503": 2}, ["retry u.run"]),
        ({MISSING: 3}, ["export --domain acme", *CORRECT]),
        ({REJECTED: 3}, CORRECT),
        ({DENIED: 3}, ["retry u.run"]),
        ({"ExpiredTokenException": 3}, ["retry u.run"]),
        ({"NotAsAsked": 3}, ["retry u.run"]),  # by verify: it never happened
        (
            {MISSING: 2, "503": 1},
            ["export --domain acme", *CORRECT, "retry u.run --code 503"],
        ),
        (
            {REJECTED: 1, DENIED: 1, "503": 1, "504": 1},
            [
                *CORRECT,
                f"retry u.run --code {DENIED}",
                "retry u.run --code 503 --code 504",
            ],
        ),
        ({"503": 1, "Stale": 2}, ["retry u.run"]),
    ],
)
def test_what_failed_is_offered_only_what_can_help(
    errors: dict[str, int], commands: list[str]
) -> None:
    ending = RunEnding(failures=[FAILURE])
    assert offered(ending, total=9, failed=sum(errors.values()), errors=errors) == commands


def test_what_takes_no_place_from_a_run_is_offered_with_that_of_the_one_that_it_follows() -> None:
    place = {"--target": "x", "--region": "eu-west-1", "--endpoint-url": "http://h"}
    ending = RunEnding(kind="retry", failures=[FAILURE], place=place)
    flags = "--target x --region eu-west-1 --endpoint-url http://h"
    members: dict[str, Any] = {"total": 1, "failed": 1, "errors": {MISSING: 1}}
    expected = [f"export --domain acme {flags}", CORRECT[0], f"{CORRECT[1]} {flags}"]
    assert offered(ending, **members) == expected
    several = {"default": TargetSummary(wall_seconds=0.0, rate=0.0, seconds=Seconds())}
    export, *_ = offered(ending, targets=several, **members)
    assert export == f"export --domain acme --target default {flags.removeprefix('--target x ')}"
    summary = Summary(wall_seconds=0.0, rate=0.0, seconds=Seconds(), **members)
    tables = RunEnding(kind="retry", failures=[FAILURE], has_tables=True)
    *_, last = next_steps(RunDirectory(Path("u.run")), summary, tables)
    assert last == (
        "Then, to run the corrected ones, with a --config that has the tables of its targets:"
        " batcher run u.corrected.jsonl"
    )


def test_of_several_targets_each_is_named_in_which_a_trigger_is_not_there() -> None:
    members: dict[str, Any] = {"total": 4, "failed": 4, "errors": {MISSING: 3, REJECTED: 1}}
    rejected = Error(code=REJECTED, message="")
    failures = [
        replace(FAILURE, target="lab", error=rejected),
        *(replace(FAILURE, target=name) for name in ("shop-us", "shop-eu", "shop-us", "pay")),
    ]
    summary = Summary(wall_seconds=0.0, rate=0.0, seconds=Seconds(), **members)
    run = RunDirectory(Path("u.run"))
    said, *_ = next_steps(run, summary, replace(RUN, failures=failures))
    assert said == (
        "Of 3 updates the trigger is not there, or not to be seen. Which there are in target"
        " shop-us, and so in pay, shop-eu: batcher export --domain acme --target shop-us"
    )
    said, *_ = next_steps(run, summary, replace(RUN, failures=failures[:2]))
    assert "Which there are: batcher export --domain acme --target shop-us" in said


@pytest.mark.parametrize("kind", ["run", "retry"])
def test_a_trigger_is_looked_for_in_its_target_also_where_no_other_has_updates(kind: str) -> None:
    ending = RunEnding(kind=kind, failures=[replace(FAILURE, target="10/eu")], has_tables=True)
    export, *_ = offered(ending, total=1, failed=1, errors={MISSING: 1})
    assert export.startswith("export --domain acme --target 10/eu")


@pytest.mark.parametrize(
    ("ending", "members", "commands"),
    [
        (RUN, {"total": 1, "succeeded": 1}, []),
        (RUN, {"total": 1, "unchanged": 1}, []),
        (RUN, {"total": 1, "in_doubt": 1}, ["verify u.run", "retry u.run"]),
        (RUN, {"total": 2, "failed": 1, "succeeded": 1}, ["retry u.run", "rollback u.run"]),
        (RUN, {"total": 2, "succeeded": 1, "stopped": "interrupted"}, ["rollback u.run"]),
        (
            RUN,
            {"total": 2, "differs": 1, "failed": 1, "errors": {"NotAsAsked": 1, "503": 1}},
            ["retry u.run", "rollback u.run"],
        ),
        (RunEnding(failed_lines=False), {"total": 2, "failed": 1, "unchanged": 1}, []),
        (RunEnding(), {"total": 2, "failed": 1, "succeeded": 1}, ["retry u.run"]),
        (RUN, {"total": 1, "stale": 1}, ["plan /in/u.jsonl --out /in/u.new-plan.jsonl"]),
        (ROLLBACK, {"total": 1, "stale": 1}, ["rollback /runs/u.run --force"]),
        (ROLLBACK, {"total": 1, "partial": 1}, ["rollback /runs/u.run --recreate"]),
        (ROLLBACK, {"total": 2, "failed": 1, "succeeded": 1}, ["retry u.run"]),
    ],
)
def test_each_status_is_offered_what_it_needs(
    ending: RunEnding, members: dict[str, Any], commands: list[str]
) -> None:
    assert offered(ending, **members) == commands
