"""Comparing a JSON number with one plain number, or a range of two, in a tenth of a microsecond.

Of these no unknown matters but at the ends of a range; there, and for NaN, the full test answers.
"""

from collections.abc import Callable, Sequence
from typing import Any

from batcher.triggers.semantics.marked_test import MarkedTest
from batcher.triggers.semantics.values import Number, parse_number


def quick_number_test(operator: str, values: Sequence[str], full: MarkedTest) -> MarkedTest | None:
    """The test of an operator for JSON numbers alone; None where it takes the ``full`` test."""
    numbers = [parse_number(each) for each in values]
    match numbers:
        case [int() | float() as bound] if operator in _COMPARED:
            return _COMPARED[operator](bound, full)
        case [int() | float() as low, int() | float() as high] if low <= high:
            if operator in ("BETWEEN", "NOT_BETWEEN"):
                return _range(low, high, operator == "BETWEEN", full)
    return None


def _greater(bound: Number, full: MarkedTest) -> MarkedTest:
    return lambda value: 1 if value > bound else 0 if value <= bound else full(value)


def _less(bound: Number, full: MarkedTest) -> MarkedTest:
    return lambda value: 1 if value < bound else 0 if value >= bound else full(value)


def _at_least(bound: Number, full: MarkedTest) -> MarkedTest:
    return lambda value: 1 if value >= bound else 0 if value < bound else full(value)


def _at_most(bound: Number, full: MarkedTest) -> MarkedTest:
    return lambda value: 1 if value <= bound else 0 if value > bound else full(value)


def _equal(bound: Number, full: MarkedTest) -> MarkedTest:
    return lambda value: 1 if value == bound else full(value) if value != value else 0


def _range(low: Number, high: Number, within: bool, full: MarkedTest) -> MarkedTest:
    inside, outside = int(within), int(not within)

    def test(value: Any) -> int:
        if low < value < high:
            return inside
        return outside if value < low or value > high else full(value)

    return test


_COMPARED: dict[str, Callable[[Number, MarkedTest], MarkedTest]] = {
    "GREATER_THAN": _greater,
    "LESS_THAN": _less,
    "GREATER_THAN_OR_EQUAL": _at_least,
    "LESS_THAN_OR_EQUAL": _at_most,
    "EQUAL": _equal,
}
