"""Which comparison or condition is met by every event that another one is met by.

All of it is claimed through single comparisons of one attribute, so it is sound and not complete.
"""

from collections.abc import Callable, Iterable
from functools import lru_cache
from typing import TypeAlias

from batcher.triggers.lint.claims import LISTS, Claim, all_claims, certain, weakest
from batcher.triggers.lint.criterion import NONE, Criterion, accepted
from batcher.triggers.lint.value_ranges import is_within

Comparisons: TypeAlias = tuple[Criterion, ...]
"""What has to be met together."""

_TEXT_NUMBERS = frozenset({"text_numbers"})
_PARTS = frozenset({"inclusive_match"})
_CONTAINS = frozenset({"contains"})
_SEVERAL = frozenset({"several_values"})


def some_implied(one: Comparisons, others: Iterable[Comparisons]) -> Claim:
    """Claim that an event which meets the one way meets any of the others."""
    return weakest(all_implied(one, each) for each in others)


def all_implied(one: Comparisons, other: Comparisons) -> Claim:
    """Claim that every event which meets all of the one meets all of the other."""
    keys = {each.key for each in one}
    if any(each.key not in keys for each in other):
        return None  # most often
    return all_claims(weakest(implies(a, b) for a in one if a.key == b.key) for b in other)


@lru_cache(maxsize=4096)
def implies(one: Criterion, other: Criterion) -> Claim:
    """Claim that every event which meets the one comparison meets the other."""
    if one.key is None or one.key != other.key:
        return None
    if one.meaning == other.meaning:
        return NONE
    if one.kind == other.kind == "text":
        return _of_texts(one, other)
    if {one.kind, other.kind} <= {"number", "equal"} or one.kind == other.kind == "date":
        return _of_ranges(one, other)
    return None


def _of_ranges(one: Criterion, other: Criterion) -> Claim:
    apart = (one.operator == "NOT_BETWEEN", other.operator == "NOT_BETWEEN")
    if apart == (True, False):
        return None  # it may be met by what can't be compared
    further = LISTS if apart == (False, True) else NONE
    if other.kind == "equal" and one.kind != "equal":
        return None
    if one.kind == "equal":
        further |= _TEXT_NUMBERS  # or a text may be equal, and be no number for the other
    claim = certain(
        (one, other),
        lambda options, slack: is_within(
            accepted(one, options, slack), accepted(other, options, -slack)
        ),
    )
    return None if claim is None else claim | further


def _of_texts(one: Criterion, other: Criterion) -> Claim:
    match one.operator, other.operator:
        case "INCLUSIVE", "INCLUSIVE" if set(one.values) <= set(other.values):
            return frozenset({"inclusive"}) | LISTS
        case "EXCLUSIVE", "EXCLUSIVE" if set(other.values) <= set(one.values):
            return frozenset({"exclusive"})
        case "INCLUSIVE", "CONTAINS" if _each_has(one, other, str.__contains__):
            return _CONTAINS | LISTS
        case "INCLUSIVE", "BEGINS_WITH" if _each_has(one, other, str.startswith):
            return _PARTS | LISTS | _several(other)
        case "INCLUSIVE", "ENDS_WITH" if _each_has(one, other, str.endswith):
            return _PARTS | LISTS | _several(other)
        case "BEGINS_WITH" | "ENDS_WITH", "CONTAINS" if _each_has(one, other, str.__contains__):
            return _CONTAINS
        case "CONTAINS", "CONTAINS" if set(one.values) <= set(other.values):
            return NONE
        case "CONTAINS", "CONTAINS" if _each_has(one, other, str.__contains__):
            return _CONTAINS
        case "BEGINS_WITH", "BEGINS_WITH" if _each_has(one, other, str.startswith):
            return _several(one) | _several(other)
        case "ENDS_WITH", "ENDS_WITH" if _each_has(one, other, str.endswith):
            return _several(one) | _several(other)
    return None


def _each_has(one: Criterion, other: Criterion, has: Callable[[str, str], bool]) -> bool:
    """Whether each value of the one has, as its beginning or the like, a value of the other."""
    return all(any(has(value, each) for each in other.values) for value in one.values)


def _several(criterion: Criterion) -> frozenset[str]:
    return _SEVERAL if len(criterion.values) > 1 else NONE
