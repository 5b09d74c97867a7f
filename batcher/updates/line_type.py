"""A JSON Schema of lines as a type that lines are decoded into, checked on the way.

The quick half of the check: what it takes, the schema takes; what it refuses may be well all the
same. Most patterns only say which characters a text may have: they are looked for in all texts of
a member together, which takes a tenth of the time. A schema that can't be said so has no type.
"""

import re
from collections.abc import Sequence
from itertools import chain
from keyword import iskeyword
from operator import attrgetter
from typing import Annotated, Any, Literal, NamedTuple, TypeAlias

from msgspec import UNSET, Meta, Struct, UnsetType, defstruct

from batcher.updates.json_schema import REFERENCE, Schema

_TYPES: dict[str, Any] = {"string": str, "integer": int, "number": float, "boolean": bool}
_BOUNDS = {
    "minLength": "min_length",
    "maxLength": "max_length",
    "minItems": "min_length",
    "maxItems": "max_length",
    "minProperties": "min_length",
    "maxProperties": "max_length",
    "minimum": "ge",
    "maximum": "le",
}
# what means the same to Python as to JSON Schema, but for its end: classes, each repeated
_CLASS = r"\[\^?(?:[A-Za-z0-9_.: -]|\\u[0-9a-f]{4})+\]"
_REPEATED = r"(?:[*+]|\{\d+(?:,\d*)?\})?"
_PLAIN_PATTERN = re.compile(rf"\^(?:{_CLASS}{_REPEATED})+\$")
_ONE_CLASS = re.compile(rf"\^({_CLASS})([*+])\$")
_SAID = frozenset({"type", "description", "$schema", "title", "$defs"})
_OF_OBJECTS = frozenset({"properties", "required", "additionalProperties"})


class _NoTypeError(Exception):
    """The schema says something that no type can say."""


class _Structure(NamedTuple):
    """Rules of members, by their names."""

    members: list[tuple[str, "_Rule"]]


class _Entries(NamedTuple):
    """The rule of what is in lists."""

    of: "_Rule"


_Rule: TypeAlias = re.Pattern[str] | _Structure | _Entries
"""What no text may have anywhere, or what is so below."""


class LineType(NamedTuple):
    """What the lines that a schema takes are decoded into, and the rules that it leaves out.

    Its members have the names of the schema's; one that a line leaves out is UNSET.
    """

    kind: type[Struct]
    rules: _Rule

    def keep_rules(self, found: list[Any]) -> bool:
        """Whether what was decoded keeps the rules that are left."""
        return not _is_broken(self.rules, found)


def line_type(schema: Schema) -> LineType | None:
    """The type of the lines of a schema; None where there is none that is exact."""
    try:
        kind, rules = _Types(schema).of(schema)
    except _NoTypeError:
        return None
    is_structure = isinstance(kind, type) and issubclass(kind, Struct)
    return LineType(kind, rules or _Structure([])) if is_structure else None


def _is_broken(rule: _Rule, values: Sequence[Any]) -> bool:
    """Whether one of these values breaks the rule."""
    match rule:
        case _Structure(members):
            return any(_is_broken(below, _given(name, values)) for name, below in members)
        case _Entries(below):
            return _is_broken(below, list(chain.from_iterable(values)))
        case forbidden:
            return forbidden.search("".join(values)) is not None


def _given(name: str, values: Sequence[Any]) -> list[Any]:
    return [value for value in map(attrgetter(name), values) if value is not UNSET]


class _Types:
    """The types of a schema's definitions, each made once, and the rules that go with them."""

    def __init__(self, root: Schema) -> None:
        self._root = root
        self._made: dict[str, tuple[Any, _Rule | None] | None] = {}

    def of(self, schema: Schema) -> tuple[Any, _Rule | None]:
        if "$ref" in schema:
            return self._referred(schema["$ref"].removeprefix(REFERENCE))
        match schema.get("type"):
            case None if not schema.keys() - _SAID:
                return Any, None
            case "object" if "properties" in schema:
                return self._structure(schema)
            case "object":
                return self._map(schema), None
            case "array":
                kind, rule = self.of(schema["items"])
                entries: Any = list[kind]  # type: ignore[valid-type] # known at run time
                return _bounded(entries, schema, "items"), rule and _Entries(rule)
            case "string" if "enum" in schema:
                if schema.keys() - _SAID - {"enum"}:
                    raise _NoTypeError
                return Literal[tuple(schema["enum"])], None
            case "string":
                return _text(schema)
            case str() as name if name in _TYPES:
                return _bounded(_TYPES[name], schema), None
        raise _NoTypeError

    def _referred(self, name: str) -> tuple[Any, _Rule | None]:
        if name not in self._made:
            self._made[name] = None  # while it is made
            self._made[name] = self.of(self._root["$defs"][name])
        if (made := self._made[name]) is None:
            raise _NoTypeError
        return made

    def _structure(self, schema: Schema) -> tuple[Any, _Rule | None]:
        names = schema["properties"]
        only = schema.get("additionalProperties") is False
        if not only or schema.keys() - _SAID - _OF_OBJECTS or not all(map(_is_plain_name, names)):
            raise _NoTypeError
        required = frozenset(schema.get("required", ()))
        if required - names.keys():
            raise _NoTypeError
        made = {name: self.of(rule) for name, rule in names.items()}
        fields = [
            (name, kind) if name in required else _left_out(name, kind)
            for name, (kind, _) in made.items()
        ]
        rules = [(name, rule) for name, (_, rule) in made.items() if rule is not None]
        kind = defstruct("Line", fields, kw_only=True, gc=False, forbid_unknown_fields=True)
        return kind, _Structure(rules) if rules else None

    def _map(self, schema: Schema) -> Any:
        rules = [schema.get("propertyNames", {"type": "string"})]
        rules.append(schema.get("additionalProperties", {}))
        (names, broken), (values, broken_too) = map(self.of, rules)
        if broken or broken_too:
            raise _NoTypeError
        entries: Any = dict[names, values]  # type: ignore[valid-type] # known at run time
        return _bounded(entries, schema, "propertyNames", "additionalProperties")


def _is_plain_name(name: str) -> bool:
    return name.isidentifier() and not iskeyword(name) and not name.startswith("_")


def _left_out(name: str, kind: Any) -> tuple[str, Any, Any]:
    return name, kind if kind is Any else kind | UnsetType, UNSET


def _text(schema: Schema) -> tuple[Any, _Rule | None]:
    pattern = schema.get("pattern")
    if pattern is None:
        return _bounded(str, schema), None
    one = _ONE_CLASS.fullmatch(pattern)
    if one and (one[2] == "*" or schema.get("minLength", 0) >= 1):
        characters = one[1]
        is_negated = characters.startswith("[^")
        others = f"[{characters[2:]}" if is_negated else f"[^{characters[1:]}"
        return _bounded(str, schema, "pattern"), re.compile(others)
    if not _PLAIN_PATTERN.fullmatch(pattern):
        raise _NoTypeError
    # Python's $ also matches before a last line end
    return _bounded(str, schema, "pattern", regex=pattern[:-1] + r"\Z"), None


def _bounded(kind: Any, schema: Schema, *known: str, regex: str | None = None) -> Any:
    """A type with the bounds that the schema sets. ``known``: what else it may say."""
    if schema.keys() - _SAID - _BOUNDS.keys() - set(known):
        raise _NoTypeError
    bounds = {_BOUNDS[name]: schema[name] for name in schema if name in _BOUNDS}
    if regex is not None:
        bounds["pattern"] = regex
    return Annotated[kind, Meta(**bounds)] if bounds else kind
