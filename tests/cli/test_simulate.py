"""``batcher simulate`` as its users meet it: what is told, and the exit code that a gate needs."""

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from batcher.cli.commands.simulate import simulate
from batcher.cli.output.error_report import exit_code_of
from tests.jobs.simulated import SECRET, conditions, definition, order, update, written

RENAMED = json.loads(json.dumps(conditions(9)).replace("Total", "Sum"))
COMPARED = ("--events", "events.jsonl", "--current", "current.jsonl")


@pytest.fixture
def files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    written(tmp_path / "updates.jsonl", [update("t", EventTriggerConditions=conditions(SECRET))])
    written(tmp_path / "current.jsonl", [definition("t", 50_000)])
    written(tmp_path / "events.jsonl", [order(40_000), order(60_000, second=1)])
    return tmp_path


def invoked(*arguments: str) -> Any:
    return CliRunner().invoke(simulate, ["updates.jsonl", *arguments])


@pytest.mark.parametrize(
    ("flags", "code"),
    [
        ((), 0),
        (("--max-new-firings", "1"), 0),
        (("--max-new-firings", "0"), 3),
        (("--max-new-firings", "100%"), 0),
        (("--max-new-firings", "99%"), 3),
        (("--explain", "e-40000-0"), 0),
        (("--explain", "e-9"), 1),
    ],
)
def test_more_new_firings_than_allowed_are_exit_code_3(
    files: Path, flags: tuple[str, ...], code: int
) -> None:
    ended = invoked(*COMPARED, *flags)
    assert (ended.exit_code, ended.stdout) == (code, "")
    assert "New firings: 1; 0 stop." in ended.stderr
    assert SECRET not in ended.stderr


def test_the_report_is_one_json_object_on_standard_output(files: Path) -> None:
    found = json.loads(invoked(*COMPARED, "--json").stdout)
    assert (found["started"], found["fired_before"], found["fired_after"]) == (1, 1, 2)
    assert [each["trigger"] for each in found["triggers"]] == ["t"]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ((), "Give --events FILE, or --sample-events"),
        ((*COMPARED, "--sample-events", "s.jsonl"), "Give --events FILE, or --sample-events"),
        (("--sample-events", "s.jsonl.gz"), "is not packed"),
        (("--sample-events", "s.jsonl", "--json"), "are of a simulation"),
        (("--events", "events.jsonl", "--max-new-firings", "1"), "needs --current"),
        ((*COMPARED, "--max-new-firings", "many"), "neither a number nor a percentage"),
        (("--events", "-", "--current", "-"), "can be read once only"),
        (("--events", "orders.csv"), "A CSV of events needs"),
        ((*COMPARED, "--show-sensitive"), "shows it on a terminal"),
        (("--timezone", "Nowhere", *COMPARED), "no time zone"),
        (("--events", "none.jsonl"), "there is no such file"),
        ((*COMPARED, "--segments", "none.jsonl"), "there is no such file"),
        (("--events", "events.jsonl", "--current", "updates"), "there is no such file"),
    ],
)
def test_what_can_not_be_simulated_says_what_to_give(
    files: Path, arguments: tuple[str, ...], said: str
) -> None:
    ended = invoked(*arguments)
    assert said in ended.stderr + str(ended.exception)


def test_events_of_no_trigger_or_none_at_all_do_not_pass_a_gate(files: Path) -> None:
    written(files / "other.jsonl", [order(1, object_type="Carts")])
    written(files / "none.jsonl", [])
    gate = ("--current", "current.jsonl", "--max-new-firings", "1000")
    other = invoked("--events", "other.jsonl", *gate)
    none = invoked("--events", "none.jsonl", *gate)
    assert (other.exit_code, exit_code_of(none.exception)) == (1, 2)
    assert "Nothing was simulated: no event is of an object type (Orders)" in other.stderr
    assert "no events in it; nothing was simulated" in str(none.exception)


@pytest.mark.parametrize(
    ("members", "said"),
    [
        ({"ObjectTypeName": "Carts"}, "no event is of the object type that it will have"),
        ({"EventTriggerConditions": RENAMED}, "nothing will match, and 1 of the 1 attributes"),
    ],
)
def test_events_of_what_a_trigger_will_no_longer_look_at_do_not_pass_a_gate(
    files: Path, members: dict[str, Any], said: str
) -> None:
    written(files / "updates.jsonl", [update("t", **members)])
    ended = invoked(*COMPARED, "--max-new-firings", "1000")
    assert (ended.exit_code, "New firings: 0; 1 stop" in ended.stderr) == (1, True)
    assert said in ended.stderr


def test_events_come_from_standard_input_and_lines_that_are_none_may_be_left_out(
    files: Path,
) -> None:
    events = (files / "events.jsonl").read_bytes() + b"oops\n"
    arguments = ["updates.jsonl", "--events", "-", "--current", "current.jsonl"]
    refused = CliRunner().invoke(simulate, arguments, input=events)
    assert exit_code_of(refused.exception) == 2
    assert "standard input: line 3: not JSON" in str(refused.exception)
    assert "--skip-invalid-events" in str(refused.exception)
    taken = CliRunner().invoke(simulate, [*arguments, "--skip-invalid-events"], input=events)
    assert taken.exit_code == 0
    assert "Left out, as no events: 1 line." in taken.stderr


def test_a_sample_of_events_shows_what_a_changed_bound_does(files: Path) -> None:
    made = invoked("--sample-events", "sample.jsonl", "--current", "current.jsonl")
    assert (made.exit_code, made.stdout) == (0, "")
    assert "How often such events come, they do not say." in made.stderr
    again = invoked("--sample-events", "sample.jsonl", "--current", "current.jsonl")
    assert "stays as it is" in str(again.exception)
    gate = ("--max-new-firings", "0")
    assert invoked("--events", "sample.jsonl", "--current", "current.jsonl", *gate).exit_code == 3


def test_a_csv_of_past_objects_is_a_sample_too(files: Path) -> None:
    (files / "orders.csv").write_text("customer;created;Total\na;2026-11-01T10:00:00Z;40000\n")
    of_csv = ("--object-type", "Orders", "--profile-column", "customer", "--time-column", "created")
    ended = invoked("--events", "orders.csv", "--current", "current.jsonl", *of_csv)
    assert "New firings: 1; 0 stop." in ended.stderr
