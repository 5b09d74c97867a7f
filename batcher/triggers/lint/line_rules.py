"""What is wrong with the lines of a file beside each other, or beside what is there already."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple

from batcher.foreign_text import printable
from batcher.operations import NEEDED_TO_CREATE, TRIGGER_NAMES
from batcher.triggers.diff import digest
from batcher.triggers.lint.finding import Definition, Finding, LintCode
from batcher.triggers.lint.sample_conditions import condition

_NAMED = {"DomainName": "acme", "EventTriggerName": "a"}
_LARGE = {"FieldName": "Total", "ComparisonOperator": "GREATER_THAN", "Values": ["100"]}
_LARGE_ORDER = {
    "ObjectTypeName": "Orders",
    "EventTriggerConditions": [condition("ALL", [_LARGE])],
}

SET_TWICE = LintCode(
    code="BT101",
    name="set-twice",
    severity="warning",
    title="Two lines set one member of a trigger to different things",
    reason=(
        "Lines of one trigger are applied in the order of the file, so that the last one counts."
        " Between the two the trigger is as the first says, and customers may be reached by that."
    ),
    instead="Keep the line that is meant. Two steps that are meant are better two files.",
    example=(_NAMED | {"SegmentFilter": "vip"}, _NAMED | {"SegmentFilter": "all"}),
    mended=(_NAMED | {"SegmentFilter": "all"},),
)
SAID_BEFORE = LintCode(
    code="BT102",
    name="said-before",
    severity="info",
    title="A line says what lines before it have said of its trigger",
    reason="It changes nothing more, and another line may have been meant in its place.",
    instead="Leave the line out, or put in the name of the trigger that was meant.",
    example=(_NAMED | {"SegmentFilter": "vip"}, _NAMED | {"SegmentFilter": "vip"}),
    mended=(_NAMED | {"SegmentFilter": "vip"},),
)
TWINS = LintCode(
    code="BT103",
    name="twins",
    severity="warning",
    title="Two triggers of one domain do the same",
    reason=(
        "Object type, conditions, segment and limits are the same, as far as is known (without"
        " --current what both lines leave out may differ), and so both fire on each event: a"
        " customer gets everything twice, and limits per trigger count for each of them."
    ),
    instead="Keep one of them, or put in what was meant to be different.",
    example=(
        {"DomainName": "acme", "EventTriggerName": "a", **_LARGE_ORDER},
        {"DomainName": "acme", "EventTriggerName": "b", **_LARGE_ORDER},
    ),
    mended=(
        {"DomainName": "acme", "EventTriggerName": "a", **_LARGE_ORDER},
        {"DomainName": "acme", "EventTriggerName": "b", **_LARGE_ORDER, "SegmentFilter": "vip"},
    ),
)
CHANGES_NOTHING = LintCode(
    code="BT104",
    name="changes-nothing",
    severity="info",
    title="A line changes nothing of its trigger as it is now",
    reason=(
        "All that it sets is so already (--current), or by lines before it. A run counts it as"
        " unchanged."
    ),
    instead="Leave the line out, or look whether the file is the one that was meant.",
    example=(_NAMED | {"SegmentFilter": "vip"},),
)
NO_SUCH_TRIGGER = LintCode(
    code="BT105",
    name="no-such-trigger",
    severity="warning",
    title="A line is of a trigger that is not there",
    reason=(
        "--current has no trigger of that domain and name: the line fails, or, with"
        " --create-missing and all that it takes, creates one that no integration names."
    ),
    instead=(
        "Correct DomainName or EventTriggerName, or look whether --current is the export that was"
        " meant."
    ),
    example=(_NAMED | {"SegmentFilter": "vip"},),
)
DROPS_LIMITS = LintCode(
    code="BT106",
    name="drops-limits",
    severity="warning",
    title="A line drops limits that its trigger has",
    reason=(
        "An update replaces EventTriggerLimits whole, so what the line does not say in it goes:"
        " without EventExpiration every event is in time, however late, and in place of Periods"
        " AWS's default holds, 10 firings a day for each profile."
    ),
    instead=(
        "Say in the line all limits that are to hold; batcher compose --set on an export does so."
    ),
    example=(_NAMED | {"EventTriggerLimits": {"EventExpiration": 300_000}},),
)
CODES = (SET_TWICE, SAID_BEFORE, TWINS, CHANGES_NOTHING, NO_SUCH_TRIGGER, DROPS_LIMITS)


class EarlierValue(NamedTuple):
    """A member that an earlier line of the same trigger has set, and whether to the same."""

    member: str
    line: int
    same: bool


def set_twice(earlier: Iterable[EarlierValue]) -> Iterator[Finding]:
    """BT101, of a line whose members earlier lines of its trigger have set."""
    for each in earlier:
        if not each.same:
            said = f"line {each.line} sets it to something else; this line comes later and wins"
            yield Finding(code=SET_TWICE, path=(each.member,), message=said)


def said_before(update: Definition, earlier: Iterable[EarlierValue]) -> Iterator[Finding]:
    """BT102, of a line that says nothing new of its trigger."""
    known = {each.member: each.line for each in earlier if each.same}
    if known and known.keys() == update.keys() - TRIGGER_NAMES:
        said = f"line {max(known.values())} of this trigger has set the same before"
        yield Finding(code=SAID_BEFORE, message=said)


def twin(of: str, line: int | None) -> Finding:
    """BT103, of a trigger that does the same as the one named ``of``.

    ``line``: the one that sets that to it; None: it is so already.
    """
    where = "as it is now" if line is None else f"as line {line} sets it"
    return Finding(
        code=TWINS,
        path=("EventTriggerName",),
        message=f"does the same as the trigger {{}} {where}",
        values=(printable(of),),
    )


def changes_nothing() -> Finding:
    """BT104, of a line whose trigger is so already."""
    return Finding(code=CHANGES_NOTHING, message="all that it sets is so already")


def no_such_trigger() -> Finding:
    """BT105."""
    said = "there is no such trigger in --current"
    return Finding(code=NO_SUCH_TRIGGER, path=("EventTriggerName",), message=said)


def dropped_limits(update: Definition, current: Definition) -> Iterator[Finding]:
    """BT106, of a line that gives limits, and fewer kinds of them than its trigger has."""
    after = update.get("EventTriggerLimits")
    for name, limit in (current.get("EventTriggerLimits") or {}).items():
        if after is not None and limit not in (None, []) and after.get(name) in (None, []):
            said = f"leaves out {name}, which the trigger has: an update replaces the limits whole"
            yield Finding(code=DROPS_LIMITS, path=("EventTriggerLimits",), message=said)


def behaviour(definition: Mapping[str, Any]) -> str | None:
    """What a trigger does, as text that those share that do the same; None: that can't be told.

    A definition that is a part tells it where that has all that every trigger has.
    """
    if any(not definition.get(name) for name in NEEDED_TO_CREATE):
        return None
    return digest({**definition, "Description": None}, dict)
