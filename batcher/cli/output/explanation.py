"""Why a trigger fires on an event or not, as lines for people and as one JSON object.

What conditions and objects hold is shown where that was asked for; operators are words of AWS's.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import msgspec

from batcher.foreign_text import shortened
from batcher.jobs.explain import Explanation
from batcher.triggers.masking import HIDDEN
from batcher.triggers.semantics.assumptions import Assumption
from batcher.triggers.semantics.explanation import (
    AttributeVerdict,
    ConditionVerdict,
    DimensionVerdict,
)
from batcher.triggers.semantics.firing_options import FIRING_BY_NAME
from batcher.triggers.semantics.options import BY_NAME, Unknown

SEEN_AT_MOST = 200  # characters of a value, for people

UNKNOWN_BY_NAME: Mapping[str, Unknown] = {**BY_NAME, **FIRING_BY_NAME}

LIMITS = {
    "fired": "limits: none of those looked at is in the way",
    "outside_segment": "limits: the profile is outside of the segment",
    "expired": "limits: the event is older than EventExpiration allows",
    "over_limit": "limits: the profile has had as many firings as its periods allow",
}


def explanation_lines(explanation: Explanation, *, show_sensitive: bool) -> Iterator[str]:
    """The outcome, what it depends on, the tree, and what is assumed."""
    verdict = explanation.verdict
    does = "fires" if explanation.fires else "does not fire"
    event = shortened(explanation.event, SEEN_AT_MOST)
    yield f"Trigger {explanation.trigger} {does} on event {event}."
    if explanation.depends_on:
        yield f"  depends on: {labels(explanation.depends_on)}"
    if not verdict.object_type_matches:
        yield f"  object type: the event is of another than {verdict.object_type}"
    yield from condition_lines(verdict.conditions, show_sensitive=show_sensitive)
    yield f"  {LIMITS[explanation.limit]}"
    yield from _listed("Assumed:", map(assumption_text, explanation.assumptions))
    yield from _listed("Not looked at:", explanation.not_looked_at)


def explanation_json(explanation: Explanation, *, show_sensitive: bool) -> str:
    """All of an explanation; sensitive members are ``[hidden]`` unless they are to be shown."""
    verdict = explanation.verdict
    told: dict[str, Any] = {
        "trigger": explanation.trigger,
        "event": explanation.event,
        "fires": explanation.fires,
        "matches": verdict.fires,
        "object_type_matches": verdict.object_type_matches,
        "limit": explanation.limit,
        "depends_on": explanation.depends_on,
        "conditions": conditions_told(verdict.conditions, show_sensitive=show_sensitive),
        "assumptions": explanation.assumptions,
        "not_looked_at": explanation.not_looked_at,
    }
    return msgspec.json.encode(told).decode()


def labels(names: Sequence[str]) -> str:
    """Unknowns as people read them."""
    return ", ".join(UNKNOWN_BY_NAME[name].label for name in names)


def condition_lines(
    conditions: Sequence[ConditionVerdict], *, show_sensitive: bool
) -> Iterator[str]:
    """The tree of conditions, dimensions and attributes, with what each says."""
    if not conditions:
        yield "  no conditions: every event of the object type matches"
    for number, condition in enumerate(conditions, start=1):
        met = _word(condition.met)
        yield f"  condition {number}, {condition.operator} of its dimensions: {met}"
        for place, dimension in enumerate(condition.dimensions, start=1):
            yield from _dimension(place, dimension, show_sensitive)


def _dimension(place: int, dimension: DimensionVerdict, show_sensitive: bool) -> Iterator[str]:
    yield f"    dimension {place}: {_word(dimension.met)}"
    for number, attribute in enumerate(dimension.attributes, start=1):
        said = f"{attribute.operator} {_held(attribute, show_sensitive)}"
        met = ", which meets it" if attribute.outcome == "missing" and attribute.met else ""
        yield f"      attribute {number}: {attribute.outcome}{met}: {said}"
        if attribute.depends_on:
            yield f"        depends on: {labels(attribute.depends_on)}"


def _held(attribute: AttributeVerdict, show_sensitive: bool) -> str:
    if not show_sensitive:
        return HIDDEN
    values, seen = _json(attribute.values), shortened(_json(attribute.seen), SEEN_AT_MOST)
    return f"{values} for {_json(attribute.path)}, which is {seen}"


def _json(value: Any) -> str:
    return msgspec.json.encode(value).decode()


def _word(met: bool) -> str:
    return "true" if met else "false"


def assumption_text(assumption: Assumption) -> str:
    """What is assumed, with the flag that chooses otherwise."""
    unknown = UNKNOWN_BY_NAME.get(assumption.option or "")
    return assumption.sentence + ("" if unknown is None else f" ({unknown.flag})")


def _listed(title: str, sentences: Any) -> Iterator[str]:
    for number, sentence in enumerate(sentences):
        if not number:
            yield title
        yield f"  - {sentence}"


def conditions_told(
    conditions: Sequence[ConditionVerdict], *, show_sensitive: bool
) -> list[dict[str, Any]]:
    """The tree as plain JSON."""
    told: list[dict[str, Any]] = msgspec.to_builtins(conditions)
    for condition in () if show_sensitive else told:
        for dimension in condition["dimensions"]:
            for attribute in dimension["attributes"]:
                attribute.update(path=HIDDEN, values=HIDDEN, seen=HIDDEN)
    return told
