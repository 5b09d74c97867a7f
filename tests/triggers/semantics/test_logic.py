"""How answers combine, and what their marks are."""

import pytest

from batcher.triggers.semantics.definition import conditions_of
from batcher.triggers.semantics.logic import (
    all_of,
    any_of,
    conditions_check,
    matching_readings,
    none_of,
)
from tests.triggers.semantics.samples import attribute, condition, dimension, trigger

MET, FAILED, MET_WITH, FAILED_WITH = 1, 0, 0b011, 0b100


@pytest.mark.parametrize(
    ("answers", "of_all", "of_any"),
    [
        ([MET, MET], 1, 1),
        ([MET, FAILED], 0, 1),
        ([MET_WITH, MET], 0b011, 0b011),
        ([MET_WITH, FAILED_WITH], 0b100, 0b011),
        ([FAILED, FAILED_WITH], 0, 0b100),
        ([MET_WITH], 0b011, 0b011),
        ([], 1, 0),
    ],
)
def test_the_marks_are_those_of_what_decides(answers: list[int], of_all: int, of_any: int) -> None:
    checks = [lambda _, answer=answer: answer for answer in answers]
    assert all_of(checks)({}) == of_all
    assert any_of(checks)({}) == of_any
    assert none_of(checks)({}) == of_any ^ 1


def test_without_conditions_each_object_matches() -> None:
    assert conditions_check((), lambda _: lambda _: 0)({}) == 1


@pytest.mark.parametrize(("operator", "met"), [("ALL", 0b0001), ("ANY", 0b0111), ("NONE", 0b1000)])
def test_readings_that_match_are_those_in_which_the_logic_is_met(operator: str, met: int) -> None:
    readings = {"a": 0b0111, "b": 0b1101, "c": 0b0011}
    both, one = [attribute("EQUAL", "x", source=name) for name in "ab"], attribute("EQUAL", "x")
    dimensions = dimension(*both), dimension({**one, "Source": "c"})
    conditions = conditions_of(trigger(condition(operator, *dimensions)))
    assert matching_readings(conditions, lambda each: readings[str(each.source)], 0b1111) == met
    assert matching_readings((), lambda _: 0, 0b1111) == 0b1111
