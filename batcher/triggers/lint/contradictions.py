"""Comparisons of one attribute that exclude each other, and of which unknowns that depends."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from functools import partial
from itertools import combinations, product

from batcher.triggers.lint.claims import LISTS, Claim, certain, weakest
from batcher.triggers.lint.criterion import (
    DEFAULTS,
    NONE,
    Criterion,
    Key,
    accepted,
    readings,
)
from batcher.triggers.lint.value_ranges import (
    EVERYTHING,
    common_ranges,
    has_number,
)
from batcher.triggers.semantics.options import SemanticsOptions
from batcher.triggers.semantics.values import parse_instant, parse_number

_PARTS = frozenset({"inclusive_match"})
_EXCLUSIVE = frozenset({"exclusive"})
_OF_PARTS = frozenset({"CONTAINS", "BEGINS_WITH", "ENDS_WITH"})
_OF_NUMBERS = frozenset("0123456789+-.eE")


def contradiction(criteria: Sequence[Criterion]) -> Claim:
    """Claim that no event meets all; those of one attribute are held against each other."""
    found = weakest(map(impossible, criteria))
    if found == NONE or len(criteria) < 2 or len({each.key for each in criteria}) == len(criteria):
        return found
    by_key = defaultdict[Key, dict[Criterion, None]](dict)
    for each in criteria:
        if each.key is not None:
            by_key[each.key][each] = None
    several = (list(each) for each in by_key.values() if len(each) > 1)
    return weakest([found, *map(_of_one, several)])


def impossible(criterion: Criterion) -> Claim:
    """Claim that no event meets it: it has a value that can't be read, or an empty range."""
    if criterion.kind == "never":
        return NONE
    is_read = criterion.kind in ("number", "date")
    return _of_ranges([criterion]) if is_read and criterion.operator == "BETWEEN" else None


def _of_one(criteria: list[Criterion]) -> Claim:
    numbers = [each for each in criteria if each.kind in ("number", "equal")]
    dates = [each for each in criteria if each.kind == "date"]
    known = [each for each in criteria if each.kind != "unclear"]
    texts = [*_inclusive_exclusive(known), _of_candidates(known), *_of_ends(known)]
    return weakest([_of_ranges(numbers), _of_ranges(dates), *texts, _of_number_texts(known)])


def _of_ranges(criteria: list[Criterion]) -> Claim:
    """Claim that no number, or no moment, is in all of their sets.

    A list may meet each with another value, also a range and NOT_BETWEEN of it: AWS does not say
    that one value inside keeps a list from being outside.
    """
    positive = [each for each in criteria if each.operator != "NOT_BETWEEN"]
    if not positive:
        return None
    further = NONE if len(criteria) == 1 else LISTS
    if len(positive) < len(criteria) and all(each.kind == "equal" for each in positive):
        further |= {"missing"}  # a text may be equal, and be no number for the range
    found = certain(criteria, partial(_is_empty, criteria))
    return None if found is None else found | further


def _is_empty(criteria: Sequence[Criterion], options: SemanticsOptions, slack: int) -> bool:
    found = EVERYTHING
    for each in criteria:
        found = common_ranges(found, accepted(each, options, slack))
    return not found


def _inclusive_exclusive(criteria: list[Criterion]) -> Iterator[Claim]:
    """Claim that what has one of some values is to have none of them: certain of lists, too."""
    for one in criteria:
        for other in criteria:
            forbidden = set(other.values)
            operators = one.operator, other.operator
            if operators == ("INCLUSIVE", "EXCLUSIVE") and set(one.values) <= forbidden:
                yield NONE if len(forbidden) == 1 else _EXCLUSIVE


def _of_candidates(criteria: list[Criterion]) -> Claim:
    """Claim that of the few texts that one of them takes, the others take none."""
    finite = [each for each in criteria if _is_finite(each)]
    if not finite:
        return None
    others = [each for each in criteria if each is not finite[0]]
    if any(all(_may_take(each, text) for each in others) for text in finite[0].values):
        return None
    operators = {each.operator for each in criteria}
    parts = _PARTS if operators & {"INCLUSIVE", "EXCLUSIVE"} else NONE
    several = any(each.operator == "EXCLUSIVE" and len(each.values) > 1 for each in criteria)
    return LISTS | parts | (_EXCLUSIVE if several else NONE)


def _is_finite(criterion: Criterion) -> bool:
    return criterion.operator == "INCLUSIVE" or (
        criterion.operator == "EQUAL" and criterion.kind == "text"
    )


def _may_take(criterion: Criterion, text: str) -> bool:
    """Whether an attribute that is this text, or differs in case, could meet it by any reading."""
    folded = text.casefold()
    match criterion.operator:
        case "EXCLUSIVE":
            return text not in criterion.values
        case "CONTAINS":
            return any(each.casefold() in folded for each in criterion.values)
        case "BEGINS_WITH":
            return any(folded.startswith(each.casefold()) for each in criterion.values)
        case "ENDS_WITH":
            return any(folded.endswith(each.casefold()) for each in criterion.values)
        case "NOT_BETWEEN":
            return True  # a text may be no number, and that may do
    if criterion.kind == "date":
        return parse_instant(text, DEFAULTS) is not None
    if criterion.kind == "text":
        return any(folded == each.casefold() for each in criterion.values)
    if (number := parse_number(text)) is None:
        return False
    options = readings(criterion.unknowns)
    return any(has_number(accepted(criterion, each), number) for each in options)


def _of_ends(criteria: list[Criterion]) -> Iterator[Claim]:
    """Claim that no text begins, or ends, with both of two texts."""
    for operator, fits in (("BEGINS_WITH", str.startswith), ("ENDS_WITH", str.endswith)):
        found = [each for each in criteria if each.operator == operator]
        for one, other in combinations(found, 2):
            pairs = product(map(str.casefold, one.values), map(str.casefold, other.values))
            if not any(fits(a, b) or fits(b, a) for a, b in pairs):
                yield LISTS


def _of_number_texts(criteria: list[Criterion]) -> Claim:
    """Claim that what is a number has no part that is in no number's text."""
    if not any(
        each.kind in ("number", "equal") and each.operator != "NOT_BETWEEN" for each in criteria
    ):
        return None
    parts = (each.values for each in criteria if each.operator in _OF_PARTS)
    foreign = any(all(set(value) - _OF_NUMBERS for value in values) for values in parts)
    return LISTS if foreign else None
