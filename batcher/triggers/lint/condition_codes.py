"""The codes of what conditions come to by their logic."""

from batcher.triggers.lint.finding import LintCode
from batcher.triggers.lint.sample_conditions import attribute, condition, trigger

_MORE = attribute("total", "GREATER_THAN", "100")
_MUCH_MORE = attribute("total", "GREATER_THAN", "500")
_LESS = attribute("total", "LESS_THAN", "50")
_AT_MOST = attribute("total", "LESS_THAN_OR_EQUAL", "100")
_DUTCH = attribute("country", "INCLUSIVE", "NL")
_NOT_DUTCH = attribute("country", "EXCLUSIVE", "NL")

CONTRADICTION = LintCode(
    code="BT001",
    name="contradiction",
    severity="error",
    title="Comparisons that exclude each other",
    reason=(
        "The attributes of a dimension are all to be met, and so are the dimensions of a condition "
        "with ALL. No event meets these together, whatever AWS does where it does not say."
    ),
    instead="Take one of them out, or write two conditions: these are OR-ed.",
    example=trigger(condition("ALL", [_DUTCH, _NOT_DUTCH])),
    mended=trigger(condition("ALL", [_DUTCH]), condition("ALL", [_MORE, _NOT_DUTCH])),
)
LIKELY_CONTRADICTION = LintCode(
    code="BT002",
    name="likely-contradiction",
    severity="warning",
    title="Comparisons that most likely exclude each other",
    reason=(
        "No event meets them together, but for what the finding says that it depends on: an "
        "attribute that holds a list may meet each of them with another of its values."
    ),
    instead="Take one of them out, or write two conditions: these are OR-ed.",
    example=trigger(condition("ALL", [_MORE, _LESS])),
    mended=trigger(condition("ALL", [_MORE]), condition("ALL", [_LESS])),
)
NEVER_TRUE = LintCode(
    code="BT003",
    name="condition-never-met",
    severity="warning",
    title="A condition that can't be met",
    reason="No event meets it, so the trigger is as it would be without it.",
    instead="Mend what the condition compares, or leave it out.",
    example=trigger(condition("ALL", [_MORE], [_LESS]), condition("ALL", [_DUTCH])),
    mended=trigger(condition("ANY", [_MORE], [_LESS]), condition("ALL", [_DUTCH])),
)
FIRES_NEVER = LintCode(
    code="BT004",
    name="cannot-fire",
    severity="error",
    title="A trigger that can't fire",
    reason="No event meets any of its conditions, whatever AWS does where it does not say.",
    instead="Mend what the conditions compare.",
    example=trigger(condition("ALL", [attribute("total", "GREATER_THAN", "abc")])),
    mended=trigger(condition("ALL", [_MORE])),
)
FIRES_HARDLY = LintCode(
    code="BT005",
    name="likely-cannot-fire",
    severity="warning",
    title="A trigger that most likely can't fire",
    reason="No event meets any of its conditions, but for what the finding says it depends on.",
    instead="Mend what the conditions compare.",
    example=trigger(condition("ALL", [_MORE, _LESS])),
    mended=trigger(condition("ALL", [_MORE])),
)
ALWAYS_TRUE = LintCode(
    code="BT006",
    name="condition-always-met",
    severity="warning",
    title="A condition that every event meets",
    reason=(
        "Conditions are OR-ed: with this one the trigger fires on every event of its object type "
        "that has what is compared, and the other conditions have no effect."
    ),
    instead="Mend what the condition compares, or leave it out.",
    example=trigger(condition("ANY", [_MORE], [_AT_MOST]), condition("ALL", [_DUTCH])),
    mended=trigger(condition("ANY", [_MORE], [_LESS]), condition("ALL", [_DUTCH])),
)
FIRES_ALWAYS = LintCode(
    code="BT007",
    name="always-fires",
    severity="warning",
    title="A trigger that fires on every event",
    reason=(
        "Whatever an event holds, one of the conditions is met: everybody with such an event is "
        "reached."
    ),
    instead="Mend what the conditions compare.",
    example=trigger(condition("ALL", [_DUTCH]), condition("NONE", [_DUTCH])),
    mended=trigger(condition("ALL", [_DUTCH]), condition("NONE", [_MORE])),
)
SHADOWED = LintCode(
    code="BT008",
    name="shadowed-condition",
    severity="warning",
    title="A condition that adds nothing to another one",
    reason="Every event that meets it meets the other one, too, so it has no effect.",
    instead="Leave it out, or mend the wider one if that reaches too many.",
    example=trigger(condition("ALL", [_MUCH_MORE, _DUTCH]), condition("ALL", [_MORE])),
    mended=trigger(condition("ALL", [_MORE])),
)
REDUNDANT_DIMENSION = LintCode(
    code="BT009",
    name="redundant-dimension",
    severity="info",
    title="A dimension that adds nothing to another one",
    reason="By the other dimension and the operator of the condition it has no effect.",
    instead="Leave it out, or write what was meant.",
    example=trigger(condition("ANY", [_MUCH_MORE, _DUTCH], [_MORE])),
    mended=trigger(condition("ANY", [_MORE])),
)
REDUNDANT_ATTRIBUTE = LintCode(
    code="BT010",
    name="redundant-attribute",
    severity="info",
    title="A comparison that adds nothing to another one",
    reason="Whatever meets the other comparison, which has to be met as well, meets this one.",
    instead="Leave it out, or write what was meant.",
    example=trigger(condition("ALL", [_MORE, _MUCH_MORE])),
    mended=trigger(condition("ALL", [_MUCH_MORE])),
)
DOUBLED = LintCode(
    code="BT011",
    name="doubled-entry",
    severity="warning",
    title="A condition, dimension or attribute that stands there twice",
    reason="The second one has no effect; most likely something else was meant.",
    instead="Take one of them out, or write what was meant.",
    example=trigger(condition("ALL", [_MORE], [_MORE])),
    mended=trigger(condition("ALL", [_MORE])),
)

CONDITION_CODES = (
    CONTRADICTION,
    LIKELY_CONTRADICTION,
    NEVER_TRUE,
    FIRES_NEVER,
    FIRES_HARDLY,
    ALWAYS_TRUE,
    FIRES_ALWAYS,
    SHADOWED,
    REDUNDANT_DIMENSION,
    REDUNDANT_ATTRIBUTE,
    DOUBLED,
)
