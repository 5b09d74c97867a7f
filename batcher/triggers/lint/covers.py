"""Ways that leave nothing out: one of them is met, whatever an attribute holds."""

from collections import defaultdict
from collections.abc import Iterable, Iterator

from batcher.triggers.lint.claims import COMPARABLE, LISTS, Claim, certain, weakest
from batcher.triggers.lint.criterion import Criterion, Key, accepted
from batcher.triggers.lint.implications import Comparisons
from batcher.triggers.lint.value_ranges import EVERYTHING, joined_ranges

_INCLUSIVE = frozenset({"inclusive"})


def cover(ways: Iterable[Comparisons]) -> Claim:
    """Claim that an event meets one of the ways or more, if it has what they compare."""
    alone = [way[0] for way in ways if len(way) == 1 and way[0].key is not None]
    if len(alone) < 2 and not any(each.operator == "NOT_BETWEEN" for each in alone):
        return None
    by_key = defaultdict[Key, list[Criterion]](list)
    for each in alone:
        if each.key is not None:
            by_key[each.key].append(each)
    return weakest(claim for some in by_key.values() for claim in _claims(some))


def _claims(criteria: list[Criterion]) -> Iterator[Claim]:
    if len(criteria) == 1 and criteria[0].operator != "NOT_BETWEEN":
        return
    for kind in ("number", "date"):
        found = [each for each in criteria if each.kind == kind]
        if len(found) > 1 or any(each.operator == "NOT_BETWEEN" for each in found):
            yield _of_ranges(found)
    for one in criteria:
        for other in criteria:
            operators = one.operator, other.operator
            if operators == ("INCLUSIVE", "EXCLUSIVE") and set(other.values) <= set(one.values):
                yield _INCLUSIVE | LISTS | COMPARABLE


def _of_ranges(criteria: list[Criterion]) -> Claim:
    claim = certain(
        criteria,
        lambda options, slack: (
            joined_ranges(accepted(each, options, -slack) for each in criteria) == EVERYTHING
        ),
    )
    return None if claim is None else claim | LISTS | COMPARABLE
