"""The rules read off the installed model.

What is valid passes, one thing wrong is told at its place.
"""

import json
from typing import Any

import botocore.session
import pytest
from botocore.validate import ParamValidator
from hypothesis import example, given, settings

from batcher.updates.update_model import UpdateModel
from tests.updates.samples import MODEL, SECRET, broken_lines, full, valid_lines

SDK_RULES = (
    botocore.session.get_session()
    .get_service_model("customer-profiles")
    .operation_model("UpdateEventTrigger")
    .input_shape
)


@given(valid_lines())
def test_what_is_built_from_the_model_has_no_violation_and_the_sdk_takes_it_too(
    line: dict[str, Any],
) -> None:
    assert MODEL.accepts(line)
    assert MODEL.check(line) == []
    request = {name: value for name, value in line.items() if name[0].isupper()}
    assert not ParamValidator().validate(request, SDK_RULES).has_errors()


@settings(max_examples=20)
@given(valid_lines())
@example(full())
def test_one_thing_wrong_is_one_place_named_and_nothing_quoted(line: dict[str, Any]) -> None:
    for broken in broken_lines(line):
        violations = MODEL.check(broken.line)
        assert {violation.path for violation in violations} == {broken.path}, broken.what
        assert all(SECRET not in violation.message for violation in violations)


def test_every_violation_of_a_line_is_told_in_our_words() -> None:
    line = {
        "DomainName": "a b",
        "eventtriggername": "x",
        "id": "a\x1b[2J",
        "Description": "",
        "EventTriggerConditions": [{"my secret": 1, "LogicalOperator": "any"}],
        "EventTriggerLimits": {
            "EventExpiration": 2**63,
            "Periods": [{"Unit": "YEARS", "Value": 0}] * 5,
        },
    }
    pattern, most = (
        MODEL.schema["$defs"]["name"]["pattern"],
        MODEL.schema["$defs"]["Periods"]["maxItems"],
    )
    units = ", ".join(MODEL.schema["$defs"]["PeriodUnit"]["enum"])
    told = [str(violation) for violation in MODEL.check(line)]
    assert {
        f"DomainName: does not match {pattern}",
        "eventtriggername: no such member; did you mean EventTriggerName?",
        "id: holds a control character; none is allowed",
        "Description: too short: at least 1 character; leave it out: no update can clear it",
        "EventTriggerConditions[0].EventTriggerDimensions: missing; it is required",
        (
            "EventTriggerConditions[0]: has a member that does not exist; there are"
            " EventTriggerDimensions (in it: ObjectAttributes (in it: Source, FieldName,"
            " ComparisonOperator, Values)), LogicalOperator"
        ),
        "EventTriggerConditions[0].LogicalOperator: not one of ANY, ALL, NONE; did you mean ANY?",
        f"EventTriggerLimits.EventExpiration: too large: at most {2**63 - 1}",
        f"EventTriggerLimits.Periods: too many: at most {most} entries",
        f"EventTriggerLimits.Periods[4].Unit: not one of {units}",
        "EventTriggerLimits.Periods[4].Value: too small: at least 1",
    } <= set(told)


@pytest.mark.parametrize("name", ["id", "target"])
def test_a_name_of_ours_has_1_to_256_characters_none_a_control_character(name: str) -> None:
    line = {"DomainName": "acme", "EventTriggerName": "cart"}
    for value in ("a", "é" * 256, "a b"):
        assert MODEL.check(line | {name: value}) == []
    for value in ("", "a" * 257, "a\n", "\x00", "\x7f", 1):
        assert [violation.path for violation in MODEL.check(line | {name: value})] == [name], value


@pytest.mark.parametrize("number", ["1.0", "1e3", "0.5", "1E0"])
def test_an_integer_is_written_as_digits_as_the_sdk_wants_it(number: str) -> None:
    limits = json.loads(f'{{"EventExpiration": {number}}}')
    line = {"DomainName": "acme", "EventTriggerName": "cart", "EventTriggerLimits": limits}
    assert ParamValidator().validate(line, SDK_RULES).has_errors()
    assert [violation.path for violation in MODEL.check(line)] == [
        "EventTriggerLimits.EventExpiration"
    ]


@pytest.mark.parametrize("name", ["DomainName", "EventTriggerName", "SegmentFilter"])
def test_a_pattern_that_ends_with_a_dollar_takes_no_newline(name: str) -> None:
    line = {"DomainName": "acme", "EventTriggerName": "cart"} | {name: "acme\n"}
    assert [violation.path for violation in MODEL.check(line)] == [name]


def test_a_name_that_would_disturb_a_terminal_is_shown_escaped() -> None:
    (violation,) = MODEL.check(
        {"DomainName": "acme", "EventTriggerName": "cart", "\x1bDescription": 1}
    )
    assert violation.path == '"\\u001bDescription"'


def test_the_sensitive_members_are_those_that_the_model_marks() -> None:
    assert MODEL.sensitive == {"Description", "EventTriggerConditions"}


def test_another_model_gives_other_rules_of_any_shape() -> None:
    shapes = {
        "Request": {
            "type": "structure",
            "required": ["Name"],
            "members": {
                "Name": {"shape": "Text", "sensitive": True},
                "Tags": {"shape": "Tags"},
                "Share": {"shape": "Share"},
                "When": {"shape": "When"},
                "Secrets": {"shape": "Secrets"},
                "Node": {"shape": "Node"},
            },
        },
        "Node": {
            "type": "structure",
            "required": ["Share"],
            "members": {"Share": {"shape": "Share"}, "Node": {"shape": "Node"}},
        },
        "Text": {"type": "string", "max": 3},
        "Tags": {"type": "map", "key": {"shape": "Text"}, "value": {"shape": "Text"}, "max": 1},
        "Share": {"type": "double"},
        "When": {"type": "timestamp"},
        "Secrets": {"type": "list", "member": {"shape": "Secret"}},
        "Secret": {"type": "string", "sensitive": True},
    }
    operations = {"UpdateEventTrigger": {"input": {"shape": "Request"}}}
    model = UpdateModel.from_service_model(
        {"shapes": shapes, "operations": operations, "metadata": {"uid": "one"}}
    )
    assert model.version == "one"
    assert model.sensitive == {"Name", "Secrets"}
    assert (
        model.check(
            {"Name": "abc", "Share": 1.0, "When": 5, "Tags": {"a": "b"}, "Node": {"Share": 0.5}}
        )
        == []
    )
    paths = {
        violation.path
        for violation in model.check(
            {"Name": "abcd", "Tags": {"a": "abcd"}, "Node": {"Share": 1, "Node": {}}}
        )
    }
    assert paths == {"Name", "Tags.a", "Node.Node.Share"}


def test_the_schema_is_json_and_says_what_it_is() -> None:
    schema = json.loads(json.dumps(MODEL.schema))
    assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    assert schema["title"]
    assert all(member["description"] for member in schema["properties"].values())
