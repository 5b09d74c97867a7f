"""One attribute of a trigger, made ready to be asked of millions of objects.

Answers as ``marked_test`` does. Quick are texts that were seen before, and numbers that are
compared with a plain number.
"""

from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

from batcher.triggers.semantics.definition import AttributeDefinition
from batcher.triggers.semantics.marked_test import MARKS, marked_test
from batcher.triggers.semantics.object_path import MISSING, Finder, finder, nowhere, plain_name
from batcher.triggers.semantics.operators import operator_test
from batcher.triggers.semantics.options import SemanticsOptions
from batcher.triggers.semantics.quick_tests import MarkedTest, quick_number_test, quick_text_test

Check: TypeAlias = Callable[[Mapping[str, Any]], int]
"""Of an object: bit 0 whether it matches, above it the marks of what that could depend on."""

TEXTS_KEPT = 256  # of an attribute; most have few values
TEXT_LENGTH_KEPT = 64


def attribute_finder(
    attribute: AttributeDefinition, options: SemanticsOptions, mapping: Mapping[str, str]
) -> Finder:
    """What finds the value that an attribute names, by Source, or by FieldName and the mapping."""
    path = attribute_path(attribute, options, mapping)
    return nowhere if path is None else finder(path)


def is_by_source(attribute: AttributeDefinition, options: SemanticsOptions) -> bool:
    """Whether an attribute means what its Source names, not its FieldName."""
    if attribute.source is None:
        return False
    return attribute.field_name is None or options.both_named == "source"


def attribute_path(
    attribute: AttributeDefinition, options: SemanticsOptions, mapping: Mapping[str, str]
) -> str | None:
    """The path in an object that an attribute means; None where it names nothing."""
    if is_by_source(attribute, options):
        return attribute.source
    field = attribute.field_name
    return None if field is None else mapping.get(field, field)


def plain_check(
    attribute: AttributeDefinition, options: SemanticsOptions, mapping: Mapping[str, str]
) -> Check:
    """Whether an object meets an attribute, without marks and without haste."""
    test = operator_test(attribute.comparison_operator, attribute.values, options)
    find = attribute_finder(attribute, options, mapping)
    return lambda found: int(test(find(found)))


def quick_plain_check(
    attribute: AttributeDefinition, options: SemanticsOptions, mapping: Mapping[str, str]
) -> Check:
    """Whether an object meets an attribute, without marks; texts that were seen are kept."""
    test = operator_test(attribute.comparison_operator, attribute.values, options)
    find = attribute_finder(attribute, options, mapping)
    return _found_check(find, _value_test(test, test, test))


def attribute_check(
    attribute: AttributeDefinition, options: SemanticsOptions, mapping: Mapping[str, str]
) -> Check:
    """Whether an object meets an attribute, and the marks of what that could depend on."""
    operator, values = attribute.comparison_operator, attribute.values
    full = marked_test(operator, values, options)
    test = _value_test(
        full,
        quick_text_test(operator, values, options, full),
        quick_number_test(operator, values, full),
    )
    path = attribute_path(attribute, options, mapping)
    name = None if path is None else plain_name(path)
    if name is None:
        check = _found_check(attribute_finder(attribute, options, mapping), test)
    else:
        check = _member_check(name, test)
    if attribute.source is None or attribute.field_name is None:
        return check
    return lambda found: check(found) | MARKS["both_named"]


def _found_check(find: Finder, test: MarkedTest) -> Check:
    return lambda found: test(find(found))


def _member_check(name: str, test: MarkedTest) -> Check:
    return lambda found: test(found.get(name, MISSING))


def _value_test(full: MarkedTest, of_text: MarkedTest, of_number: MarkedTest) -> MarkedTest:
    seen: dict[str, int] = {}
    of_nothing: int | None = None

    def test(value: Any) -> int:
        nonlocal of_nothing
        kind = type(value)
        if kind is str:
            known = seen.get(value)
            return _kept(seen, value, of_text(value)) if known is None else known
        if kind is int or kind is float:
            return of_number(value)
        if value is not MISSING:
            return full(value)
        if of_nothing is None:
            of_nothing = full(MISSING)
        return of_nothing

    return test


def _kept(seen: dict[str, int], value: str, answer: int) -> int:
    if len(value) <= TEXT_LENGTH_KEPT:
        if len(seen) >= TEXTS_KEPT:
            seen.clear()
        seen[value] = answer
    return answer
