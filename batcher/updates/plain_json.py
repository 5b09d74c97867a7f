"""A caller's mapping as plain JSON: copied, never changed, or refused with the places of why."""

import math
from collections.abc import Mapping
from typing import Any

from batcher.updates.json_syntax import NESTING_AT_MOST, encodable

INTEGER_BITS = 64  # more than any integer of a service model

Path = list[str | int]


def is_deeper(value: object, levels: int) -> bool:
    """Whether objects and lists stand within each other on more levels than that."""
    if not isinstance(value, (dict, list)):
        return False
    below = value.values() if isinstance(value, dict) else value
    return levels == 0 or any(is_deeper(each, levels - 1) for each in below)


class PlainJson:
    """Copies values, and collects in ``refused`` what can't be JSON: where it is, and why."""

    def __init__(self) -> None:
        self.refused: list[tuple[Path, str]] = []

    def copy(self, value: object, path: Path) -> Any:
        """The value as dict, list, str, int, float, bool or None; None for what is none of them."""
        if len(path) > NESTING_AT_MOST:
            return self._refuse(path[:1], f"nested more than {NESTING_AT_MOST} levels deep")
        match value:
            case None | bool():
                return value
            case str() if encodable(value):
                return str.__str__(value)
            case str():
                return self._refuse(path, "holds half of a surrogate pair; it can't be sent")
            case int() if value.bit_length() <= INTEGER_BITS:
                return int(value)
            case int():
                return self._refuse(path, "out of range")
            case float() if math.isfinite(value):
                return float(value)
            case float():
                return self._refuse(path, "not a finite number")
            case Mapping():
                named = ((name, below) for name, below in value.items() if self._named(name, path))
                return {name: self.copy(below, [*path, name]) for name, below in named}
            case list() | tuple():
                return [self.copy(below, [*path, index]) for index, below in enumerate(value)]
        kind = type(value).__name__
        return self._refuse(path, f"a value of type {kind} can't be written as JSON")

    def _named(self, name: object, path: Path) -> bool:
        if isinstance(name, str) and encodable(name):
            return True
        self._refuse(path, f"has a member whose name is not text but {type(name).__name__}")
        return False

    def _refuse(self, path: Path, message: str) -> None:
        self.refused.append((path, message))
