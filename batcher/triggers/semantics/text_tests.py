"""The operators for texts as tests of an attribute: INCLUSIVE, EXCLUSIVE, CONTAINS and the like."""

from collections.abc import Callable, Sequence
from typing import Any

from batcher.triggers.semantics.comparing import (
    Test,
    comparable,
    in_case,
    of_values,
    text_reader,
    value_test,
)
from batcher.triggers.semantics.options import SemanticsOptions


def inclusive(values: Sequence[str], options: SemanticsOptions) -> Test:
    """A list has to hold all values; one value alone, by the options, any or all."""
    held = _held(values, options)
    of_one = any if options.inclusive == "any" else all

    def test(value: Any) -> bool:
        found = held(value)
        return bool(found) and (all if isinstance(value, list) else of_one)(found)

    return test


def exclusive(values: Sequence[str], options: SemanticsOptions) -> Test:
    """None of the values is there, or, by the options, not all of them."""
    held = _held(values, options)
    forbidden = any if options.exclusive == "none" else all

    def test(value: Any) -> bool:
        found = held(value)
        return not forbidden(found) if found else options.missing == "satisfied"

    return test


def contains(values: Sequence[str], options: SemanticsOptions) -> Test:
    """Any of the values is in a text, or, by the options, is the text."""
    wanted = [in_case(each, options) for each in values]

    def meets(text: str) -> bool:
        if options.contains == "whole":
            return text in wanted
        return any(each in text for each in wanted)

    return value_test(text_reader(options), meets, options)


def begins_with(values: Sequence[str], options: SemanticsOptions) -> Test:
    """A text begins with the value."""
    wanted = [in_case(each, options) for each in values]

    def meets(text: str) -> bool:
        return of_values(map(text.startswith, wanted), options)

    return value_test(text_reader(options), meets, options)


def ends_with(values: Sequence[str], options: SemanticsOptions) -> Test:
    """A text ends with the value."""
    wanted = [in_case(each, options) for each in values]

    def meets(text: str) -> bool:
        return of_values(map(text.endswith, wanted), options)

    return value_test(text_reader(options), meets, options)


def _held(values: Sequence[str], options: SemanticsOptions) -> Callable[[Any], list[bool]]:
    """Of each of the values whether an attribute has it; empty where nothing can be compared."""
    read, wanted = text_reader(options), [in_case(each, options) for each in values]

    def held(value: Any) -> list[bool]:
        texts = comparable(value, read, options)
        if options.inclusive_match == "whole":
            return [each in texts for each in wanted] if texts else []
        return [any(each in text for text in texts) for each in wanted] if texts else []

    return held
