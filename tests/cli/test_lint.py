"""``batcher lint``: what it prints where, in each format, and how it ends."""

import json
from pathlib import Path
from typing import Any

import click
import pytest
from click.testing import CliRunner, Result

from batcher.cli.commands.lint import lint
from batcher.cli.commands.plan import plan
from batcher.cli.commands.run import run as run_updates
from tests.conftest import trigger

NAMES = {"DomainName": "acme", "EventTriggerName": "a"}
SET_TWICE = [{**NAMES, "SegmentFilter": "vip"}, {**NAMES, "SegmentFilter": "all"}]


def run(*arguments: str | Path, given: bytes = b"") -> Result:
    result = CliRunner().invoke(lint, list(map(str, arguments)), input=given)
    assert "Traceback" not in result.output
    return result


@pytest.fixture
def updates(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(tmp_path)

    def write(*lines: dict[str, Any], name: str = "updates.jsonl") -> str:
        Path(name).write_text("".join(json.dumps(line) + "\n" for line in lines))
        return name

    return write


def test_warnings_are_told_and_fail_only_where_it_is_strict(updates) -> None:
    file = updates(*SET_TWICE)
    found = run(file)
    assert (found.exit_code, found.stdout) == (0, "")
    assert "BT101 warning: line 1 sets it to something else" in found.stderr
    assert "2 updates: 1 warning.\n" in found.stderr
    assert run(file, "--strict").exit_code == 1
    ignored = run(file, "--strict", "--ignore", "BT10")
    assert (ignored.exit_code, ignored.stderr) == (0, "2 updates: nothing found.\n")


def test_codes_are_chosen_by_flag_over_variable_over_file(updates, monkeypatch) -> None:
    file = updates(*SET_TWICE)
    Path("settings.toml").write_text('lint_ignore = ["BT101", "BT102"]\n')
    assert "nothing found" in run(file, "--config", "settings.toml").stderr
    monkeypatch.setenv("BATCHER_LINT_IGNORE", "BT102")
    assert "BT101" in run(file, "--config", "settings.toml").stderr
    assert "nothing found" in run(file, "--ignore", "set-twice").stderr
    assert "nothing found" in run(file, "--ignore", "BT101", "--ignore", "BT104").stderr
    refused = run(file, "--select", "BT7")
    assert "BT7: no code of lint" in str(refused.exception)


@pytest.mark.parametrize("flags", [["--json"], ["--format", "json"]])
def test_json_is_one_object_on_standard_output(updates, flags: list[str]) -> None:
    found = json.loads(run(updates(*SET_TWICE), *flags).stdout)
    assert [each["line"] for each in found["findings"]] == [2]


def test_each_line_that_breaks_a_rule_is_told_in_the_format_and_nothing_is_linted(updates) -> None:
    file = updates(*SET_TWICE, {**NAMES, "SegmentFilters": "vip"})
    text = run(file)
    assert text.exit_code == 2
    assert "line 3: SegmentFilters: no such member; did you mean SegmentFilter?" in text.stderr
    assert "BT1" not in text.stderr
    told = json.loads(run(file, "--json").stdout)
    assert (told["valid"], len(told["faults"])) == (False, 1)
    github = run(file, "--format", "github")
    assert github.stdout.startswith("::error file=updates.jsonl,line=3,title=BT000 invalid-line::")
    (result,) = json.loads(run(file, "--format", "sarif").stdout)["runs"][0]["results"]
    assert (result["ruleId"], github.exit_code) == ("BT000", 2)
    skipped = run(file, "--skip-invalid")
    assert (skipped.exit_code, "BT101 warning" in skipped.stderr) == (0, True)


def test_beside_an_export_a_missing_trigger_is_told(updates) -> None:
    updates(trigger(1), name="export.jsonl")
    found = run(updates(*SET_TWICE), "--current", "export.jsonl", "--format", "github")
    assert found.stdout.count("BT105") == 2
    assert run("-", "--current", "-").exit_code == 2
    empty = run(updates(name="empty.jsonl"))
    assert "it is empty" in str(empty.exception)


def test_what_does_not_go_together_is_refused(updates) -> None:
    file = updates(*SET_TWICE)
    for flags in (["--json", "--format", "sarif"], ["--show-sensitive"], ["--format", "xml"]):
        assert run(file, *flags).exit_code == 2


@pytest.mark.parametrize("command", [plan, run_updates], ids=lambda each: each.name)
def test_plan_and_run_say_what_is_found_and_stop_at_errors_before_anything_is_asked(
    command: click.Command, updates, stand_in_credentials
) -> None:
    nowhere = ["--endpoint-url", "http://127.0.0.1:1", "--region", "eu-west-1"]

    def tell(file: str, *flags: str) -> tuple[str, str]:
        ended = CliRunner().invoke(command, [file, *nowhere, *flags])
        return ended.stderr, str(ended.exception)

    said, error = tell(updates(*SET_TWICE))
    assert "lint: 1 warning. To see them: batcher lint updates.jsonl\n" in said
    assert "no connection" in error
    said, error = tell(updates(trigger(1) | {"ObjectTypeName": "_order"}))
    assert error.startswith("lint: 1 error")
    assert error.endswith("To see them: batcher lint updates.jsonl")
    assert "no connection" in tell("updates.jsonl", "--lint-ignore", "BT061")[1]
    assert tell("updates.jsonl", "--no-lint")[0] == ""
    assert not Path("updates.run").exists()
