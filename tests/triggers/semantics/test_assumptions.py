"""What is assumed for one trigger."""

from batcher.triggers.semantics.assumptions import (
    ANY_OBJECT_TYPE,
    FIELD_IS_PATH,
    NAMES_NOTHING,
    assumptions_of,
    attributes_in,
    relevant_to,
)
from batcher.triggers.semantics.definition import conditions_of
from batcher.triggers.semantics.options import SemanticsOptions
from tests.triggers.semantics.samples import of_one

DEFAULTS = SemanticsOptions()


def _sentences(definition: dict, object_type: str | None = "Orders", **mapping: str) -> list[str]:
    found = assumptions_of(conditions_of(definition), object_type, DEFAULTS, mapping)
    return [each.sentence for each in found]


def test_only_what_matters_to_the_trigger_is_listed_with_its_choice() -> None:
    found = assumptions_of(conditions_of(of_one("GREATER_THAN", "5")), "Orders", DEFAULTS, {})
    assert [each.option for each in found] == ["trim", "lists", "text_numbers"]
    assert [each.choice for each in found] == [False, "any", "numbers"]
    assert assumptions_of((), "Orders", DEFAULTS, {}) == ()


def test_what_no_option_chooses_is_said_as_well() -> None:
    by_field = of_one("ON", "2026-11-01", source=None, FieldName="b")
    assert FIELD_IS_PATH in _sentences(by_field)
    assert FIELD_IS_PATH not in _sentences(by_field, b="deep.b")
    assert NAMES_NOTHING in _sentences(of_one("ON", "2026-11-01", source=None))
    assert _sentences({}, None) == [ANY_OBJECT_TYPE]


def test_both_source_and_field_matter_where_both_are_named() -> None:
    (both,) = attributes_in(conditions_of(of_one("EQUAL", "5", FieldName="b")))
    assert "both_named" in relevant_to(both, DEFAULTS)
