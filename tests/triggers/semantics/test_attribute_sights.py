"""A file of events in another notation is no proof that nothing fires."""

from typing import Any

import pytest

from batcher.triggers.semantics.attribute_sights import AttributeSights
from batcher.triggers.semantics.compiled_trigger import compile_trigger
from batcher.triggers.semantics.options import SemanticsOptions
from tests.triggers.semantics.samples import attribute, condition, dimension, trigger


def sights(operator: str, values: list[str], *objects: dict[str, Any]) -> AttributeSights:
    options = SemanticsOptions()
    attributes = attribute(operator, *values), attribute("INCLUSIVE", "x", source="b")
    compiled = compile_trigger(trigger(condition("ALL", dimension(*attributes))), options)
    return compiled.sights(objects)


@pytest.mark.parametrize(
    ("operator", "values", "written", "read"),
    [
        ("GREATER_THAN", ["5"], "12,50", "12.50"),
        ("LESS_THAN", ["5"], "2026-10-01", 7),
        ("BETWEEN", ["1", "2"], "1.234,5", "3"),
        ("NOT_BETWEEN", ["2026-10-01", "2026-10-02"], "01.10.2026", "2026-10-05"),
        ("AFTER", ["2026-10-01"], "01.10.2026 10:00", "1759312800"),
    ],
)
def test_what_is_there_and_never_a_number_or_date_is_told_from_what_is_not_there(
    operator: str, values: list[str], written: Any, read: Any
) -> None:
    assert sights(operator, values, {"a": written}, {}) == (2, 1, 1)
    assert sights(operator, values, {"a": written}, {"a": ["-", read]}) == (2, 1, 0)
    assert sights(operator, values, {"c": 1}) == (2, 2, 0)


def test_every_value_is_a_text_and_without_objects_nothing_is_said() -> None:
    assert sights("CONTAINS", ["5"], {"a": "12,50", "b": "y"}) == (2, 0, 0)
    assert sights("BETWEEN", ["1", "2"]) == (0, 0, 0)
