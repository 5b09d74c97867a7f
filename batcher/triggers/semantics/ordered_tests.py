"""The operators for numbers and dates as tests of an attribute, but for those of ranges.

A value of the trigger that is no number, or no date, is met by nothing.
"""

import operator
from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

from batcher.triggers.semantics.comparing import (
    Reader,
    Test,
    in_case,
    number_reader,
    of_values,
    text_reader,
    value_test,
)
from batcher.triggers.semantics.options import SemanticsOptions
from batcher.triggers.semantics.values import Instant, parse_instant, parse_number
from batcher.triggers.semantics.zones import DAY, offset_at, zone

TestMaker: TypeAlias = Callable[[Sequence[str], SemanticsOptions], Test]


def _number_test(compare: Callable[[Any, Any], bool]) -> TestMaker:
    def make(values: Sequence[str], options: SemanticsOptions) -> Test:
        bounds = [parse_number(each) for each in values]

        def meets(number: Any) -> bool:
            met = (bound is not None and compare(number, bound) for bound in bounds)
            return of_values(met, options)

        return value_test(number_reader(options), meets, options)

    return make


greater_than = _number_test(operator.gt)
less_than = _number_test(operator.lt)
greater_than_or_equal = _number_test(operator.ge)
less_than_or_equal = _number_test(operator.le)


def equal(values: Sequence[str], options: SemanticsOptions) -> Test:
    """Two numbers are equal, or, where one of both is none and the options say so, two texts."""
    numbers, texts = number_reader(options), text_reader(options)
    of_texts = options.equal_text == "text"
    wanted = [(parse_number(each), in_case(each, options)) for each in values]

    def read(value: Any) -> tuple[Any, str | None] | None:
        found = numbers(value), texts(value) if of_texts else None
        return None if found == (None, None) else found

    def is_equal(found: tuple[Any, str | None], value: tuple[Any, str]) -> bool:
        if found[0] is not None and value[0] is not None:
            return bool(found[0] == value[0])
        return of_texts and found[1] == value[1]

    def meets(found: tuple[Any, str | None]) -> bool:
        return of_values((is_equal(found, each) for each in wanted), options)

    return value_test(read, meets, options)


def instant_reader(options: SemanticsOptions) -> Reader:
    """What reads an instant to compare."""
    return lambda value: parse_instant(value, options)


def _date_test(compare: Callable[[Instant, Instant, SemanticsOptions], bool]) -> TestMaker:
    def make(values: Sequence[str], options: SemanticsOptions) -> Test:
        bounds = [parse_instant(each, options) for each in values]

        def meets(instant: Instant) -> bool:
            met = (bound is not None and compare(instant, bound, options) for bound in bounds)
            return of_values(met, options)

        return value_test(instant_reader(options), meets, options)

    return make


def _is_before(instant: Instant, bound: Instant, _: SemanticsOptions) -> bool:
    return instant.at < bound.at


def _is_after(instant: Instant, bound: Instant, options: SemanticsOptions) -> bool:
    return instant.at > (bound.last if options.day_bound == "end" else bound.at)


def _is_on(instant: Instant, bound: Instant, options: SemanticsOptions) -> bool:
    if options.on == "moment":
        return instant.at == bound.at
    return _day(instant, options) == _day(bound, options)


def _day(instant: Instant, options: SemanticsOptions) -> int:
    return (instant.at + offset_at(instant.at, zone(options.timezone))) // DAY


before = _date_test(_is_before)
after = _date_test(_is_after)
on = _date_test(_is_on)
