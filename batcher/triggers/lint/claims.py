"""What lint claims of all events, and of which unknowns of AWS it depends.

A claim is the set of options that it depends on: with the defaults of these it is certain, whatever
the other options are. None: nothing is claimed. ``lists`` among them: it is certain of attributes
that hold one value.
"""

from collections.abc import Callable, Iterable, Sequence
from typing import TypeAlias

from batcher.triggers.lint.criterion import (
    ANY_ZONE,
    DEFAULTS,
    FIXED,
    NONE,
    Criterion,
    readings,
    unknowns_of,
)
from batcher.triggers.semantics.options import BY_NAME, SemanticsOptions

Claim: TypeAlias = frozenset[str] | None

Fact: TypeAlias = Callable[[SemanticsOptions, int], bool]
"""Whether something holds with these options, moments in any time zone within the slack."""

LISTS = frozenset({"lists"})
COMPARABLE = frozenset({"comparable"})  # no option: that the attribute is there, and of that kind

_COMPARABLE_LABEL = "attributes that are missing or can't be compared"


def weakest(claims: Iterable[Claim]) -> Claim:
    """The claim that depends on least; None where there is none."""
    found: Claim = None
    for each in claims:
        if each is not None and (found is None or len(each) < len(found)):
            found = each
    return found


def all_claims(claims: Iterable[Claim]) -> Claim:
    """What it takes for all of them; None where one is not claimed."""
    found = NONE
    for each in claims:
        if each is None:
            return None
        found |= each
    return found


def certain(criteria: Sequence[Criterion], holds: Fact) -> Claim:
    """What a fact of their sets depends on, by the options and the slack that it holds with.

    Least of all: an option is left out where the fact holds with each of its choices.
    """
    if not holds(DEFAULTS, 0):
        return None
    unknowns, free = unknowns_of(criteria), NONE
    for name in sorted(unknowns - FIXED):
        if all(holds(each, 0) for each in readings(free | {name})):
            free |= {name}
    if "timezone" in unknowns and all(holds(each, ANY_ZONE) for each in readings(free)):
        free |= {"timezone"}
    return unknowns - free


def dependence(claim: frozenset[str]) -> str:
    """Of what it depends, to follow a message; nothing where it is certain."""
    labels = [BY_NAME[name].label for name in sorted(claim - COMPARABLE)]
    labels += [_COMPARABLE_LABEL] * len(claim & COMPARABLE)
    return f"; depends on: {', '.join(labels)}" if labels else ""
