"""What is wrong with a line, in our own words.

A violation names the place, what is wrong there and what is allowed. It never quotes a value, nor
a member name that a line made up: of those that the model does not know only misspelt ones, and
none of a sensitive member.
"""

import difflib
import json
import re
from collections.abc import Iterator, Sequence
from typing import Any

from jsonschema_rs import ValidationError, ValidationErrorKind
from msgspec import Struct

from batcher.updates.json_schema import NO_CONTROL_CHARACTERS, Schema, at

MISSPELT = 0.85  # how alike a name and a known one are that it is quoted, by difflib
PART_AT_LEAST = 5  # characters by which a part of a known name stands for it
NAME_SHOWN_AT_MOST = 64  # characters of a name that nobody knows

_PLAIN_NAME = re.compile(r"[A-Za-z_][\w-]{0,63}", re.ASCII)
_TYPES = {
    "string": "a string",
    "integer": "an integer",
    "number": "a number",
    "array": "a list",
    "object": "an object",
    "boolean": "true or false",
}
# by keyword of JSON Schema: what is wrong, and what is counted, one and several
_LIMITS = {
    "minLength": ("too short: at least", "character", "characters"),
    "maxLength": ("too long: at most", "character", "characters"),
    "minItems": ("too few: at least", "entry", "entries"),
    "maxItems": ("too many: at most", "entry", "entries"),
    "minProperties": ("too few: at least", "member", "members"),
    "maxProperties": ("too many: at most", "member", "members"),
    "minimum": ("too small: at least", "", ""),
    "maximum": ("too large: at most", "", ""),
}


class Violation(Struct, frozen=True, kw_only=True):
    """One thing wrong with a line.

    ``path`` as in ``EventTriggerLimits.Periods[0].Unit``; empty for the whole line.
    """

    path: str = ""
    message: str

    def __str__(self) -> str:
        return f"{self.path}: {self.message}" if self.path else self.message


def violations_of(
    error: ValidationError, schema: Schema, sensitive: frozenset[str]
) -> Iterator[Violation]:
    """What one error of the schema check stands for: one for each unknown member, else one."""
    path = error.instance_path
    match error.kind:
        case ValidationErrorKind.Required(name):
            yield Violation(path=path_text([*path, name]), message="missing; it is required")
        case ValidationErrorKind.AdditionalProperties(names):
            known = list(at(schema, path).get("properties", ()))
            below = not sensitive.isdisjoint(path)
            for name in names:
                hidden = below or not _is_misspelt(name, known)
                where = path if hidden else [*path, name]
                yield Violation(path=path_text(where), message=_unknown(name, known, hidden=hidden))
        case kind:
            yield Violation(path=path_text(path), message=_text(kind))


def path_text(path: Sequence[str | int]) -> str:
    """A path as people write it: ``EventTriggerConditions[0].LogicalOperator``."""
    text = ""
    for part in path:
        if isinstance(part, int):
            text += f"[{part}]"
        else:
            text += ("." if text else "") + name_text(part)
    return text


def name_text(name: str) -> str:
    """A name as it is; quoted, escaped and cut when it is none of the usual ones."""
    return name if _PLAIN_NAME.fullmatch(name) else json.dumps(name[:NAME_SHOWN_AT_MOST])


def _is_misspelt(name: str, known: list[str]) -> bool:
    """Whether a name is a slip of the pen; one that a line made up may be data."""
    folded = [each.lower() for each in known]
    return bool(difflib.get_close_matches(name.lower()[:NAME_SHOWN_AT_MOST], folded, 1, MISSPELT))


def _unknown(name: str, known: list[str], *, hidden: bool) -> str:
    what = "has a member that does not exist" if hidden else "no such member"
    if suggestion := _suggestion(name, known):
        return f"{what}; did you mean {suggestion}?"
    return f"{what}; there are {', '.join(known)}"


def _suggestion(name: str, known: list[str]) -> str | None:
    """The known name that is meant most likely: the same, a longer one with it in it, or alike."""
    folded = {_folded(each): each for each in known}
    given = _folded(name[:NAME_SHOWN_AT_MOST])
    if given in folded:
        return folded[given]
    if len(given) >= PART_AT_LEAST and (longer := [each for each in folded if given in each]):
        members = [each for each in longer if folded[each][0].isupper()]  # those of the model
        return folded[min(members or longer, key=len)]
    near = difflib.get_close_matches(given, folded, n=1)
    return folded[near[0]] if near else None


def _folded(name: str) -> str:
    return re.sub("[-_ ]", "", name).lower()


def _text(kind: Any) -> str:
    match kind:
        case ValidationErrorKind.Type(types):
            return f"has to be {' or '.join(_TYPES.get(name, name) for name in types)}"
        case ValidationErrorKind.Enum(options):
            return f"not one of {', '.join(map(str, options))}"
        case ValidationErrorKind.Pattern(pattern) if pattern == NO_CONTROL_CHARACTERS:
            return "holds a control character; none is allowed"
        case ValidationErrorKind.Pattern(pattern):
            return f"does not match {pattern}"
        case kind if kind.name in _LIMITS:
            problem, one, several = _LIMITS[kind.name]
            return f"{problem} {kind.limit} {one if kind.limit == 1 else several}".rstrip()
    return f"breaks the rule {kind.name} of the service model"
