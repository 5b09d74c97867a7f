"""The operators of the service model, each with its test."""

from collections.abc import Sequence

from batcher.triggers.semantics.comparing import Test
from batcher.triggers.semantics.elements import trimmed
from batcher.triggers.semantics.options import SemanticsOptions
from batcher.triggers.semantics.ordered_tests import (
    TestMaker,
    after,
    before,
    equal,
    greater_than,
    greater_than_or_equal,
    less_than,
    less_than_or_equal,
    on,
)
from batcher.triggers.semantics.range_tests import between, not_between
from batcher.triggers.semantics.text_tests import (
    begins_with,
    contains,
    ends_with,
    exclusive,
    inclusive,
)

OPERATORS: dict[str, TestMaker] = {
    "INCLUSIVE": inclusive,
    "EXCLUSIVE": exclusive,
    "CONTAINS": contains,
    "BEGINS_WITH": begins_with,
    "ENDS_WITH": ends_with,
    "GREATER_THAN": greater_than,
    "LESS_THAN": less_than,
    "GREATER_THAN_OR_EQUAL": greater_than_or_equal,
    "LESS_THAN_OR_EQUAL": less_than_or_equal,
    "EQUAL": equal,
    "BEFORE": before,
    "AFTER": after,
    "ON": on,
    "BETWEEN": between,
    "NOT_BETWEEN": not_between,
}

TEXT_OPERATORS = frozenset({"INCLUSIVE", "EXCLUSIVE", "CONTAINS", "BEGINS_WITH", "ENDS_WITH"})
"""Those that compare texts only; EQUAL compares numbers, too."""

DATED = frozenset({"BEFORE", "AFTER", "ON"})
"""Those that compare dates only; a range may be one of numbers, too."""


def operator_test(operator: str, values: Sequence[str], options: SemanticsOptions) -> Test:
    """What an operator with these values asks of an attribute."""
    return OPERATORS[operator](trimmed(values, options), options)
