"""Many targets in few words: what differs only by where a target is, is said once, with a count."""

import re
from collections.abc import Collection, Hashable, Iterable
from typing import TypeVar

from batcher.number_text import number, several
from batcher.target_identity import TargetIdentity
from batcher.updates.target_names import some_names

TOGETHER_FROM = 11  # targets, from which on those that are alike are said together
# what names a place or a request and no cause: accounts, Regions, ids of requests
_OWN = re.compile(
    r"\b\d{12}\b|\b[a-z]{2}(?:-[a-z]+)+-\d\b|\b[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\b"
)

Item = TypeVar("Item")
Cause = TypeVar("Cause", bound=Hashable)


def cause_in(text: str, name: str) -> str:
    """A text about the target of that name, without what is of that target alone."""
    return _OWN.sub("…", text.replace(name, "…"))


def by_cause(items: Iterable[tuple[Cause, Item]]) -> list[list[Item]]:
    """Items with the same cause together, in the order of the first of each."""
    groups: dict[Cause, list[Item]] = {}
    for cause, item in items:
        groups.setdefault(cause, []).append(item)
    return list(groups.values())


def targets_text(names: list[str]) -> str:
    """``target a``, or ``3 targets (a, b, c)``."""
    if len(names) == 1:
        return f"target {names[0]}"
    return f"{number(len(names))} targets ({some_names(names)})"


def places_text(places: Collection[TargetIdentity]) -> str:
    """``40 accounts (a, b, …), each in 3 Regions (c, d, e)``; ``in`` where not each has each."""
    accounts = {each.account or "unknown account" for each in places}
    regions = {each.region for each in places}
    pairs = {(each.account, each.region) for each in places}
    in_each = len(accounts) > 1 and len(pairs) == len(accounts) * len(regions)
    return (
        f"{several(len(accounts), 'account')} ({some_names(accounts)}){', each' if in_each else ''}"
        f" in {several(len(regions), 'Region')} ({some_names(regions)})"
    )
