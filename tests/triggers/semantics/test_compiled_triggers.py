"""Triggers with equal conditions are compiled once, and none before it is asked."""

from batcher.triggers.semantics.compiled_triggers import CompiledTriggers
from batcher.triggers.semantics.firing_options import FiringOptions
from batcher.triggers.semantics.simulated_trigger import SimulatedTrigger
from tests.triggers.semantics.test_simulated_trigger import above, order


def test_equal_conditions_are_one_and_others_are_not() -> None:
    compiled = CompiledTriggers(FiringOptions())
    assert compiled.of(above(5)) is compiled.of(above(5, SegmentFilter="vip"))
    assert compiled.of(above(6)) is not compiled.of(above(5))
    assert compiled.of(above(5, ObjectTypeName="Carts")).object_type == "Carts"
    assert len(compiled) == 3


def test_a_trigger_without_events_is_not_compiled() -> None:
    compiled = CompiledTriggers(FiringOptions())
    trigger = SimulatedTrigger("acme", "t", above(5), above(6), {}, compiled)
    assert len(compiled) == 0
    trigger.take(order(6))
    assert len(compiled) == 2


def test_the_mapping_of_fields_is_that_of_all() -> None:
    definition = above(5)
    attribute = {"FieldName": "Sum", "ComparisonOperator": "GREATER_THAN", "Values": ["5"]}
    dimensions = definition["EventTriggerConditions"][0]["EventTriggerDimensions"]
    dimensions[0]["ObjectAttributes"] = [attribute]
    compiled = CompiledTriggers(FiringOptions(), {"Sum": "order.total"})
    assert compiled.of(definition).fires({"order": {"total": 6}})
