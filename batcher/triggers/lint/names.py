"""What is wrong with what an update names: trigger, object type, and what was left to fill in."""

import re
from collections.abc import Iterator
from typing import Any

from batcher.operations import TRIGGER_NAMES
from batcher.triggers.lint.attribute_names import attributes_of
from batcher.triggers.lint.finding import Definition, Finding, LintCode, LintContext, Path

# what an operation's documentation and a skeleton write where a value belongs
_PLACEHOLDERS = frozenset({"string", "string_value", "changeme", "change_me", "todo", "tbd", "xxx"})
# a template that nobody filled in: ${name}, {{name}}, <name>, %(name)s
_TEMPLATE = re.compile(r"\$\{[^{}]*\}|\{\{[^{}]*\}\}|<[A-Za-z][\w -]*>|%\(\w+\)s")
# hexadecimal digits in the groups of a UUID, or all 32 of them in a row
_GENERATED = re.compile(
    r"(?<![0-9a-z])(?:[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}|[0-9a-f]{32})(?![0-9a-z])",
    re.IGNORECASE,
)
_MARKS = frozenset("{<%")
# what generators write: the member's own name; an attribute of an object may well be its source
_OWN_NAMES = {
    "DomainName": {"domainname"},
    "EventTriggerName": {"eventtriggername"},
    "ObjectTypeName": {"objecttypename"},
    "Description": {"description"},
    "SegmentFilter": {"segmentfilter"},
    "FieldName": {"fieldname"},
    "Values": {"value", "values"},
}


def content_findings(definition: Definition, _context: LintContext) -> Iterator[Finding]:
    """What is wrong with what a definition says of its trigger, but for the trigger's own name."""
    if definition.keys() <= TRIGGER_NAMES:
        yield Finding(code=SETS_NOTHING, message="names a trigger and nothing to change")
    if (object_type := definition.get("ObjectTypeName") or "").startswith("_"):
        path, message = ("ObjectTypeName",), "is {}: a standard object type"
        yield Finding(code=STANDARD_TYPE, path=path, message=message, values=(object_type,))
    for name, value in definition.items():
        if name not in TRIGGER_NAMES:
            yield from _placeholders(name, value, (name,))


def trigger_name_findings(definition: Definition, _context: LintContext) -> Iterator[Finding]:
    """What is wrong with the names of a trigger and of its domain."""
    for member, value in definition.items():
        if member in TRIGGER_NAMES:
            yield from _placeholders(member, value, (member,))
    if _GENERATED.search(name := definition.get("EventTriggerName") or ""):
        path, message = ("EventTriggerName",), "is {}: it holds a generated identifier"
        yield Finding(code=GENERATED_NAME, path=path, message=message, values=(name,))


def _placeholders(name: str, value: Any, path: Path) -> Iterator[Finding]:
    """Texts of a member, and of the attributes of conditions, that stand for a value."""
    if isinstance(value, str):
        if _is_placeholder(name, value):
            yield _placeholder(path, value)
    elif name == "EventTriggerConditions":
        for above, entry in attributes_of({name: value}):
            for member in ("Source", "FieldName"):
                if (text := entry.get(member)) and _is_placeholder(member, text):
                    yield _placeholder((*above, member), text)
            for index, text in enumerate(entry["Values"]):
                if _is_placeholder("Values", text):
                    yield _placeholder((*above, "Values", index), text)


def _placeholder(path: Path, text: str) -> Finding:
    message = "is {}: that stands for a value, and is none"
    return Finding(code=PLACEHOLDER, path=path, message=message, values=(text,))


def _is_placeholder(name: str, text: str) -> bool:
    folded = text.casefold()
    if folded in _PLACEHOLDERS or folded in _OWN_NAMES.get(name, ()):
        return True
    return not _MARKS.isdisjoint(text) and _TEMPLATE.search(text) is not None


SETS_NOTHING = LintCode(
    code="BT060",
    name="sets-nothing",
    severity="warning",
    title="An update that sets nothing",
    reason="It names a trigger and no member to change, so it changes nothing.",
    instead="Add what is to change, or leave the line out.",
    example=({},),
    mended=({"SegmentFilter": "vip"},),
)
STANDARD_TYPE = LintCode(
    code="BT061",
    name="standard-object-type",
    severity="error",
    title="A standard object type",
    reason="Event triggers do not support the standard object types, such as _profile or _order.",
    instead="Name an object type of your own, or one that an integration brings.",
    example=({"ObjectTypeName": "_order"},),
    mended=({"ObjectTypeName": "Orders"},),
)
GENERATED_NAME = LintCode(
    code="BT062",
    name="generated-name",
    severity="info",
    title="A name that looks generated",
    reason=(
        "Campaigns that are made in the console own triggers. How these are called, AWS does not "
        "say; people do not write such names. A change here may change somebody's campaign."
    ),
    instead="Ask whose trigger it is, and change its campaign in the console if it has one.",
    example=(
        {"EventTriggerName": "x-0b0ee1a5-9c2f-4c5e-8f0a-2f8f3f1f6c11", "SegmentFilter": "vip"},
    ),
    mended=({"EventTriggerName": "cart-abandoned", "SegmentFilter": "vip"},),
)
PLACEHOLDER = LintCode(
    code="BT063",
    name="placeholder",
    severity="warning",
    title="A placeholder where a value belongs",
    reason="It is what documentation, a skeleton or a template has where a value is to be put in.",
    instead="Write the value that is meant, or leave the member out.",
    example=({"SegmentFilter": "string"}, {"Description": "For ${team}"}),
    mended=({"SegmentFilter": "vip"}, {"Description": "For marketing"}),
)

NAME_CODES = (SETS_NOTHING, STANDARD_TYPE, GENERATED_NAME, PLACEHOLDER)
