"""How a test reads the values of an attribute and combines what they meet.

Total: a test answers for any JSON value, and for MISSING.
"""

from collections.abc import Callable, Iterable
from typing import Any, TypeAlias

from batcher.triggers.semantics.elements import elements
from batcher.triggers.semantics.options import SemanticsOptions
from batcher.triggers.semantics.values import Number, parse_number, text_of

Test: TypeAlias = Callable[[Any], bool]
"""Whether what was found in the object meets the operator."""

Reader: TypeAlias = Callable[[Any], Any]
"""What is compared of one value; None where it can't be."""


def comparable(value: Any, read: Reader, options: SemanticsOptions) -> list[Any]:
    """What of an attribute can be compared."""
    found = [read(each) for each in elements(value, options)]
    return [each for each in found if each is not None]


def value_test(read: Reader, meets: Test, options: SemanticsOptions) -> Test:
    """A test of each value that can be compared; where there is none, false."""

    def test(value: Any) -> bool:
        known = comparable(value, read, options)
        return bool(known) and of_list(map(meets, known), options)

    return test


def of_list(met: Iterable[bool], options: SemanticsOptions) -> bool:
    """What the several values of an attribute come to."""
    return all(met) if options.lists == "all" else any(met)


def of_values(met: Iterable[bool], options: SemanticsOptions) -> bool:
    """What the several values of a trigger come to, for operators that compare with one."""
    return all(met) if options.several_values == "all" else any(met)


def text_reader(options: SemanticsOptions) -> Reader:
    """What reads a text to compare."""

    def read(value: Any) -> str | None:
        if not isinstance(value, str) and options.numbers_as_text == "never":
            return None
        return None if (text := text_of(value)) is None else in_case(text, options)

    return read


def in_case(text: str, options: SemanticsOptions) -> str:
    """A text as it is compared."""
    return text if options.case_sensitive else text.casefold()


def number_reader(options: SemanticsOptions) -> Reader:
    """What reads a number to compare."""

    def read(value: Any) -> Number | None:
        if isinstance(value, str) and options.text_numbers == "texts":
            return None
        return parse_number(value)

    return read
