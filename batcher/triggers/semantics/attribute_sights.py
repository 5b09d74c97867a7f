"""Whether objects have what the attributes of a trigger compare, and in a form that compares."""

from collections.abc import Iterable
from typing import Any, NamedTuple

from batcher.triggers.diff import RANGES
from batcher.triggers.semantics.comparing import comparable, number_reader
from batcher.triggers.semantics.explanation import AttributeVerdict, TriggerVerdict
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
    verdicts: Iterable[TriggerVerdict], options: SemanticsOptions
) -> AttributeSights:
    """What some objects say to the attributes of one trigger; ``verdicts``: of each of them."""
    rows = []
    for verdict in verdicts:
        dimensions = [below for each in verdict.conditions for below in each.dimensions]
        rows.append([one for below in dimensions for one in below.attributes])
    columns = list(zip(*rows, strict=True))
    there = [[one for one in column if one.outcome != "missing"] for column in columns]
    unreadable = (bool(seen) and not any(_reads(one, options) for one in seen) for seen in there)
    return AttributeSights(len(columns), sum(not seen for seen in there), sum(unreadable))


def _reads(seen: AttributeVerdict, options: SemanticsOptions) -> bool:
    """Whether a value that is there can be compared at all."""
    if seen.operator in TEXTS:
        return True
    number = number_reader(options)

    def read(value: Any) -> Any:
        if seen.operator in DATED:
            return parse_instant(value, options)
        found = number(value)
        return parse_instant(value, options) if found is None and seen.operator in RANGES else found

    return bool(comparable(seen.seen, read, options))
