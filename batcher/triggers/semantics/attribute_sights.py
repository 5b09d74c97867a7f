"""Whether objects have what the attributes of a trigger compare, and in a form that compares."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from batcher.triggers.diff import RANGES
from batcher.triggers.semantics.attribute_check import attribute_finder
from batcher.triggers.semantics.comparing import Reader, comparable, number_reader
from batcher.triggers.semantics.definition import AttributeDefinition
from batcher.triggers.semantics.elements import is_there
from batcher.triggers.semantics.operators import DATED, TEXT_OPERATORS
from batcher.triggers.semantics.options import SemanticsOptions
from batcher.triggers.semantics.values import parse_instant

TEXTS = TEXT_OPERATORS | {"EQUAL"}


class AttributeSights(NamedTuple):
    """How many attributes there are, and how many no object says anything to.

    ``unseen``: no object has a value for them; ``unreadable``: those that have one have no number
    or date, which it is compared as.
    """

    attributes: int = 0
    unseen: int = 0
    unreadable: int = 0


def attribute_sights(
    attributes: Iterable[AttributeDefinition],
    objects: Sequence[Mapping[str, Any]],
    options: SemanticsOptions,
    mapping: Mapping[str, str],
) -> AttributeSights:
    """What some objects say to the attributes of one trigger; without an object, all counts are 0.

    ``mapping``: of each FieldName the path.
    """
    if not objects:
        return AttributeSights()
    total = unseen = unreadable = 0
    for attribute in attributes:
        found = map(attribute_finder(attribute, options, mapping), objects)
        there = [each for each in found if is_there(each, options)]
        total += 1
        unseen += not there
        unreadable += bool(there) and not _reads(attribute.comparison_operator, there, options)
    return AttributeSights(total, unseen, unreadable)


def _reads(operator: str, there: Iterable[Any], options: SemanticsOptions) -> bool:
    """Whether one of the values that are there can be compared at all."""
    if operator in TEXTS:
        return True
    read = _reader(operator, options)
    return any(comparable(each, read, options) for each in there)


def _reader(operator: str, options: SemanticsOptions) -> Reader:
    number = number_reader(options)

    def read(value: Any) -> Any:
        if operator in DATED:
            return parse_instant(value, options)
        found = number(value)
        return parse_instant(value, options) if found is None and operator in RANGES else found

    return read
