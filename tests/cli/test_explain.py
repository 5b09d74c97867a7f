"""``batcher explain`` as its users meet it."""

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from batcher.cli.commands.explain import explain
from batcher.triggers.lint.codes import LINT_CODES
from tests.triggers.semantics.samples import of_one

LIVE = {"EventTriggerName": "big-order", **of_one("GREATER_THAN", "100", source="order.total")}


@pytest.fixture
def ask(tmp_path: Path) -> Any:
    def run(found: Any, *flags: str, trigger: Any = LIVE, **files: Any) -> Result:
        for name, content in {"trigger": trigger, "event": found, **files}.items():
            text = content if isinstance(content, str) else json.dumps(content, indent=1)
            (tmp_path / f"{name}.json").write_text(text)
        paths = [str(tmp_path / "trigger.json"), str(tmp_path / "event.json")]
        given = [flag.replace("DIR", str(tmp_path)) for flag in flags]
        result = CliRunner().invoke(explain, [*paths, *given])
        assert "Traceback" not in result.output
        return result

    return run


def test_it_ends_with_0_where_the_trigger_fires_and_with_1_where_not(ask: Any) -> None:
    fires = ask({"order": {"total": 101}})
    assert (fires.exit_code, fires.stdout) == (0, "")
    assert fires.stderr.startswith("Trigger big-order fires on event 1.\n")
    assert ask({"order": {"total": 100}}).exit_code == 1
    assert ask({"order": {"total": 101}}, "--object-type", "Contacts").exit_code == 1


def test_json_is_one_object_on_standard_output(ask: Any) -> None:
    told = json.loads(ask({"order": {"total": "101"}}, "--json").stdout)
    assert (told["fires"], told["depends_on"]) == (True, ["text_numbers"])
    other = ask({"order": {"total": "101"}}, "--json", "--text-numbers", "texts")
    assert json.loads(other.stdout)["fires"] is False


def test_a_field_is_found_by_the_mapping(ask: Any) -> None:
    by_field = LIVE | of_one("GREATER_THAN", "100", source=None, FieldName="total")
    mapping = {"Fields": {"total": {"Source": "_source.order.total"}}}
    flags = ("--mapping", "DIR/mapping.json")
    event = {"order": {"total": 101}}
    assert ask(event, trigger=by_field).exit_code == 1
    assert ask(event, *flags, trigger=by_field, mapping=mapping).exit_code == 0


def test_a_profile_is_looked_for_among_the_members_of_the_segment(ask: Any) -> None:
    limited = LIVE | {"SegmentFilter": "vip"}
    event = {
        "profile": "p-1",
        "object_type": "Orders",
        "timestamp": 1,
        "object": {"order": {"total": 101}},
    }
    flags = ("--segments", "DIR/members.json")
    for member, code in (("p-1", 0), ("p-2", 1)):
        members = json.dumps({"segment": "vip", "profile": member})
        assert ask(event, *flags, trigger=limited, members=members).exit_code == code
    assert ask(event, "--unlisted", "outside", trigger=limited).exit_code == 1


def test_of_several_it_says_which_it_took(ask: Any) -> None:
    events = "".join(
        json.dumps({"id": f"e-{n}", "object": {"order": {"total": n}}}) + "\n" for n in (100, 101)
    )
    first, second = ask(events), ask(events, "--event", "e-101")
    assert "holds several events: e-100 is its first; --event ID chooses" in first.stderr
    assert (first.exit_code, second.exit_code) == (1, 0)
    assert "holds several" not in second.stderr


@pytest.mark.parametrize(
    ("found", "flags", "trigger", "code"),
    [
        ("SECRET", (), LIVE, "InputError"),
        ({}, (), {"SECRET": 1}, "InputError"),
        ({}, ("--timezone", "Mars"), LIVE, "SettingsError"),
        ({}, ("--mapping", "DIR/nothing.json"), LIVE, "InputError"),
        ({}, ("--show-sensitive",), LIVE, "SystemExit"),
        ({}, ("--between", "maybe"), LIVE, "SystemExit"),
        ({}, ("--mapping", "-", "--segments", "-"), LIVE, "SystemExit"),
    ],
)
def test_what_is_wrong_is_told_and_not_quoted(
    ask: Any, found: Any, flags: tuple[str, ...], trigger: Any, code: str
) -> None:
    result = ask(found, *flags, trigger=trigger)
    assert result.exit_code != 0
    assert type(result.exception).__name__ == code
    assert "SECRET" not in f"{result.output}{result.exception}"


def test_one_argument_that_is_no_code_asks_for_an_event() -> None:
    result = CliRunner().invoke(explain, ["trigger.json"])
    assert result.exit_code == 2


@pytest.mark.parametrize("name", ["BT101", "set-twice"])
def test_a_code_of_lint_is_told_by_itself_and_by_its_name(name: str) -> None:
    told = CliRunner().invoke(explain, [name])
    assert (told.exit_code, told.stdout) == (0, "")
    assert told.stderr.startswith("BT101 set-twice (warning)\n")
    (found,) = json.loads(CliRunner().invoke(explain, [name, "--json"]).stdout)["codes"]
    assert (found["code"], found["severity"]) == ("BT101", "warning")


def test_without_a_code_all_are_listed_and_one_that_there_is_not_is_refused() -> None:
    told = CliRunner().invoke(explain, [])
    assert told.exit_code == 0
    assert [line[:5] for line in told.stderr.splitlines()] == list(LINT_CODES)
    assert len(json.loads(CliRunner().invoke(explain, ["--json"]).stdout)["codes"]) > 1
    refused = CliRunner().invoke(explain, ["BT1011"])
    assert refused.exit_code == 2
    assert "Did you mean BT101?" in refused.stderr
