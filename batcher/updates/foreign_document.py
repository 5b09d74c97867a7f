"""What a whole document of another tool is, and the event triggers in it.

A template, a state, a plan, an answer of the API, or definitions alone, one or a list of them.
"""

from collections.abc import Iterator, Mapping
from enum import Enum
from typing import Any

from batcher.error_codes import OTHER_TOOL
from batcher.errors import InputError
from batcher.updates import cloudformation, terraform
from batcher.updates.foreign_resources import ForeignResource, ForeignResources
from batcher.updates.update_model import UpdateModel

_NESTED_AT_MOST = 8
_COMMON = ("Description",)  # members that much else has, too


class OtherToolError(InputError):
    """A file is of another tool than was said. Says which."""

    code = OTHER_TOOL


class Tool(Enum):
    """What wrote a file, as ``--from`` names it."""

    CDK = "cdk"
    AWSCC = "awscc"
    CLOUDFORMATION = "cloudformation"


def triggers_in(
    document: Any, tool: Tool | None, model: UpdateModel, parameters: Mapping[str, str]
) -> ForeignResources:
    """The event triggers of a document. ``tool``: what it has to be from; None: of no such one.

    ``parameters``: values for the names that a template refers to. Raises OtherToolError where it
    is of another, and InputError for what has no triggers at all.
    """
    if isinstance(document, dict):
        if "Resources" in document:
            _expect(tool, (Tool.CDK, Tool.CLOUDFORMATION), "a template of CloudFormation")
            return cloudformation.triggers_of_template(document, parameters)
        if isinstance(document.get("TemplateBody"), dict):
            return triggers_in(document["TemplateBody"], tool, model, parameters)
        if terraform.is_terraform(document):
            _expect(tool, (Tool.AWSCC,), "of Terraform")
            return terraform.triggers_of_terraform(document)
    return ForeignResources(triggers=list(_plain(document, model, 0)))


def _expect(tool: Tool | None, possible: tuple[Tool, ...], what: str) -> None:
    if tool not in possible:
        raise OtherToolError(f"this is {what}: give --from {possible[-1].value}")


def _plain(document: Any, model: UpdateModel, depth: int) -> Iterator[ForeignResource]:
    """The definitions that stand in a document as they are."""
    if isinstance(document, list) and depth < _NESTED_AT_MOST:
        for each in document:
            yield from _plain(each, model, depth + 1)
    elif isinstance(document, dict) and isinstance(document.get("Items"), list):
        yield from _plain(document["Items"], model, depth + 1)
    elif isinstance(document, dict) and any(_is_of_trigger(name, model) for name in document):
        yield ForeignResource(value=document)
    else:
        raise InputError(
            "no template, no state and no definition of an event trigger. Of CDK a file"
            " cdk.out/*.template.json is taken, of Terraform terraform.tfstate or what terraform"
            " show -json prints"
        )


def _is_of_trigger(name: str, model: UpdateModel) -> bool:
    """Whether only an event trigger has a member of that name, in whatever letters."""
    known = model.names.spelled(name, ()) or ""
    return known[:1].isupper() and known not in _COMMON
