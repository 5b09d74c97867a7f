"""A shape of the service model made into a check, once; the check then runs on every request.

Says in AWS's words what a value breaks. Knows JSON values only: where they stood in the request is
not its business.
"""

import json
import math
import re
from collections.abc import Callable
from typing import Any

Check = Callable[[object, str, list[str]], None]
"""(value, path, violations): appends a sentence for each constraint that the value breaks."""

INTEGER_BITS = {"integer": 32, "long": 64}


def compile_check(shape: Any) -> Check:
    """A check of the shape (a botocore shape).

    NotImplementedError for a type that JSON requests here never had.
    """
    match shape.type_name:
        case "structure":
            return _structure(shape)
        case "list":
            return _list(shape)
        case "map":
            return _map(shape)
        case "string" | "blob":
            return _string(shape)
        case "integer" | "long":
            return _integer(shape)
        case "double" | "float" | "timestamp":
            return _number(shape)
        case "boolean":
            return _boolean
        case unsupported:
            raise NotImplementedError(
                f"shape {shape.name} has the type {unsupported}, which the emulator doesn't know"
            )


def describe_violations(violations: list[str]) -> str:
    """The message of the answer: AWS's heading with the count, then the sentences."""
    count = len(violations)
    return f"{count} validation error{'s' if count > 1 else ''} detected: {'; '.join(violations)}"


def _violation(value: object, path: str, rule: str) -> str:
    return f"Value {_quoted(value)} at '{path}' failed to satisfy constraint: Member must {rule}"


def _quoted(value: object) -> str:
    if value is None:
        return "null"
    return f"'{value}'" if isinstance(value, str) else f"'{json.dumps(value, ensure_ascii=False)}'"


def _camel(name: str) -> str:
    return name[:1].lower() + name[1:]


def _structure(shape: Any) -> Check:
    members = {
        name: (_camel(name), compile_check(member)) for name, member in shape.members.items()
    }
    required = tuple(shape.required_members)

    def check(value: object, path: str, violations: list[str]) -> None:
        if not isinstance(value, dict):
            violations.append(_violation(value, path, "be a structure"))
            return
        prefix = f"{path}." if path else ""
        for name in required:
            if name not in value:
                violations.append(_violation(None, prefix + _camel(name), "not be null"))
        for name, item in value.items():
            if (known := members.get(name)) is None:
                violations.append(
                    _violation(
                        item, prefix + _camel(name), "not be present: it is not in the model"
                    )
                )
            else:
                known[1](item, prefix + known[0], violations)

    return check


def _list(shape: Any) -> Check:
    check_size = _size(shape)
    check_item = compile_check(shape.member)

    def check(value: object, path: str, violations: list[str]) -> None:
        if not isinstance(value, list):
            violations.append(_violation(value, path, "be a list"))
            return
        check_size(value, path, violations)
        for number, item in enumerate(value, 1):
            if item is None:
                violations.append(_violation(None, f"{path}.{number}.member", "not be null"))
            else:
                check_item(item, f"{path}.{number}.member", violations)

    return check


def _map(shape: Any) -> Check:
    check_size = _size(shape)
    sides = (("keys", compile_check(shape.key)), ("value", compile_check(shape.value)))

    def check(value: object, path: str, violations: list[str]) -> None:
        if not isinstance(value, dict):
            violations.append(_violation(value, path, "be a map"))
            return
        check_size(value, path, violations)
        for entry in value.items():
            for (side, check_side), item in zip(sides, entry, strict=True):
                broken: list[str] = []
                check_side(item, path, broken)
                if broken:
                    rules = ", ".join(text.partition("constraint: ")[2] for text in broken)
                    head = f"Value {_quoted(value)} at '{path}' failed to satisfy constraint"
                    violations.append(f"{head}: Map {side} must satisfy constraint: [{rules}]")

    return check


def _string(shape: Any) -> Check:
    check_size = _size(shape)
    matches = _matcher(shape.metadata.get("pattern"))
    pattern_rule = f"satisfy regular expression pattern: {shape.metadata.get('pattern')}"
    allowed = frozenset(shape.metadata.get("enum", ()))
    enum_rule = f"satisfy enum value set: [{', '.join(shape.metadata.get('enum', ()))}]"

    def check(value: object, path: str, violations: list[str]) -> None:
        if not isinstance(value, str):
            violations.append(_violation(value, path, "be a string"))
            return
        check_size(value, path, violations)
        if matches and not matches(value):
            violations.append(_violation(value, path, pattern_rule))
        if allowed and value not in allowed:
            violations.append(_violation(value, path, enum_rule))

    return check


def _matcher(pattern: str | None) -> Callable[[str], object] | None:
    """What a text has to match: in full when the pattern is anchored at its end.

    Python's ``$`` also matches before a last newline.
    """
    if pattern is None:
        return None
    try:
        compiled = re.compile(pattern)
    except re.error:  # Java's classes such as \p{L}, in STS: not checked
        return None
    return compiled.fullmatch if pattern.endswith("$") else compiled.search


def _integer(shape: Any) -> Check:
    check_range = _range(shape)
    bits = INTEGER_BITS[shape.type_name]
    limit = 2 ** (bits - 1)

    def check(value: object, path: str, violations: list[str]) -> None:
        if not isinstance(value, int) or isinstance(value, bool):
            violations.append(_violation(value, path, "be an integer"))
        elif not -limit <= value < limit:
            violations.append(_violation(value, path, f"be a {bits}-bit integer"))
        else:
            check_range(value, path, violations)

    return check


def _number(shape: Any) -> Check:
    check_range = _range(shape)

    def check(value: object, path: str, violations: list[str]) -> None:
        if (
            not isinstance(value, int | float)
            or isinstance(value, bool)
            or not math.isfinite(value)
        ):
            violations.append(_violation(value, path, "be a number"))
        else:
            check_range(value, path, violations)

    return check


def _boolean(value: object, path: str, violations: list[str]) -> None:
    if not isinstance(value, bool):
        violations.append(_violation(value, path, "be a boolean"))


def _size(shape: Any) -> Callable[[Any, str, list[str]], None]:
    return _between(shape, len, "have length")


def _range(shape: Any) -> Callable[[Any, str, list[str]], None]:
    return _between(shape, lambda value: value, "have value")


def _between(
    shape: Any, measure: Callable[[Any], float], having: str
) -> Callable[[Any, str, list[str]], None]:
    low = shape.metadata.get("min", -math.inf)
    high = shape.metadata.get("max", math.inf)

    def check(value: Any, path: str, violations: list[str]) -> None:
        measured = measure(value)
        if measured > high:
            violations.append(_violation(value, path, f"{having} less than or equal to {high}"))
        elif measured < low:
            violations.append(_violation(value, path, f"{having} greater than or equal to {low}"))

    return check
