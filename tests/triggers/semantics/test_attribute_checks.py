"""Equal attributes have one check, and what is made again is as it was."""

import tracemalloc
from typing import Any

import pytest

from batcher.triggers.semantics.attribute_checks import OTHERS_KEPT, AttributeChecks
from batcher.triggers.semantics.compiled_trigger import CompiledTrigger
from batcher.triggers.semantics.definition import AttributeDefinition
from batcher.triggers.semantics.options import SemanticsOptions, alternatives
from tests.triggers.semantics.samples import attribute, condition, dimension, trigger

DEFAULTS = SemanticsOptions()


def _checks() -> AttributeChecks:
    return AttributeChecks(DEFAULTS, {})


def _attribute(operator: str, value: str) -> AttributeDefinition:
    return AttributeDefinition(comparison_operator=operator, values=(value,), source="a")


def _of_dates(number: int) -> dict[str, Any]:
    """A trigger of two attributes: one of a day and a text of its own, one as all have it."""
    day = f"20{number // 12:02}-{number % 12 + 1:02}-01"
    own = attribute("BEFORE", day), attribute("INCLUSIVE", f"value-{number}", source="b")
    return trigger(condition("ANY", dimension(*own), dimension(attribute("EQUAL", "x"))))


def test_equal_attributes_have_one_check_and_others_have_not() -> None:
    checks = _checks()
    assert checks.of(_attribute("EQUAL", "x")) is checks.of(_attribute("EQUAL", "x"))
    assert checks.of(_attribute("EQUAL", "y")) is not checks.of(_attribute("EQUAL", "x"))
    assert repr(checks) == "<AttributeChecks of 2 attributes>"


@pytest.mark.parametrize("unknown", ["case_sensitive", "timezone"])
def test_there_is_a_check_for_each_other_choice_that_can_matter(unknown: str) -> None:
    checks, choices = _checks(), len(alternatives(DEFAULTS, unknown))
    of = {"case_sensitive": ("EQUAL", "x"), "timezone": ("BEFORE", "2026-01-01")}
    others = checks.others(_attribute(*of[unknown]), unknown)
    assert others is not None
    assert len(others) == choices
    assert checks.every_choice(unknown) == 2**choices - 1
    assert checks.others(_attribute("GREATER_THAN", "1"), unknown) is None


def test_a_trigger_that_was_asked_holds_little() -> None:
    checks, count = _checks(), 200
    compiled = [CompiledTrigger(_of_dates(number), checks) for number in range(count)]
    compiled[0].verdict({"a": "x", "b": "none"})  # what all have is made
    tracemalloc.start()
    try:
        for each in compiled:
            each.verdict({"a": "x", "b": "none"})
        held, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert held / count < 8_000


def test_what_is_made_again_says_what_it_said() -> None:
    checks, close = _checks(), {"a": "2000-01-01T05:00:00Z", "b": "value-0"}
    first = CompiledTrigger(_of_dates(0), checks)
    said = first.verdict(close)
    for number in range(OTHERS_KEPT):
        checks.others(_attribute("EQUAL", f"value-{number}"), "trim")
    assert said == (False, frozenset({"timezone"}))
    assert first.verdict(close) == said
