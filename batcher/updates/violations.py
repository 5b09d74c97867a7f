"""What is wrong with a line, in our own words.

A violation names the place, what is wrong there and what is allowed. It never quotes a value, nor
a member name that a line made up; what it says is meant is a constant of the model.
"""

import json
import re
from collections.abc import Sequence
from typing import Any

from jsonschema_rs import ValidationError, ValidationErrorKind
from msgspec import Struct

from batcher.updates.json_schema import NO_CONTROL_CHARACTERS, Schema, at
from batcher.updates.value_hint import meant_constant

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


def violation_of(error: ValidationError, schema: Schema) -> Violation:
    """What one error of the schema check says. ``schema``: that of the whole line."""
    path = error.instance_path
    match error.kind:
        case ValidationErrorKind.Required(name):
            return Violation(path=path_text([*path, name]), message="missing; it is required")
        case kind:
            return Violation(path=path_text(path), message=_text(kind) + _advice(error, schema))


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


def _advice(error: ValidationError, schema: Schema) -> str:
    """What to write instead, where that is plain."""
    match error.kind:
        case ValidationErrorKind.Enum(options):
            meant = meant_constant(error.instance, list(map(str, options)))
            return f"; did you mean {meant}?" if meant else ""
        case kind if kind.name in ("minLength", "minItems"):
            *above, name = error.instance_path or [0]
            is_member = isinstance(name, str) and name not in at(schema, above).get("required", ())
            return "; leave it out: no update can clear it" if is_member else ""
    return ""


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
