"""A caller's mapping made plain JSON: copied, never changed, or refused with the places that
JSON can't say.
"""

import math
from collections.abc import Mapping
from typing import Any

from batcher.updates.json_syntax import NESTING_AT_MOST, encodable

INTEGER_BITS = 64  # more than any integer of a service model

Path = list[str | int]


class PlainJson:
    """Copies values, and collects what is wrong with them in ``violations``: where, and what."""

    def __init__(self) -> None:
        self.faults: list[tuple[Path, str]] = []

    def copy(self, value: object, path: Path) -> Any:
        """The value as dict, list, str, int, float, bool or None; None in place of what is none
        of these.
        """
        if len(path) > NESTING_AT_MOST:
            return self._refuse(path[:1], f"nested more than {NESTING_AT_MOST} levels deep")
        match value:
            case None | bool():
                return value
            case str():
                return self._text(str.__str__(value), path)
            case int():
                return (
                    int(value)
                    if value.bit_length() <= INTEGER_BITS
                    else self._refuse(path, "out of range")
                )
            case float():
                return (
                    float(value)
                    if math.isfinite(value)
                    else self._refuse(path, "not a finite number")
                )
            case Mapping():
                return {
                    name: self.copy(below, [*path, name])
                    for name, below in value.items()
                    if self._named(name, path)
                }
            case list() | tuple():
                return [self.copy(below, [*path, index]) for index, below in enumerate(value)]
        return self._refuse(
            path, f"a value of type {type(value).__name__} can't be written as JSON"
        )

    def _text(self, value: str, path: Path) -> str | None:
        return (
            value
            if encodable(value)
            else self._refuse(path, "holds half of a surrogate pair; it can't be sent")
        )

    def _named(self, name: object, path: Path) -> bool:
        if isinstance(name, str) and encodable(name):
            return True
        self._refuse(path, f"has a member whose name is not text but {type(name).__name__}")
        return False

    def _refuse(self, path: Path, message: str) -> Any:
        self.faults.append((path, message))
