"""Files of other tools as definitions: each with its place, and what was done told in numbers."""

import json
from pathlib import Path
from typing import Any

import pytest

from batcher.errors import InputError
from batcher.jobs.definition_kinds import KINDS
from batcher.jobs.definitions import Definition, DefinitionFile
from batcher.jobs.foreign_definitions import Translator
from batcher.updates.foreign_document import Tool
from batcher.updates.line_reader import LineReader
from batcher.updates.terraform import RESOURCE_TYPE
from tests.updates import test_cloudformation, test_terraform
from tests.updates.foreign_words import TRIGGER, camel, skeleton, spelled
from tests.updates.samples import MODEL, SECRET

DOMAINLESS = {name: value for name, value in TRIGGER.items() if name != "DomainName"}
ANSWER = DOMAINLESS | {"CreatedAt": "2026-01-01T00:00:00Z", "LastUpdatedAt": 1.5, "Tags": {"a": ""}}


def read(
    path: Path, content: Any, written_as: str = "updates", **given: Any
) -> tuple[list[Definition], list[str]]:
    """The definitions of a file, and all that was told of them."""
    if not isinstance(content, bytes):
        content = json.dumps(content, indent=2).encode()
    path.write_bytes(content)
    told = list[str]()
    file = DefinitionFile(
        path=path,
        origin="x",
        reader=LineReader(MODEL, "default"),
        on_hint=lambda hint: told.append(hint.what),
        on_note=told.append,
        **given,
    )
    return list(KINDS[written_as].read(file)), told


def members(found: list[Definition]) -> list[dict[str, Any]]:
    assert not any(each.violations for each in found), found
    return [each.members for each in found]


def test_a_template_gives_its_triggers_under_their_names_there(tmp_path: Path) -> None:
    queue = {"Queue": {"Type": "AWS::SQS::Queue"}}
    document = test_cloudformation.template(
        TRIGGER | {"DomainName": {"Ref": "Domain"}, "Tags": [{"Key": "a", "Value": SECRET}]},
        Resources=queue,
    )
    for tool in ("cloudformation", "cdk"):
        found, told = read(tmp_path / "x", document, tool, parameters={"Domain": "shop"})
        assert members(found) == [{"id": "Watch"} | TRIGGER]
        assert told == [
            "Tags: left out, as no update takes it (1 definition).",
            "Left out: 1 resource that is no event trigger.",
        ]
    with pytest.raises(InputError, match="x: this is a template of CloudFormation: give --from"):
        read(tmp_path / "x", document)
    found, _ = read(tmp_path / "x", document, "cloudformation")
    (only,) = found[0].violations
    assert str(only).startswith("Resources.Watch.Properties.DomainName: refers to Domain")


def test_a_parameter_that_nothing_refers_to_is_refused_as_it_is_a_slip(tmp_path: Path) -> None:
    document = test_cloudformation.template(
        TRIGGER | {"SegmentFilter": {"Ref": "Segment"}},
        Parameters={"Segment": {"Default": "vip"}, "Spare": {"Default": "x"}},
    )
    known = {"Segment": "a", "Spare": "b"}
    found, _ = read(tmp_path / "x", document, "cdk", parameters=known)
    assert members(found)[0]["SegmentFilter"] == "a"
    with pytest.raises(InputError, match="refers to what --parameter Segmnt gives"):
        read(tmp_path / "x", document, "cdk", parameters={"Segmnt": "a"})


def test_a_trigger_whose_condition_is_not_true_is_told(tmp_path: Path) -> None:
    document = test_cloudformation.template(TRIGGER)
    kept = document["Resources"]["Watch"]
    document["Resources"]["Other"] = kept | {"Condition": "IsTest"}
    given = {"IsTest": "false"}
    found, told = read(tmp_path / "x", document, "cloudformation", parameters=given)
    assert (len(found), told) == (1, ["Left out: 1 trigger whose condition is not true."])


def test_a_state_gives_each_instance_under_its_address(tmp_path: Path) -> None:
    attributes = test_terraform.ATTRIBUTES | test_terraform.OWN
    instances = [test_terraform.instance(attributes, key) for key in ("a", "b")]
    common = {"mode": "managed", "type": RESOURCE_TYPE, "name": "watch"}
    found, told = read(
        tmp_path / "x", test_terraform.state(common | {"instances": instances}), "awscc"
    )
    ids = [f'{RESOURCE_TYPE}.watch["{key}"]' for key in ("a", "b")]
    assert members(found) == [{"id": id} | TRIGGER for id in ids]
    assert "and 10 more: written in other letters, taken as the model's names (2" in told[0]
    assert told[1] == "created_at: left out, as no update takes it (2 definitions)."


def test_of_a_plan_what_is_still_to_be_made_is_left_out_and_counted(tmp_path: Path) -> None:
    address = f"{RESOURCE_TYPE}.watch"
    new = f"{address}2"
    resources = [test_terraform.resource(test_terraform.ATTRIBUTES, at) for at in (address, new)]
    document = test_terraform.plan({"resources": resources}, test_terraform.change(new, "create"))
    found, told = read(tmp_path / "x", document, "awscc")
    assert len(found) == 1
    assert told[-1] == "Left out: 1 trigger that is still to be created by terraform apply."


def test_answers_one_after_another_and_skeletons_need_no_flag(tmp_path: Path) -> None:
    content = b"\n".join(json.dumps(each, indent=4).encode() for each in (ANSWER, ANSWER))
    found, told = read(tmp_path / "x", content, domain="shop")
    assert members(found) == [TRIGGER] * 2
    assert told == [
        "CreatedAt, LastUpdatedAt, Tags: left out, as no update takes it (2 definitions)."
    ]
    filled = skeleton() | {name: TRIGGER[name] for name in ("DomainName", "EventTriggerName")}
    found, told = read(tmp_path / "x", filled | {"SegmentFilter": "vip"})
    assert members(found)[0].keys() == {"DomainName", "EventTriggerName", "SegmentFilter"}
    assert "left out, as nothing was filled in" in told[0]


def test_lines_in_other_letters_are_understood_beside_lines_of_ours(tmp_path: Path) -> None:
    lines = [TRIGGER, spelled(TRIGGER, camel), ANSWER | {"domain_name": "shop"}]
    content = b"".join(json.dumps(each).encode() + b"\n" for each in lines)
    found, _ = read(tmp_path / "x", content)
    assert members(found) == [TRIGGER] * 3
    assert [each.line for each in found] == [1, 2, 3]


def test_a_template_of_yaml_is_one_of_json(tmp_path: Path) -> None:
    content = b"""
Resources:
  Watch:
    Type: AWS::CustomerProfiles::EventTrigger
    Properties:
      DomainName: !Sub "${Stage}-shop"
      EventTriggerName: price-drop
      EventTriggerLimits: {Periods: [{Unit: DAYS, Value: "7"}]}
      SegmentFilter: yes
"""
    given = {"parameters": {"Stage": "prod"}}
    found, _ = read(tmp_path / "x", content, "cloudformation", **given)
    (only,) = found[0].violations
    assert str(only).startswith("Resources.Watch.Properties.SegmentFilter: is written without")
    quoted = content.replace(b"yes", b'"yes"')
    for wrapped in (quoted, {"TemplateBody": quoted.decode(), "StagesAvailable": ["Original"]}):
        found, _ = read(tmp_path / "x", wrapped, "cloudformation", **given)
        (definition,) = members(found)
        assert definition["DomainName"] == "prod-shop"
        assert definition["EventTriggerLimits"]["Periods"][0]["Value"] == 7


@pytest.mark.parametrize(
    ("content", "tool", "said"),
    [
        ({"Resources": {}}, Tool.CDK, "x: there is no event trigger in it"),
        ({"Resources": {}}, Tool.AWSCC, "x: this is a template"),
        (b"", Tool.CDK, "no event trigger"),
        (b"<html>", Tool.AWSCC, "x: "),
        (b'resource "a" "b" {\n  c = 1\n}\n', Tool.AWSCC, "terraform show -json"),
        ({"version": "38.0.1", "artifacts": {}}, Tool.CDK, "cdk.out"),
    ],
)
def test_what_has_no_trigger_is_refused_by_the_name_of_the_file(
    tmp_path: Path, content: Any, tool: Tool, said: str
) -> None:
    with pytest.raises(InputError, match=said):
        read(tmp_path / "x", content, tool.value)


def test_what_is_no_definition_at_all_is_told_as_the_lines_that_it_is(tmp_path: Path) -> None:
    found, told = read(tmp_path / "x", {"zq": [{"DomainName": "a", "EventTriggerName": "b"}]})
    assert told == ["JSON with the updates further in"]
    assert all(each.violations for each in found)


def test_a_note_names_the_most_frequent_members_and_counts_definitions(tmp_path: Path) -> None:
    told = list[str]()
    reader = LineReader(MODEL, "default")
    file = DefinitionFile(
        path=tmp_path, origin="x", reader=reader, on_hint=lambda _: None, on_note=told.append
    )
    translator = Translator(file)
    for value in ({"Tags": {"a": "b"}}, {"Tags": {"a": "b"}, "CreatedAt": 1}):
        translator.definition(TRIGGER | value, 1)
    translator.finish()
    assert told == ["Tags, CreatedAt: left out, as no update takes it (2 definitions)."]
