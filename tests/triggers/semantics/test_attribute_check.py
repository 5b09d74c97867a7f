"""One attribute asked of many objects."""

import pytest

from batcher.triggers.semantics.attribute_check import (
    TEXTS_KEPT,
    attribute_check,
    attribute_finder,
    plain_check,
    quick_plain_check,
)
from batcher.triggers.semantics.definition import AttributeDefinition
from batcher.triggers.semantics.marked_test import MARKS
from batcher.triggers.semantics.object_path import MISSING
from batcher.triggers.semantics.options import SemanticsOptions

DEFAULTS = SemanticsOptions()


def _attribute(source: str | None, field: str | None) -> AttributeDefinition:
    return AttributeDefinition(
        comparison_operator="EQUAL", values=("1",), source=source, field_name=field
    )


@pytest.mark.parametrize(
    ("source", "field", "options", "found"),
    [
        ("a", None, DEFAULTS, 1),
        (None, "b", DEFAULTS, 2),
        (None, "mapped", DEFAULTS, 3),
        ("a", "b", DEFAULTS, 1),
        ("a", "b", SemanticsOptions(both_named="field"), 2),
        (None, None, DEFAULTS, MISSING),
    ],
)
def test_an_attribute_names_a_source_or_a_field_with_its_path(
    source: str | None, field: str | None, options: SemanticsOptions, found: object
) -> None:
    find = attribute_finder(_attribute(source, field), options, {"mapped": "deep.c"})
    assert find({"a": 1, "b": 2, "deep": {"c": 3}}) == found


def test_an_answer_of_a_text_stays_as_it_is_when_more_texts_come_than_are_kept() -> None:
    check = attribute_check(_attribute("a", None), DEFAULTS, {})
    plain = quick_plain_check(_attribute("a", None), DEFAULTS, {})
    texts = [f"{number}.0" for number in range(2 * TEXTS_KEPT)] * 2
    assert [check({"a": text}) & 1 for text in texts] == [text == "1.0" for text in texts]
    assert [plain({"a": text}) for text in texts] == [text == "1.0" for text in texts]


def test_what_python_holds_for_equal_is_not_taken_for_each_other() -> None:
    """In Python, 1 == 1.0 == True."""
    check = attribute_check(_attribute("a", None), DEFAULTS, {})
    assert [check({"a": value}) & 1 for value in (1, 1.0, True, "1")] == [1, 1, 0, 1]


def test_both_source_and_field_are_a_doubt() -> None:
    both = _attribute("a", "b")
    assert attribute_check(both, DEFAULTS, {})({"a": 1}) & MARKS["both_named"]
    assert plain_check(both, DEFAULTS, {})({"a": 1}) == 1
