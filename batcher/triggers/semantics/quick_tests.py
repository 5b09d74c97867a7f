"""Short ways to the answer of a full test, for values on which no unknown can matter.

Each looks at one kind of value and one kind of operator, and leaves to the full test whatever is
not plain: the ends of a range, a text that is close to one of the trigger's, a date without an
offset. A test holds them against the full test.
"""

from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

from batcher.triggers.diff import RANGES
from batcher.triggers.semantics.operators import TEXT_OPERATORS
from batcher.triggers.semantics.options import SemanticsOptions
from batcher.triggers.semantics.values import Instant, Number, parse_instant, parse_number

MarkedTest: TypeAlias = Callable[[Any], int]
"""Of a value: bit 0 whether the operator is met, above it the marks of what that depends on."""


def quick_number_test(operator: str, values: Sequence[str], full: MarkedTest) -> MarkedTest:
    """The test of an operator for JSON numbers: quick against one number, or a range of two."""
    numbers = [parse_number(each) for each in values]
    match numbers:
        case [int() | float() as bound] if operator in _COMPARED:
            return _COMPARED[operator](bound, full)
        case [int() | float() as low, int() | float() as high] if low <= high:
            if operator in RANGES:
                return _range(low, high, operator == "BETWEEN", full)
    return full


def quick_text_test(
    operator: str, values: Sequence[str], options: SemanticsOptions, full: MarkedTest
) -> MarkedTest:
    """The test of an operator for texts: quick for those far from the trigger's, and for times."""
    if operator in TEXT_OPERATORS or (
        operator == "EQUAL" and not any(map(_is_number_like, values))
    ):
        return _far_text(operator, [each.strip().casefold() for each in values], full)
    if operator in ("BEFORE", "AFTER") and len(values) == 1:
        bound = parse_instant(values[0], options)
        if bound is not None and not bound.zone_missing and parse_number(values[0]) is None:
            return _exact_time(bound, operator == "BEFORE", options, full)
    return full


def _is_number_like(value: str) -> bool:
    return parse_number(value.strip()) is not None


def _far_text(operator: str, wanted: list[str], full: MarkedTest) -> MarkedTest:
    """A text in which no value is in any case, blanks left out, has none in any reading."""
    far = int(operator == "EXCLUSIVE")

    def test(value: str) -> int:
        folded = value.casefold()
        for each in wanted:
            if each in folded:
                return full(value)
        return far if value and not value.isspace() else full(value)

    return test


def _exact_time(
    bound: Instant, is_before: bool, options: SemanticsOptions, full: MarkedTest
) -> MarkedTest:
    """A time with an offset is before or after another in any reading."""
    at = bound.at

    def test(value: str) -> int:
        if value[-1:] != "Z":
            return full(value)
        instant = parse_instant(value, options)
        if instant is None:
            return full(value)
        return int(instant.at < at if is_before else instant.at > at)

    return test


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
