"""A line as it was meant: members under the model's names, lists where lists belong.

What had to be changed for that is a violation; what else is wrong can then be found at its place.
"""

from collections.abc import Sequence
from typing import Any

from batcher.updates.json_schema import Schema, dereferenced
from batcher.updates.member_names import MemberNames
from batcher.updates.violations import Violation, path_text

HINTS_AT_MOST = 32  # members of one object that are given a hint each

_Path = tuple[str | int, ...]


class Corrections:
    """Corrects one line by a model. ``violations``: what was wrong with it so far."""

    def __init__(self, schema: Schema, names: MemberNames, sensitive: frozenset[str]) -> None:
        self.violations: list[Violation] = []
        self._root = schema
        self._names = names
        self._sensitive = sensitive

    def corrected(self, value: Any, rule: Schema | None = None, path: _Path = ()) -> Any:
        """A value as it was meant, without the members that nothing is known of.

        ``rule``: the schema of what is at that path; that of a line without one.
        """
        rule = dereferenced(self._root if rule is None else rule, self._root)
        value = self._in_shape(value, rule, path)
        if isinstance(value, dict) and "properties" in rule:
            return self._object(value, rule, path)
        if isinstance(value, list) and "items" in rule:
            each = enumerate(value)
            return [self.corrected(item, rule["items"], (*path, index)) for index, item in each]
        return value

    def _in_shape(self, value: Any, rule: Schema, path: _Path) -> Any:
        """A list around what is one entry, or an entry that has a list around it."""
        items = dereferenced(rule.get("items", {}), self._root)
        if isinstance(value, (dict, str)) and "items" in rule and _has_type(value, items):
            self._add(path, "has to be a list: put [ ] around this one entry")
            return [value]
        if "properties" in rule and isinstance(value, list) and list(map(type, value)) == [dict]:
            self._add(path, "has to be an object: take it out of its [ ]")
            return value[0]
        return value

    def _object(self, value: dict[str, Any], rule: Schema, path: _Path) -> dict[str, Any]:
        known = rule["properties"]
        meant = {name: below for name, below in value.items() if name in known}
        unknown = [(at, name) for at, name in enumerate(value, 1) if name not in known]
        for at, name in unknown[:HINTS_AT_MOST]:
            number = at if len(unknown) > 1 else None
            if (taken := self._unknown(name, value[name], path, number)) is not None:
                meant.setdefault(taken, value[name])
        if (more := len(unknown) - HINTS_AT_MOST) > 0:
            self._add(path, f"has {more} more such members")
        return {
            name: self.corrected(below, known[name], (*path, name)) for name, below in meant.items()
        }

    def _unknown(self, name: str, value: Any, path: _Path, number: int | None) -> str | None:
        """Tell of a member that the model does not know; its own name there, where it has one.

        ``number``: of the member in its object, where there are several such.
        """
        place = [part for part in path if isinstance(part, str)]
        found = self._names.meant(name, value, place)
        is_here = found is not None and found.place[:-1] == tuple(place)
        if self._names.is_answered(name):
            found, hint = None, "no update takes it: leave it out"
        elif found is None:
            hint = f"there are {self._names.outline(place)}"
        else:
            hint = f"did you mean {found.name if is_here else found.text}?"
        self._tell(name, path, number, hint)
        return found.name if found and is_here and self._takes(found.schema, value) else None

    def _takes(self, rule: Schema, value: Any) -> bool:
        """Whether a value is of a member's type, or one entry of the list that it is."""
        items = dereferenced(rule.get("items", {}), self._root)
        return _has_type(value, rule) or _has_type(value, items)

    def _tell(self, name: str, path: _Path, number: int | None, hint: str) -> None:
        """Tell what is wrong; with the name where that is no data: public, or a slip of the pen."""
        below = not self._sensitive.isdisjoint(path)
        place = [part for part in path if isinstance(part, str)]
        if not below and self._names.may_be_shown(name, place):
            self._add((*path, name), f"no such member; {hint}")
        else:
            which = "" if number is None else f", number {number}"
            self._add(path, f"has a member that does not exist{which}; {hint}")

    def _add(self, path: Sequence[str | int], message: str) -> None:
        self.violations.append(Violation(path=path_text(path), message=message))


def _has_type(value: Any, rule: Schema) -> bool:
    """Whether a value is of a schema's type; both are told apart as far as names go."""
    kinds = {dict: "object", list: "array", str: "string", bool: "boolean"}
    return rule.get("type") == kinds.get(type(value), "integer")
