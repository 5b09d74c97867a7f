"""Which unknowns can matter to an operator; that no other does is a property of compiled triggers.

See ``test_compiled_trigger``.
"""

import pytest

from batcher.triggers.semantics.options import SemanticsOptions
from batcher.triggers.semantics.relevance import BY_OPERATOR, relevant


@pytest.mark.parametrize(
    ("operator", "values", "left_out"),
    [
        ("INCLUSIVE", ["5"], {"case_sensitive", "inclusive", "empty_text"}),
        ("INCLUSIVE", ["a", " "], set()),
        ("EXCLUSIVE", ["a", "b"], set()),
        ("INCLUSIVE", ["a", "b"], {"empty_text"}),
        ("GREATER_THAN", ["5"], {"several_values"}),
        ("AFTER", ["2026-11-01T10:00Z"], {"day_bound", "several_values"}),
        ("AFTER", ["2026-11-01"], {"several_values"}),
        ("BETWEEN", ["5", "9"], {"timezone", "epoch", "day_bound", "reversed_ends"}),
        ("BETWEEN", ["2026-01-01", "2025-01-01"], {"text_numbers"}),
    ],
)
def test_what_the_values_rule_out_is_left_out(
    operator: str, values: list[str], left_out: set[str]
) -> None:
    expected = set(BY_OPERATOR[operator]) - left_out
    assert relevant(operator, values, SemanticsOptions()) == expected


def test_of_no_range_nothing_matters_but_what_could_make_it_one() -> None:
    assert relevant("NOT_BETWEEN", ["5"], SemanticsOptions()) == {"trim", "missing"}
