"""``batcher validate`` and ``batcher schema``: what they print, where, and how they end."""

import gzip
import json
import os
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from batcher.cli.commands.validate import validate


def line(number: int, **more: Any) -> bytes:
    return (
        json.dumps({"DomainName": "acme", "EventTriggerName": f"cart-{number}", **more}).encode()
        + b"\n"
    )


def run(*arguments: str | Path, given: bytes = b"") -> Result:
    result = CliRunner().invoke(validate, list(map(str, arguments)), input=given)
    assert "Traceback" not in result.output
    return result


def test_a_valid_file_is_told_in_one_line_on_standard_error(tmp_path: Path) -> None:
    path = tmp_path / "updates.jsonl"
    path.write_bytes(
        b"".join(line(number % 1100, DomainName=f"d{number % 2}") for number in range(1200))
    )
    result = run(path)
    assert (result.exit_code, result.stdout) == (0, "")
    assert result.stderr == "1,200 updates of 1,100 triggers in 2 domains: all valid\n"


def test_faults_are_shown_20_at_most_and_counted_all(tmp_path: Path) -> None:
    path = tmp_path / "updates.jsonl"
    path.write_bytes(line(1) + b"{}\n" * 166)
    result = run(path)
    assert (result.exit_code, result.stdout) == (2, "")
    told = result.stderr.splitlines()
    assert told[0] == "line 2: DomainName: missing; it is required"
    assert told[20:] == ["… and 312 more", "166 of 167 updates invalid (332 faults)"]


def test_json_holds_every_fault_and_counts_of_targets(tmp_path: Path) -> None:
    path = tmp_path / "updates.jsonl"
    path.write_bytes(line(1) + line(2, target="b") + line(3, id="1") + b"{}\n" * 30)
    (tmp_path / "settings.toml").write_text('target = "a"\n[targets.b]\n')
    result = run(path, "--json", "--config", tmp_path / "settings.toml")
    assert result.exit_code == 2
    found = json.loads(result.stdout)
    assert (found["valid"], found["total"], found["targets"]) == (False, 33, {"a": 1, "b": 1})
    assert len(found["faults"]) == 61
    assert {
        "line": 3,
        "path": "id",
        "message": "the same as on line 1; ids must be unique",
    } in found["faults"]


def test_json_of_a_valid_file_has_no_faults(tmp_path: Path) -> None:
    path = tmp_path / "updates.jsonl.gz"
    path.write_bytes(gzip.compress(line(1)))
    result = run(path, "--json")
    assert (result.exit_code, json.loads(result.stdout)) == (
        0,
        {"faults": [], "valid": True, "total": 1, "invalid": 0, "targets": {"default": 1}},
    )


@pytest.mark.parametrize(
    "given",
    [
        ("--region", "eu-west-1"),
        ("--account", "111122223333"),
        ("--profile", "prod"),
        ("--role-arn", "arn:aws:iam::111122223333:role/r"),
    ],
)
def test_beside_targets_a_line_without_one_is_valid_where_its_place_is_given_as_to_a_run(
    given: tuple[str, str], tmp_path: Path
) -> None:
    path, config = tmp_path / "updates.jsonl", tmp_path / "settings.toml"
    path.write_bytes(line(1))
    config.write_text('[targets.a]\nregion = "eu-west-1"\n[targets.b]\nregion = "us-east-1"\n')
    assert "names no target" in run(path, "--config", config).stderr
    assert run(path, "--config", config, *given).exit_code == 0


def test_targets_that_the_settings_do_not_know_are_told_as_a_run_tells_them(tmp_path: Path) -> None:
    path = tmp_path / "updates.jsonl"
    path.write_bytes(line(1, target="prod-us") + line(2))
    alone = "there is default alone, as no table of targets was given (--config FILE)\n"
    assert f"line 1: target: no target prod-us; {alone}" in run(path).stderr
    (tmp_path / "settings.toml").write_text(
        'target = "home"\n[targets.prod-us]\nregion = "us-east-1"\n'
    )
    assert run(path, "--config", tmp_path / "settings.toml").exit_code == 0


def test_a_file_without_updates_is_no_valid_one_as_it_is_nothing_to_run(tmp_path: Path) -> None:
    path = tmp_path / "updates.jsonl"
    path.write_bytes(b"\n\n")
    result = run(path, "--json")
    assert (result.exit_code, json.loads(result.stdout)["valid"]) == (2, False)
    why = "no updates in it; nothing to do: it has only blank lines"
    assert result.stderr == f"{path}: {why}. Give a file of updates.\n"


def test_standard_input_can_be_checked_too() -> None:
    result = run("-", given=line(1) + line(2, id="1"))
    assert result.exit_code == 2
    assert "line 2: id: the same as on line 1; ids must be unique" in result.stderr


def test_sensitive_content_is_never_shown(tmp_path: Path) -> None:
    path = tmp_path / "updates.jsonl"
    conditions = [{"hush-hush": 1, "LogicalOperator": "hush-hush"}]
    path.write_bytes(line(1, Description=["hush-hush"], EventTriggerConditions=conditions))
    result = run(path, "--json")
    assert result.exit_code == 2
    assert "hush-hush" not in result.output


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("nowhere.jsonl", "there is no such file"),
        ("", "that is a directory"),
        ("cut.jsonl.gz", "ends too early"),
    ],
)
def test_what_can_not_be_read_is_one_line_and_the_json_is_whole(
    tmp_path: Path, name: str, says: str
) -> None:
    (tmp_path / "cut.jsonl.gz").write_bytes(gzip.compress(line(1))[:-9])
    result = run(tmp_path / name, "--json")
    assert result.exit_code == 2
    assert says in result.stderr
    assert len(result.stderr.splitlines()) == 1
    assert says in json.loads(result.stdout)["error"]


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_file_without_permission_is_one_clear_line(tmp_path: Path) -> None:
    path = tmp_path / "updates.jsonl"
    path.touch(mode=0o000)
    assert run(path).stderr == f"batcher: {path}: no permission to read or write it\n"
