"""Conditions that contradict themselves, are always met, or add nothing to others."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import combinations
from typing import TypeAlias, TypeVar

from msgspec import Struct

from batcher.triggers.lint.claims import Claim, all_claims, dependence, weakest
from batcher.triggers.lint.condition_claims import (
    ReadCondition,
    Surplus,
    always,
    always_any,
    condition_implied,
    never,
    read_conditions,
    surplus,
)
from batcher.triggers.lint.condition_codes import (
    ALWAYS_TRUE,
    CONTRADICTION,
    DOUBLED,
    FIRES_ALWAYS,
    FIRES_HARDLY,
    FIRES_NEVER,
    LIKELY_CONTRADICTION,
    NEVER_TRUE,
    REDUNDANT_ATTRIBUTE,
    REDUNDANT_DIMENSION,
    SHADOWED,
)
from batcher.triggers.lint.contradictions import contradiction, impossible
from batcher.triggers.lint.criterion import NONE, Criterion
from batcher.triggers.lint.finding import Definition, Finding, LintCode, LintContext, Path
from batcher.triggers.lint.implications import all_implied, implies
from batcher.triggers.semantics.definition import LOGICAL_OPERATORS
from batcher.updates.violations import path_text

_CONDITIONS = "EventTriggerConditions"
_DIMENSIONS = "EventTriggerDimensions"
_ATTRIBUTES = "ObjectAttributes"


T = TypeVar("T")

_Placed: TypeAlias = tuple[Path, Criterion]
"""A comparison with where it is below its condition."""


class ClaimFound(Struct, frozen=True, kw_only=True):
    """A finding to be, with what its claim depends on."""

    code: LintCode
    path: Path
    message: str
    claim: frozenset[str]


def condition_findings(definition: Definition, _context: LintContext) -> Iterator[Finding]:
    """What is wrong with the conditions of a definition, by their logic."""
    for each in condition_claims(definition):
        message = each.message + dependence(each.claim)
        yield Finding(code=each.code, path=each.path, message=message)


def condition_claims(definition: Definition) -> Iterator[ClaimFound]:
    """Each finding with what it depends on."""
    conditions = read_conditions(definition)
    if not all(each.operator in LOGICAL_OPERATORS for each in conditions):
        return  # a newer model has more, and nobody here knows what they mean
    if _is_plain([one for each in conditions for way in each.ways for one in way]):
        return
    for index, condition in enumerate(conditions):
        yield from _of_condition(condition, (_CONDITIONS, index))
    yield from _of_trigger(conditions)


def _is_plain(criteria: list[Criterion]) -> bool:
    """Whether no attribute is compared twice, and none by what is never or always met."""
    return len({each.key for each in criteria}) == len(criteria) and all(
        each.operator != "NOT_BETWEEN" and impossible(each) is None for each in criteria
    )


def _of_trigger(conditions: Sequence[ReadCondition]) -> Iterator[ClaimFound]:
    never_met, certain = list(map(never, conditions)), list(map(always, conditions))
    if conditions:
        yield from _of_all(all_claims(never_met), weakest([*certain, always_any(conditions)]))
    if len(conditions) > 1:
        yield from _of_each(never_met, certain)
        yield from _shadowed(conditions, never_met)


def _of_all(never_met: Claim, certain: Claim) -> Iterator[ClaimFound]:
    if never_met is not None:
        code = FIRES_HARDLY if never_met else FIRES_NEVER
        message = "can't be met by any event"
        yield ClaimFound(code=code, path=(_CONDITIONS,), message=message, claim=never_met)
    elif certain is not None:
        message = "are met by every event"
        yield ClaimFound(code=FIRES_ALWAYS, path=(_CONDITIONS,), message=message, claim=certain)


def _of_each(never_met: list[Claim], certain: list[Claim]) -> Iterator[ClaimFound]:
    """Conditions that are never or always met, unless the whole trigger is so anyway."""
    for index, claim in enumerate(never_met):
        if claim is not None and None in never_met:
            yield ClaimFound(
                code=NEVER_TRUE,
                path=(_CONDITIONS, index),
                message="can't be met by any event",
                claim=claim,
            )
    for index, claim in enumerate(certain):
        if claim is not None:
            yield ClaimFound(
                code=ALWAYS_TRUE,
                path=(_CONDITIONS, index),
                message="is met by every event",
                claim=claim,
            )


def _shadowed(conditions: Sequence[ReadCondition], never_met: list[Claim]) -> Iterator[ClaimFound]:
    for found in surplus(_met(conditions, never_met), condition_implied, narrow=True):
        yield _said(found, SHADOWED, (_CONDITIONS, found.place), f"{_CONDITIONS}[{found.beside}]")


def _met(entries: Sequence[T], never_met: Iterable[Claim]) -> list[tuple[int, T]]:
    """The entries that can be met, with their places."""
    claims = zip(enumerate(entries), never_met, strict=True)
    return [placed for placed, claim in claims if claim is None]


def _of_condition(condition: ReadCondition, path: Path) -> Iterator[ClaimFound]:
    is_all = len(condition.ways) < len(condition.dimensions)
    gone = set[int]()
    met = _met(condition.dimensions, map(contradiction, condition.dimensions))
    for found in surplus(met, all_implied, narrow=not is_all):
        gone.add(found.place)
        where = (*path, _DIMENSIONS, found.place)
        yield _said(found, REDUNDANT_DIMENSION, where, f"{_DIMENSIONS}[{found.beside}]")
    kept = [each for each in enumerate(condition.dimensions) if each[0] not in gone]
    placed: list[list[_Placed]] = [
        [((_DIMENSIONS, index, _ATTRIBUTES, at), each) for at, each in enumerate(dimension)]
        for index, dimension in kept
    ]
    for way in [[each for dimension in placed for each in dimension]] if is_all else placed:
        yield from _of_way(way, path)


def _of_way(way: list[_Placed], path: Path) -> Iterator[ClaimFound]:
    """What is met together: whether it can be, and which of it says nothing more.

    What can't be met by itself is passed over: it has a finding of its own.
    """
    possible = [each for each in way if impossible(each[1]) is None]
    if contradiction([criterion for _, criterion in possible]) is not None:
        yield _conflict(possible, path)
    elif len(possible) == len(way):
        for found in surplus(list(enumerate(way)), _implied, narrow=False):
            where = (*path, *way[found.place][0])
            yield _said(found, REDUNDANT_ATTRIBUTE, where, path_text(way[found.beside][0]))


def _implied(one: _Placed, other: _Placed) -> Claim:
    return implies(one[1], other[1]) if one[1].key == other[1].key else None


def _conflict(way: list[_Placed], path: Path) -> ClaimFound:
    """What excludes what: the two that do so most certainly, where two are enough."""
    pairs = [
        (claim, first, second)
        for (first, one), (second, other) in combinations(way, 2)
        if (claim := contradiction([one, other])) is not None
    ]
    if pairs:
        claim, first, second = min(pairs, key=lambda pair: len(pair[0]))
        message, where = f"can't be met together with {path_text(first)}", second
    else:
        claim = contradiction([criterion for _, criterion in way]) or NONE
        message = "has comparisons that can't be met together"
        where = way[0][0][:2] if len({place[:2] for place, _ in way}) == 1 else ()
    code = LIKELY_CONTRADICTION if claim else CONTRADICTION
    return ClaimFound(code=code, path=(*path, *where), message=message, claim=claim)


def _said(found: Surplus, code: LintCode, path: Path, beside: str) -> ClaimFound:
    if found.is_same:
        message = f"says what {beside} says"
        return ClaimFound(code=DOUBLED, path=path, message=message, claim=found.claim)
    return ClaimFound(code=code, path=path, message=f"adds nothing to {beside}", claim=found.claim)
