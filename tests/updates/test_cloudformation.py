"""What a template says of its event triggers: what is known, and what only a stack knows."""

from typing import Any

import pytest
from hypothesis import given, settings

from batcher.errors import InputError
from batcher.updates.cloudformation import RESOURCE_TYPE, triggers_of_template
from batcher.updates.foreign_definition import UnknownValue
from tests.updates.foreign_words import TRIGGER
from tests.updates.samples import valid_lines

REF = {"Ref": "Segment"}


def template(properties: Any, **others: Any) -> dict[str, Any]:
    resources = {"Watch": {"Type": RESOURCE_TYPE, "Properties": properties}}
    return {"Resources": resources | others.pop("Resources", {}), **others}


def value(given_value: Any, given: dict[str, str] | None = None, **parameters: Any) -> Any:
    """What a property is that is written so."""
    parts = template({"SegmentFilter": given_value}, Parameters=parameters)
    (found,) = triggers_of_template(parts, given or {}).triggers
    return found.value["SegmentFilter"]


@settings(max_examples=15)
@given(valid_lines())
def test_what_is_written_is_what_is_taken(line: dict[str, Any]) -> None:
    (found,) = triggers_of_template(template(line), {}).triggers
    assert (found.value, found.name, found.place) == (line, "Watch", "Resources.Watch.Properties")


def test_what_is_no_event_trigger_is_counted_only() -> None:
    others = {"Queue": {"Type": "AWS::SQS::Queue", "Properties": {"Broken": {"Fn::Oh": 1}}}, "N": 5}
    found = triggers_of_template(template(TRIGGER, Resources=others), {})
    assert (len(found.triggers), found.others) == (1, 2)
    assert triggers_of_template({"Resources": {}}, {}).triggers == []


@pytest.mark.parametrize(
    ("written", "known"),
    [
        (REF, "vip"),
        ({"Fn::Sub": "${Segment}-1"}, "vip-1"),
        ({"Fn::Sub": "${!Segment}"}, "${Segment}"),
        ({"Fn::Sub": ["${Segment}/${Own}", {"Own": REF}]}, "vip/vip"),
        ({"Fn::Join": ["-", ["a", REF, 5]]}, "a-vip-5"),
        ({"Fn::Join": ["", [{"Fn::Join": ["", [REF]]}]]}, "vip"),
        ({"Fn::GetAtt": ["Domain", "Name"]}, "acme"),
        ({"Fn::GetAtt": "Domain.Name"}, "acme"),
        ({"Fn::Sub": "${Domain.Name}"}, "acme"),
        ({"Ref": "AWS::Region"}, "eu-west-1"),
        ({"Ref": "AWS::NoValue"}, None),
        ({"Ref": "Both"}, "given"),
        ({"Ref": "List"}, ["a", "b"]),
        ({"Ref": "x", "other": 1}, {"Ref": "x", "other": 1}),
    ],
)
def test_a_name_stands_for_what_is_given_or_for_its_default(written: Any, known: Any) -> None:
    given = {"Domain.Name": "acme", "AWS::Region": "eu-west-1", "Both": "given"}
    parameters = {
        "Segment": {"Type": "String", "Default": "vip"},
        "Both": {"Default": "default"},
        "List": {"Type": "CommaDelimitedList", "Default": "a, b"},
    }
    assert value(written, given, **parameters) == known


@pytest.mark.parametrize(
    ("written", "said"),
    [
        (REF, "--parameter Segment=VALUE"),
        ({"Fn::Sub": "a-${Segment}"}, "--parameter Segment=VALUE"),
        ({"Fn::Sub": ["${Own}", {"Own": REF}]}, "--parameter Segment=VALUE"),
        ({"Fn::Join": ["-", ["a", REF]]}, "--parameter Segment=VALUE"),
        ({"Fn::Join": ["-", ["a", ["b"]]]}, "no text"),
        ({"Fn::Join": ["-", ["a", True]]}, "no text"),
        ({"Ref": "Empty"}, "is empty by what it refers to"),
        ({"Ref": "Stored"}, "--parameter Stored=VALUE"),
        ("{{resolve:ssm:hush}}", "looked up by CloudFormation"),
        ({"Fn::Join": ["", ["{{resolve:ssm:", "hush"]]}, "looked up"),
        ({"Fn::Sub": "{{resolve:ssm:hush}}"}, "looked up"),
        ({"Fn::Join": REF}, "Fn::Join is worked out by CloudFormation"),
        ({"Fn::GetAtt": ["Domain", "Arn"]}, "--parameter Domain.Arn=VALUE"),
        ("x-${Token[TOKEN.12]}", "a token that CDK has not resolved"),
        ({"Fn::Join": ["", ["#{", "Token[hush.7]}"]]}, "a token that CDK has not resolved"),
        ({"Fn::If": ["c", "a", "b"]}, "Fn::If is worked out by CloudFormation"),
        ({"Fn::hush hush\n": 1}, "a function is worked out"),
        ({"Ref": ["x"]}, "Ref is worked out"),
        ({"Ref": "hush\x1b[2J"}, "under a name"),
        ({"Fn::Sub": "Dear ${hush hush}"}, "under a name"),
    ],
)
def test_what_only_a_stack_knows_is_unknown_and_says_what_to_do(written: Any, said: str) -> None:
    stored = {"Type": "AWS::SSM::Parameter::Value<String>", "Default": "/hush/name"}
    found = value(written, Stored=stored, Empty={"Type": "String", "Default": ""})
    assert isinstance(found, UnknownValue)
    assert said in found.why
    assert found.why.isprintable()
    assert "hush" not in found.why


def test_a_trigger_under_a_condition_is_taken_only_where_that_is_said_to_be_true() -> None:
    own = {"Type": RESOURCE_TYPE, "Properties": TRIGGER}
    both = {name: own | {"Condition": f"Is{name}"} for name in ("Prod", "Test")}
    found = triggers_of_template({"Resources": both}, {"IsProd": "true", "IsTest": "False"})
    assert ([each.name for each in found.triggers], found.unmade, found.others) == (["Prod"], 1, 0)
    assert found.names == {"IsProd", "IsTest"}
    for said in ({"IsProd": "true"}, {"IsTest": "true", "IsProd": "yes"}):
        with pytest.raises(
            InputError, match=r"only under the condition Is\w+: give --parameter Is"
        ):
            triggers_of_template({"Resources": both}, said)


def test_what_is_no_template_or_a_program_still_is_refused() -> None:
    for wrong in ({"Resources": []}, template([])):
        with pytest.raises(InputError, match="no object"):
            triggers_of_template(wrong, {})
    loop = {"Fn::ForEach::All": ["N", ["a"], {"${N}": {"Type": RESOURCE_TYPE}}]}
    with pytest.raises(InputError, match="--template-stage Processed"):
        triggers_of_template({"Resources": loop}, {})


def test_nesting_has_an_end() -> None:
    deep: Any = "a"
    for _ in range(5000):
        deep = {"Fn::Join": ["", [deep]]}
    assert isinstance(value(deep), UnknownValue)
