"""Laws of any reading of a trigger, whatever the options."""

import json
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from batcher.triggers.semantics.compiled_trigger import CompiledTrigger, compile_trigger
from batcher.triggers.semantics.operators import OPERATORS
from batcher.triggers.semantics.options import SemanticsOptions
from tests.triggers.semantics.samples import attribute, condition, dimension, of_one, trigger
from tests.triggers.semantics.strategies import (
    DATES,
    NUMBERS,
    attributes,
    conditions,
    definitions,
    dimensions,
    objects,
    options,
)

law = settings(max_examples=60, deadline=None)


def _fires(chosen: SemanticsOptions, found: dict[str, Any], *of: dict[str, Any]) -> bool:
    return compile_trigger(trigger(*of), chosen).fires(found)


@law
@given(st.lists(dimensions, min_size=1, max_size=3), objects, options)
def test_none_is_not_any(
    given_dimensions: list[Any], found: dict[str, Any], chosen: SemanticsOptions
) -> None:
    none, some = (
        _fires(chosen, found, condition(operator, *given_dimensions))
        for operator in ("NONE", "ANY")
    )
    assert none is not some


NUMBER_RANGES = st.lists(st.sampled_from(["5", "5.0", "7", "-1", "1e1"]), min_size=2, max_size=2)
DATE_RANGES = st.lists(
    st.sampled_from(
        [each for each in DATES if "-" in each and each.strip() == each != "2026-02-30"]
    ),
    min_size=2,
    max_size=2,
)
SEEN_NUMBERS = st.sampled_from([5, 7.0, 6, -2, 10**400, "5"]) | st.lists(
    st.integers(4, 8), min_size=1
)
SEEN_DATES = st.sampled_from([each for each in DATES if each.strip() == each != "2026-02-30"])


@law
@given(
    st.tuples(NUMBER_RANGES, SEEN_NUMBERS) | st.tuples(DATE_RANGES, SEEN_DATES),
    options.filter(lambda chosen: chosen.text_numbers == "numbers"),
)
def test_not_between_is_the_complement_of_between_for_what_can_be_compared(
    ends_and_seen: tuple[list[str], Any], chosen: SemanticsOptions
) -> None:
    ends, seen = ends_and_seen
    within, without = (
        compile_trigger(of_one(operator, *ends), chosen).fires({"a": seen})
        for operator in ("BETWEEN", "NOT_BETWEEN")
    )
    assert within is not without


def _shuffled(value: Any, random: Random) -> Any:
    """Every list in another order, but for the two ends of a range."""
    if isinstance(value, dict):
        is_range = "BETWEEN" in value.get("ComparisonOperator", "")
        return {
            name: below if is_range and name == "Values" else _shuffled(below, random)
            for name, below in value.items()
        }
    if isinstance(value, list):
        return random.sample(mixed := [_shuffled(each, random) for each in value], len(mixed))
    return value


@law
@given(definitions, objects, options, st.randoms(use_true_random=False))
def test_the_order_of_a_list_never_matters_but_that_of_the_ends_of_a_range(
    definition: dict[str, Any], found: dict[str, Any], chosen: SemanticsOptions, random: Random
) -> None:
    verdict = compile_trigger(definition, chosen).verdict(found)
    assert compile_trigger(_shuffled(definition, random), chosen).verdict(found) == verdict


@law
@given(st.lists(dimensions, min_size=1, max_size=2), dimensions, objects, options)
def test_one_more_dimension_of_all_never_adds_a_firing(
    before: list[Any], more: dict[str, Any], found: dict[str, Any], chosen: SemanticsOptions
) -> None:
    if _fires(chosen, found, condition("ALL", *before, more)):
        assert _fires(chosen, found, condition("ALL", *before))


@law
@given(st.lists(conditions, min_size=1, max_size=2), conditions, objects, options)
def test_one_more_condition_never_removes_a_firing(
    before: list[Any], more: dict[str, Any], found: dict[str, Any], chosen: SemanticsOptions
) -> None:
    if _fires(chosen, found, *before):
        assert _fires(chosen, found, *before, more)


@law
@given(dimensions, attributes(), objects, options)
def test_one_more_attribute_never_adds_to_a_dimension(
    before: dict[str, Any], more: dict[str, Any], found: dict[str, Any], chosen: SemanticsOptions
) -> None:
    if _fires(chosen, found, condition("ALL", dimension(*before["ObjectAttributes"], more))):
        assert _fires(chosen, found, condition("ALL", before))


@law
@given(definitions, objects, options)
def test_an_explanation_comes_to_what_it_explains(
    definition: dict[str, Any], found: dict[str, Any], chosen: SemanticsOptions
) -> None:
    compiled = compile_trigger(definition, chosen)
    told = compiled.explain(found, "Orders")
    assert (told.fires, frozenset(told.depends_on)) == compiled.verdict(found)
    assert told.fires == (any(each.met for each in told.conditions) or not told.conditions)
    for one in told.conditions:
        met = [each.met for each in one.dimensions]
        assert one.met == {"ALL": all(met), "ANY": any(met), "NONE": not any(met)}[one.operator]
        for each in one.dimensions:
            assert each.met == all(attribute.met for attribute in each.attributes)


HOSTILE_TEXTS = ["NaN", "Infinity", "1e999", "-1e999", "١٢", "\ud800", "0000-01-01", "10000-01-01"]
HOSTILE_TEXTS += [
    "9999-12-31T23:59:59-14:00",
    "0001-01-01T00:00:00+14:00",
    "9" * 5000,
    "\0",
    "[",
    "",
]
HOSTILE = st.one_of(
    st.sampled_from(HOSTILE_TEXTS),
    st.text(max_size=5),
    st.floats(),
    st.integers(),
    st.integers(-3, 3).map(lambda times: times * 10**400),
    st.none(),
    st.booleans(),
)
HOSTILE_JSON = st.recursive(
    HOSTILE,
    lambda below: st.lists(below) | st.dictionaries(st.sampled_from("ab01"), below),
    max_leaves=8,
)


@settings(max_examples=120, deadline=None)
@given(
    st.sampled_from(list(OPERATORS)),
    st.lists(st.sampled_from(HOSTILE_TEXTS) | st.text(max_size=4), min_size=1, max_size=3),
    st.text("ab01.[]*_source", max_size=9),
    st.dictionaries(st.sampled_from("ab01"), HOSTILE_JSON),
    options,
)
def test_nothing_that_an_object_or_a_trigger_holds_raises(
    operator: str, values: list[str], path: str, found: dict[str, Any], chosen: SemanticsOptions
) -> None:
    for source in ("a", path):
        _ask(compile_trigger(of_one(operator, *values, source=source), chosen), found)


@pytest.mark.parametrize("operator", OPERATORS)
def test_an_object_may_be_nested_as_deep_as_it_likes(operator: str) -> None:
    lists: Any = []
    members: Any = {}
    for _ in range(3_000):
        lists, members = [lists], {"a": members}
    compiled = compile_trigger(of_one(operator, *NUMBERS[:2]))
    for found in ({"a": lists}, members):
        _ask(compiled, found)


def _ask(compiled: CompiledTrigger, found: dict[str, Any]) -> None:
    fires, depends_on = compiled.verdict(found)
    assert compiled.fires(found) is fires
    assert compiled.explain(found).fires is fires
    assert json.dumps(sorted(depends_on))
    assert repr(compiled)


def test_the_values_of_an_attribute_are_asked_with_care_for_what_python_holds_equal() -> None:
    compiled = compile_trigger(trigger(condition("ALL", dimension(attribute("INCLUSIVE", "1")))))
    assert [compiled.fires({"a": value}) for value in (1, True, 1.0, "1")] == [
        True,
        False,
        False,
        True,
    ]
