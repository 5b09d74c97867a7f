"""What many targets have in common: what differs only by where a target is, is one cause.

It is said once, with how many targets that are, and which.
"""

import re
from collections.abc import Hashable, Iterable, Mapping
from typing import TypeVar

from batcher.number_text import number
from batcher.updates.target_names import some_names

TOGETHER_FROM = 11  # targets, from which on those that are alike are said together
SHARED_FROM = 3  # targets with one cause, from which on it is said once, also where they are few
CAUSES = 3  # of which a message about many targets tells
# what names a place or a request and no cause: accounts, Regions, ids of requests; how many updates
# or calls of a target it took to see the cause, and how long a text is that is not shown
_OWN = re.compile(
    r"\b\d{12}\b|\b[a-z]{2}(?:-[a-z]+)+-\d\b|\b[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\b"
    r"|\b\d+ of \d+(?= did not succeed\b)|\b\d+(?= in a row\b)|(?<=\[withheld: )\d+"
)

Item = TypeVar("Item")
Cause = TypeVar("Cause", bound=Hashable)


def cause_in(text: str, name: str) -> str:
    """A text about the target of that name, without what is of that target alone."""
    whole = rf"(?<!\w){re.escape(name)}(?!\w)"  # of a target called a, not each letter a
    return _OWN.sub("…", re.sub(whole, "…", text))


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


def reasons_text(reasons: Mapping[str, str]) -> str:
    """Why targets are left, by cause: each by its name, and of one cause the words of the first.

    ``reasons``: in words, by target; each may begin with ``target NAME: ``. Of few targets each has
    its own words, unless some have them in common.
    """
    if len(reasons) >= TOGETHER_FROM:
        return in_common(reasons)
    told, groups = _grouped(reasons)
    said = list[str]()
    for names in groups:
        alone = len(names) < SHARED_FROM
        said += [told[each] for each in names] if alone else [_of_targets(names, told[names[0]])]
    return _joined(said)


def in_common(reasons: Mapping[str, str]) -> str:
    """Why targets are left, by cause, however few they are."""
    told, groups = _grouped(reasons)
    said = [_of_targets(names, told[names[0]]) for names in groups[:CAUSES]]
    if more := sum(map(len, groups[CAUSES:])):
        said.append(f"and {number(more)} more targets for other causes")
    return _joined(said)


def _grouped(reasons: Mapping[str, str]) -> tuple[dict[str, str], list[list[str]]]:
    """The words of each target, which name it, and the targets by cause."""
    told = {name: _of_target(name, reason) for name, reason in reasons.items()}
    return told, by_cause((cause_in(text, name), name) for name, text in told.items())


def _of_targets(names: list[str], first: str) -> str:
    return first if len(names) == 1 else f"{targets_text(names)} for one cause, such as {first}"


def _of_target(name: str, reason: str) -> str:
    """Name the target, where the reason does not."""
    return reason if reason.startswith(f"target {name}: ") else f"target {name}: {reason}"


def _joined(said: list[str]) -> str:
    return "; ".join([*(each.removesuffix(".") for each in said[:-1]), *said[-1:]])
