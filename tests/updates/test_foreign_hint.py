"""What is told of files of other tools, and that the command makes updates of them."""

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from batcher.updates.foreign_hint import document_hint, letters_hint, yaml_hint
from tests.updates.foreign_words import camel, snake, spelled
from tests.updates.mended_files import UPDATES, WITH_LIMITS, assert_mended, hint, lines

TEMPLATE = {
    "Resources": {
        f"T{number}": {"Type": "AWS::CustomerProfiles::EventTrigger", "Properties": update}
        for number, update in enumerate(UPDATES)
    }
}
STATE = {
    "format_version": "1.0",
    "terraform_version": "1.11.4",
    "values": {
        "root_module": {
            "resources": [
                {
                    "address": f"awscc_customerprofiles_event_trigger.t[{number}]",
                    "mode": "managed",
                    "type": "awscc_customerprofiles_event_trigger",
                    "values": spelled(update, snake),
                }
                for number, update in enumerate(WITH_LIMITS)
            ]
        }
    },
}


@pytest.mark.parametrize(
    ("what", "content"),
    [
        ("a template of CloudFormation", yaml.safe_dump(TEMPLATE).encode()),
        ("a state or a plan of Terraform", json.dumps(STATE, indent=2).encode()),
        ("names in other letters", lines([spelled(each, camel) for each in WITH_LIMITS])),
    ],
)
def test_what_another_tool_wrote_is_told_and_compose_mends_it(
    tmp_path: Path, what: str, content: bytes
) -> None:
    assert_mended(tmp_path, what, content, "batcher")


def test_of_a_long_file_the_beginning_tells() -> None:
    listed = json.dumps([spelled(each, snake) for each in UPDATES]).encode()
    assert "names in other letters" in hint(listed).what
    assert hint(json.dumps(TEMPLATE).encode()).what == "a template of CloudFormation"
    many = {**STATE, "values": {"root_module": {"resources": [{"type": "x" * 100}] * 2000}}}
    assert hint(json.dumps(many).encode()).what == "a state or a plan of Terraform"


@pytest.mark.parametrize("value", [[], {}, {"zq": 1}, None, "Resources", {"Resourcess": 1}])
def test_what_is_of_no_tool_has_no_hint(value: Any) -> None:
    assert document_hint(value) is None
    assert yaml_hint("a: 1\n  Resources: 2") is None
    assert letters_hint([{"DomainName": "a"}, {}], of_values=True) is None
