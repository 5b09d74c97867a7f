"""BETWEEN and NOT_BETWEEN as tests of an attribute.

A range has two values. Two numbers make a range of numbers, two dates one of dates; of all other
values there is no range, and nothing can be compared with it.
"""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from batcher.triggers.semantics.comparing import Test, comparable, number_reader, of_list
from batcher.triggers.semantics.options import SemanticsOptions
from batcher.triggers.semantics.ordered_tests import instant_reader
from batcher.triggers.semantics.values import Instant, parse_number


class Span(NamedTuple):
    """The ends of a range, in the order in which they are given, and what reads a value for it."""

    first: Any
    second: Any
    read: Callable[[Any], Any]


def span_of(values: Sequence[str], options: SemanticsOptions) -> Span | None:
    """The range of an attribute's values; None where they make none."""
    if len(values) != 2:
        return None
    for parse, read in (
        (parse_number, number_reader(options)),
        (instant_reader(options), instant_reader(options)),
    ):
        first, second = map(parse, values)
        if first is not None and second is not None:
            return Span(first, second, read)
    return None


def is_reversed(span: Span) -> bool:
    """Whether the first end is above the second."""
    return bool(_start(span.first) > _start(span.second))


def between(values: Sequence[str], options: SemanticsOptions) -> Test:
    """A value is within the range."""
    return _range_test(values, options, wanted=True)


def not_between(values: Sequence[str], options: SemanticsOptions) -> Test:
    """The attribute has a value to compare, and BETWEEN is not met."""
    return _range_test(values, options, wanted=False)


def _range_test(values: Sequence[str], options: SemanticsOptions, *, wanted: bool) -> Test:
    span = span_of(values, options)
    of_nothing = not wanted and options.missing == "satisfied"
    if span is None:
        return lambda _: of_nothing
    is_within = _within(span, options)

    def test(value: Any) -> bool:
        if not (known := comparable(value, span.read, options)):
            return of_nothing
        return of_list(map(is_within, known), options) is wanted

    return test


def _within(span: Span, options: SemanticsOptions) -> Test:
    first, second = span.first, span.second
    if options.reversed_ends == "swapped" and is_reversed(span):
        first, second = second, first
    low = _start(first)
    high = second.last if isinstance(second, Instant) and options.day_bound == "end" else second
    high = _start(high)
    if options.between == "inclusive":
        return lambda value: low <= _start(value) <= high
    return lambda value: low < _start(value) < high


def _start(end: Any) -> Any:
    return end.at if isinstance(end, Instant) else end
