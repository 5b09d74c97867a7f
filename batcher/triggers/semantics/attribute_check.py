"""One attribute of a trigger, made ready to be asked of millions of objects.

Answers as ``marked_test`` does. Quick are texts that were seen before, and numbers that are
compared with a plain number.
"""

from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

from batcher.triggers.semantics.definition import AttributeDefinition
from batcher.triggers.semantics.marked_test import MARKS, marked_test
from batcher.triggers.semantics.number_bounds import quick_number_test
from batcher.triggers.semantics.object_path import MISSING, Finder, finder, nowhere
from batcher.triggers.semantics.operators import operator_test
from batcher.triggers.semantics.options import SemanticsOptions

Check: TypeAlias = Callable[[Mapping[str, Any]], int]
"""Of an object: bit 0 whether it matches, above it the marks of what that could depend on."""

TEXTS_KEPT = 256  # of an attribute; most have few values
TEXT_LENGTH_KEPT = 64


def attribute_finder(
    attribute: AttributeDefinition, options: SemanticsOptions, mapping: Mapping[str, str]
) -> Finder:
    """What finds the value that an attribute names, by Source, or by FieldName and the mapping."""
    source, field = attribute.source, attribute.field_name
    if source is not None and (field is None or options.both_named == "source"):
        return finder(source)
    return nowhere if field is None else finder(mapping.get(field, field))


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
    return _quick_check(attribute_finder(attribute, options, mapping), test, test)


def attribute_check(
    attribute: AttributeDefinition, options: SemanticsOptions, mapping: Mapping[str, str]
) -> Check:
    """Whether an object meets an attribute, and the marks of what that could depend on."""
    find = attribute_finder(attribute, options, mapping)
    test = marked_test(attribute.comparison_operator, attribute.values, options)
    quick = quick_number_test(attribute.comparison_operator, attribute.values, test)
    check = _quick_check(find, test, quick or test)
    if attribute.source is None or attribute.field_name is None:
        return check
    return lambda found: check(found) | MARKS["both_named"]


def _quick_check(
    find: Finder, test: Callable[[Any], int], of_number: Callable[[Any], int]
) -> Check:
    seen: dict[str, int] = {}
    of_nothing = test(MISSING)

    def check(found: Mapping[str, Any]) -> int:
        value = find(found)
        kind = type(value)
        if kind is str:
            if (known := seen.get(value)) is not None:
                return known
            return _kept(seen, value, test(value))
        if kind is int or kind is float:
            return of_number(value)
        return of_nothing if value is MISSING else test(value)

    return check


def _kept(seen: dict[str, int], value: str, answer: int) -> int:
    if len(value) <= TEXT_LENGTH_KEPT:
        if len(seen) >= TEXTS_KEPT:
            seen.clear()
        seen[value] = answer
    return answer
