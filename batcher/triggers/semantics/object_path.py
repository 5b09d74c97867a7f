"""Paths into an object: dots, indexes, every entry of a list; total for any object.

AWS does not say how a Source is written. A path such as ``order.items[0].price`` or
``items.0.price`` leads to one value, ``items[*].price``, ``items[].price`` and ``items.price`` to
those of all entries. A member whose name is the whole path comes first; ``_source.`` at the
beginning may be left out by the object.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from functools import lru_cache
from typing import Any, Final, TypeAlias

Finder: TypeAlias = Callable[[Mapping[str, Any]], Any]
"""What an attribute holds in an object: a JSON value, or MISSING."""

PREFIX = "_source."

_STEP = re.compile(r"(?:^|\.)([^.\[\]]+)|\[([0-9]{1,9}|\*|)\]")


class Missing:
    """What is found where there is nothing."""

    def __repr__(self) -> str:
        return "MISSING"


MISSING: Final = Missing()


@lru_cache(maxsize=4096)
def finder(path: str) -> Finder:
    """What finds the value at a path; MISSING where no member of that name or path is there."""
    short = path.removeprefix(PREFIX)
    ways = [way for name in dict.fromkeys((path, short)) for way in _ways(name)]
    return ways[0] if len(ways) == 1 else _first(ways)


def plain_name(path: str) -> str | None:
    """The member that a path is the name of and nothing else; None for every other path."""
    return path if _steps(path) == (path,) and not path.startswith(PREFIX) else None


def nowhere(_: Mapping[str, Any]) -> Any:
    """Find nothing, for an attribute that names nothing."""
    return MISSING


def _ways(name: str) -> Iterator[Finder]:
    yield lambda found: found.get(name, MISSING)
    steps = _steps(name)
    if steps is not None and steps != (name,):
        yield lambda found: _walk(found, steps)


def _first(ways: list[Finder]) -> Finder:
    def find(found: Mapping[str, Any]) -> Any:
        for way in ways:
            if (value := way(found)) is not MISSING:
                return value
        return MISSING

    return find


def _steps(path: str) -> tuple[str, ...] | None:
    """The names and indexes of a path; None where it can't be read as one."""
    steps, end = [], 0
    for match in _STEP.finditer(path):
        if match.start() != end:
            return None
        steps.append(match[1] if match[1] is not None else match[2] or "*")
        end = match.end()
    return tuple(steps) if steps and end == len(path) else None


def _walk(found: Any, steps: tuple[str, ...]) -> Any:
    reached, spread = [found], False
    for step in steps:
        spread = spread or any(_spreads(each, step) for each in reached)
        reached = [below for each in reached for below in _below(each, step)]
    if spread:
        return reached or MISSING
    return reached[0] if reached else MISSING


def _spreads(value: Any, step: str) -> bool:
    return isinstance(value, list) and not _is_index(step)


def _below(value: Any, step: str) -> Iterator[Any]:
    if isinstance(value, dict):
        if step in value:
            yield value[step]
    elif isinstance(value, list):
        if step == "*":
            yield from value
        elif _is_index(step):
            yield from value[int(step) : int(step) + 1]
        else:
            yield from (each[step] for each in value if isinstance(each, dict) and step in each)


def _is_index(step: str) -> bool:
    return step.isascii() and step.isdigit() and len(step) < 10
