"""What of a value a service model has names for, at any depth.

The model's shapes are read once, into functions: a trigger is held against them many times.
"""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, TypeAlias

Take: TypeAlias = Callable[[Any], Any]
"""Takes of a value what is known; what is not of the shape's kind stays as it is."""


def known_part_of(shapes: Mapping[str, Any], name: str) -> Take:
    """What takes of a value of that shape its known part."""
    return _Reading(shapes).take(name) or (lambda value: value)


class _Reading:
    """Shapes on their way to be functions. A structure may have itself among its members."""

    def __init__(self, shapes: Mapping[str, Any]) -> None:
        self._shapes = shapes
        self._structures: dict[str, Take] = {}

    def take(self, name: str) -> Take | None:
        """What takes the known part of that shape; None: all of it is known."""
        shape = self._shapes[name]
        if "members" in shape:
            return self._structures.get(name) or self._structure(name, shape["members"])
        if "member" in shape and (entry := self.take(shape["member"]["shape"])) is not None:
            return partial(_of_list, entry)
        return None

    def _structure(self, name: str, members: Mapping[str, Any]) -> Take:
        known: dict[str, Take | None] = {}
        take = self._structures[name] = partial(_of_structure, known)
        known |= {each: self.take(member["shape"]) for each, member in members.items()}
        return take


def _of_structure(known: Mapping[str, Take | None], value: Any) -> Any:
    if type(value) is not dict and not isinstance(value, Mapping):
        return value
    part = {}
    for name, below in value.items():
        if name in known:
            take = known[name]
            part[name] = below if take is None else take(below)
    return part


def _of_list(entry: Take, value: Any) -> Any:
    return list(map(entry, value)) if isinstance(value, list) else value
