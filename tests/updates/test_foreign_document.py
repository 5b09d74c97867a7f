"""What a document is, is found out; what it is not is told with what would be right."""

from typing import Any

import pytest

from batcher.errors import InputError
from batcher.updates.foreign_document import Tool, triggers_in
from tests.updates import test_cloudformation, test_terraform
from tests.updates.foreign_words import TRIGGER, camel, spelled
from tests.updates.samples import MODEL

TEMPLATE = test_cloudformation.template(TRIGGER)
STATE = test_terraform.shown({"resources": [test_terraform.resource(test_terraform.ATTRIBUTES)]})


def count(document: Any, tool: Tool | None = None) -> int:
    return len(triggers_in(document, tool, MODEL, {}).triggers)


@pytest.mark.parametrize(
    ("document", "tools", "triggers"),
    [
        (TEMPLATE, (Tool.CDK, Tool.CLOUDFORMATION), 1),
        ({"TemplateBody": TEMPLATE, "StagesAvailable": []}, (Tool.CLOUDFORMATION,), 1),
        (STATE, (Tool.AWSCC,), 1),
        (TRIGGER, (None, *Tool), 1),
        (spelled(TRIGGER, camel), (None, *Tool), 1),
        ([TRIGGER, [TRIGGER]], (None, *Tool), 2),
        ({"Items": [TRIGGER, TRIGGER], "NextToken": "x"}, (None,), 2),
        ([], (None,), 0),
    ],
)
def test_a_document_has_the_triggers_that_stand_in_it(
    document: Any, tools: tuple[Tool | None, ...], triggers: int
) -> None:
    for tool in tools:
        assert count(document, tool) == triggers


@pytest.mark.parametrize(
    ("document", "tool", "said"),
    [
        (TEMPLATE, Tool.AWSCC, "--from cloudformation"),
        (STATE, Tool.CDK, "--from awscc"),
        (STATE, None, "--from awscc"),
        (TEMPLATE, None, "--from cloudformation"),
        ({"zq": 1}, None, "no template"),
        ({"id": 1, "description": "x", "data": [TRIGGER]}, None, "no template"),
        ("hush", Tool.CDK, "cdk.out"),
        (None, None, "terraform show"),
        ([[5]], None, "no definition"),
    ],
)
def test_what_is_something_else_is_refused_with_what_is_right(
    document: Any, tool: Tool | None, said: str
) -> None:
    with pytest.raises(InputError, match=said):
        count(document, tool)


def test_lists_within_lists_have_an_end() -> None:
    deep: Any = TRIGGER
    for _ in range(5000):
        deep = [deep]
    with pytest.raises(InputError):
        count(deep)
