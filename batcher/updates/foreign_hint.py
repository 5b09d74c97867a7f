"""What is told of an input that another tool wrote, and that ``batcher compose`` understands."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from batcher.updates.foreign_document import Tool
from batcher.updates.hint import Hint
from batcher.updates.member_names import folded
from batcher.updates.terraform import is_terraform

_NAMES = ("DomainName", "EventTriggerName")
_TEMPLATE = "a template of CloudFormation"
_YAML_TEMPLATE = re.compile(r"^(?:AWSTemplateFormatVersion|Resources)\s*:", re.MULTILINE)
_FUNCTIONS = "Values that it only refers to are given with --parameter NAME=VALUE."
_EXTRA = "The command needs PyYAML: pip install 'batcher[yaml]'."
_NO_DOMAIN = "Put the domain's name for DOMAIN: some have none."


def document_hint(value: object) -> Hint | None:
    """What a JSON document is; None where it is neither a template nor of Terraform."""
    if not isinstance(value, dict):
        return None
    if "Resources" in value or "TemplateBody" in value:
        return Hint(what=_TEMPLATE, filter=_compose(Tool.CLOUDFORMATION), advice=_FUNCTIONS)
    if is_terraform(value):
        return Hint(what="a state or a plan of Terraform", filter=_compose(Tool.AWSCC))
    return None


def yaml_hint(text: str) -> Hint | None:
    """What a text is that is YAML; None where it is no template."""
    if not _YAML_TEMPLATE.search(text):
        return None
    advice = f"{_EXTRA} {_FUNCTIONS}"
    return Hint(what=_TEMPLATE, filter=_compose(Tool.CLOUDFORMATION), advice=advice)


def letters_hint(updates: Sequence[Mapping[str, Any]], *, of_values: bool) -> Hint | None:
    """What updates are whose names are written in other letters; None where none is.

    ``updates``: a sample. ``of_values``: there is one on each line.
    """
    spelled = [{folded(name) for name in update} for update in updates]
    if not any(_is_other(*each) for each in zip(updates, spelled, strict=True)):
        return None
    lacks = any(folded(_NAMES[0]) not in names for names in spelled)
    return Hint(
        what="JSON with names in other letters, as CDK and Terraform have them",
        of_values=of_values,
        filter=_compose(Tool.CDK) + (" --domain DOMAIN" if lacks else ""),
        advice=_NO_DOMAIN if lacks else "",
    )


def _is_other(update: Mapping[str, Any], spelled: set[str]) -> bool:
    """Whether an update has one of the names that all have, but in other letters."""
    return any(name not in update and folded(name) in spelled for name in _NAMES)


def _compose(tool: Tool) -> str:
    return f"batcher compose - --from {tool.value}"
