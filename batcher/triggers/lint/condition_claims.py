"""What conditions come to: which can't be met, which always are, which add nothing to others.

A claim with its place. What it depends on is part of it, so that it can be tried with events.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import combinations
from typing import Any, NamedTuple, TypeVar

from msgspec import Struct

from batcher.triggers.lint.claims import Claim, all_claims, weakest
from batcher.triggers.lint.contradictions import contradiction
from batcher.triggers.lint.covers import cover
from batcher.triggers.lint.criterion import NONE, criterion_of
from batcher.triggers.lint.finding import Definition
from batcher.triggers.lint.implications import Comparisons, some_implied

T = TypeVar("T")


class ReadCondition(Struct, frozen=True, kw_only=True):
    """A condition with its comparisons made ready, by dimension.

    ``ways`` to meet it: any of them, or, where ``is_none``, none of them. What has to meet ALL
    dimensions has one way, with the comparisons of all of them.
    """

    operator: str
    dimensions: tuple[Comparisons, ...]
    ways: tuple[Comparisons, ...]

    @property
    def is_none(self) -> bool:
        """Whether it is met where none of its ways is."""
        return self.operator == "NONE"


def read_conditions(definition: Definition) -> list[ReadCondition]:
    """The conditions of a definition; none where it says nothing of them."""
    return [_read(each) for each in definition.get("EventTriggerConditions") or ()]


def _read(condition: dict[str, Any]) -> ReadCondition:
    dimensions = tuple(
        tuple(map(criterion_of, each["ObjectAttributes"]))
        for each in condition["EventTriggerDimensions"]
    )
    operator = condition["LogicalOperator"]
    pooled = tuple(comparison for each in dimensions for comparison in each)
    ways = (pooled,) if operator == "ALL" else dimensions
    return ReadCondition(operator=operator, dimensions=dimensions, ways=ways)


def never(condition: ReadCondition) -> Claim:
    """Claim that no event meets the condition."""
    if condition.is_none:
        return cover(condition.ways)
    return all_claims(map(contradiction, condition.ways))


def always(condition: ReadCondition) -> Claim:
    """Claim that every event meets the condition."""
    if condition.is_none:
        return all_claims(map(contradiction, condition.ways))
    return cover(condition.ways)


def always_any(conditions: Sequence[ReadCondition]) -> Claim:
    """Claim that every event meets one of several conditions, though none of them alone."""
    met = [way for each in conditions if not each.is_none for way in each.ways]
    excluded = (each.ways for each in conditions if each.is_none)
    rest = (all_claims(some_implied(way, met) for way in ways) for ways in excluded)
    return weakest([cover(met), *rest])


def condition_implied(one: ReadCondition, other: ReadCondition) -> Claim:
    """Claim that every event which meets the one condition meets the other."""
    if one.is_none != other.is_none:
        return None
    if one.is_none:
        one, other = other, one
    return all_claims(some_implied(each, other.ways) for each in one.ways)


class Surplus(NamedTuple):
    """The place among several of one that adds nothing, and of the one that says as much.

    ``is_same``: both say the same, by every reading.
    """

    place: int
    beside: int
    claim: frozenset[str]
    is_same: bool


def surplus(
    entries: Iterable[tuple[int, T]], implied: Callable[[T, T], Claim], *, narrow: bool
) -> Iterator[Surplus]:
    """The entries, each with its place, that add nothing to another one.

    ``narrow``: any of them will do, so one that implies another adds nothing; else all have to be
    met, and one that is implied adds nothing.
    """
    gone = set[int]()
    for (first, one), (second, other) in combinations(entries, 2):
        if not gone & {first, second}:
            forth, back = implied(one, other), implied(other, one)
            of_first, of_second = (forth, back) if narrow else (back, forth)
            is_same = forth == back == NONE
            if of_second is not None:
                gone.add(second)
                yield Surplus(second, first, of_second, is_same)
            elif of_first is not None:
                gone.add(first)
                yield Surplus(first, second, of_first, is_same)
