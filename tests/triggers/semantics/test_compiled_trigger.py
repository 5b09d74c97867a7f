"""A trigger asked of objects: against a second, naive evaluator, and by laws."""

from typing import Any

import msgspec
import pytest
from hypothesis import given, settings

from batcher.errors import SettingsError
from batcher.triggers.semantics.compiled_trigger import compile_trigger
from batcher.triggers.semantics.options import UNKNOWNS, SemanticsOptions
from tests.triggers.semantics import naive
from tests.triggers.semantics.samples import of_one, trigger
from tests.triggers.semantics.strategies import (
    definitions,
    objects,
    options,
)

MAPPING = {"a": "n.m", "b": "b"}
CHOICES = {each.name: each.choices for each in UNKNOWNS} | {"timezone": naive.OFFSETS}


@settings(max_examples=120, deadline=None)
@given(definitions, objects, options)
def test_it_fires_as_the_naive_evaluator_says_and_depends_on_what_that_finds(
    definition: dict[str, Any], found: dict[str, Any], chosen: SemanticsOptions
) -> None:
    compiled = compile_trigger(definition, chosen, MAPPING)
    plain = msgspec.structs.asdict(chosen)
    expected = naive.fires(definition, found, plain, MAPPING)
    depends_on = naive.depends_on(definition, found, plain, MAPPING, CHOICES)
    for _ in range(2):  # the second time from what is kept
        assert compiled.fires(found) == expected
        assert compiled.verdict(found) == (expected, frozenset(depends_on))
    assert compiled.depends_on(found) == depends_on
    assert depends_on <= {each.option for each in compiled.assumptions}


def test_a_verdict_says_on_what_it_depends() -> None:
    compiled = compile_trigger(of_one("INCLUSIVE", "gold"))
    assert compiled.fires({"a": "gold"})
    assert not compiled.fires({"a": "Gold"})
    assert compiled.verdict({"a": "Gold"}) == (False, frozenset({"case_sensitive"}))
    assert compiled.depends_on({"a": "silver"}) == set()


def test_without_conditions_every_event_of_the_object_type_matches_and_no_other() -> None:
    compiled = compile_trigger(trigger())
    assert compiled.fires({})
    assert compiled.applies_to("Orders")
    assert not compiled.applies_to("Contacts")
    assert not compiled.explain({}, "Contacts").fires
    assert compile_trigger({}).applies_to("Contacts")


def test_a_time_zone_of_none_is_told_when_a_trigger_is_compiled() -> None:
    with pytest.raises(SettingsError, match="Mars"):
        compile_trigger(trigger(), SemanticsOptions(timezone="Mars"))
