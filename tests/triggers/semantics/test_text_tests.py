"""INCLUSIVE, EXCLUSIVE, CONTAINS, BEGINS_WITH and ENDS_WITH, a row each of what they mean."""

from typing import Any

import pytest

from batcher.triggers.semantics import text_tests
from batcher.triggers.semantics.object_path import MISSING
from batcher.triggers.semantics.operators import OPERATORS
from batcher.triggers.semantics.options import SemanticsOptions

A, AB = ["a"], ["a", "b"]


@pytest.mark.parametrize(
    ("operator", "values", "value", "chosen", "is_met"),
    [
        ("INCLUSIVE", AB, "a", {}, True),
        ("INCLUSIVE", AB, "a", {"inclusive": "all"}, False),
        ("INCLUSIVE", A, "a", {"inclusive": "all"}, True),
        ("INCLUSIVE", AB, ["a"], {}, False),
        ("INCLUSIVE", AB, ["b", "c", "a"], {}, True),
        ("INCLUSIVE", A, "abc", {}, False),
        ("INCLUSIVE", A, "abc", {"inclusive_match": "part"}, True),
        ("INCLUSIVE", A, "A", {}, False),
        ("INCLUSIVE", A, "A", {"case_sensitive": False}, True),
        ("INCLUSIVE", A, " a", {}, False),
        ("INCLUSIVE", A, " a", {"trim": True}, True),
        ("INCLUSIVE", ["1000"], 1000, {}, True),
        ("INCLUSIVE", ["1000"], 1000, {"numbers_as_text": "never"}, False),
        ("INCLUSIVE", A, MISSING, {"missing": "satisfied"}, False),
        ("EXCLUSIVE", AB, "c", {}, True),
        ("EXCLUSIVE", AB, "a", {}, False),
        ("EXCLUSIVE", AB, ["a", "c"], {}, False),
        ("EXCLUSIVE", AB, ["a", "c"], {"exclusive": "not-all"}, True),
        ("EXCLUSIVE", AB, ["a", "b"], {"exclusive": "not-all"}, False),
        ("EXCLUSIVE", A, "abc", {}, True),
        ("EXCLUSIVE", A, "abc", {"inclusive_match": "part"}, False),
        ("EXCLUSIVE", A, MISSING, {}, False),
        ("EXCLUSIVE", A, None, {"missing": "satisfied"}, True),
        ("EXCLUSIVE", A, "", {}, True),
        ("EXCLUSIVE", A, "", {"empty_text": "missing"}, False),
        ("CONTAINS", AB, "xbx", {}, True),
        ("CONTAINS", AB, "xbx", {"contains": "whole"}, False),
        ("CONTAINS", AB, ["x", "b"], {"contains": "whole"}, True),
        ("CONTAINS", AB, ["x", "b"], {"lists": "all"}, False),
        ("BEGINS_WITH", AB, "bc", {}, True),
        ("BEGINS_WITH", AB, "bc", {"several_values": "all"}, False),
        ("BEGINS_WITH", ["a", "ab"], "abc", {"several_values": "all"}, True),
        ("BEGINS_WITH", A, "ba", {}, False),
        ("ENDS_WITH", A, "ba", {}, True),
        ("ENDS_WITH", A, "ab", {}, False),
    ],
)
def test_an_operator_means(
    operator: str, values: list[str], value: Any, chosen: dict[str, Any], is_met: bool
) -> None:
    assert OPERATORS[operator] is getattr(text_tests, operator.lower())
    values = [each.strip() for each in values]
    assert OPERATORS[operator](values, SemanticsOptions(**chosen))(value) is is_met
