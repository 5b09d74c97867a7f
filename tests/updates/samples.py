"""Updates made from the installed model.

Valid ones, and valid ones with one thing wrong at a known place.
"""

from collections.abc import Iterator
from typing import Any, NamedTuple

from hypothesis import strategies as st

from batcher.aws.service_model import installed_service_model
from batcher.updates.json_schema import Schema, dereferenced
from batcher.updates.update_model import UpdateModel

MODEL = UpdateModel.from_service_model(installed_service_model())
SECRET = "hush-hush"
TEXT = st.characters(exclude_categories=["Cs"])


def valid_lines() -> st.SearchStrategy[dict[str, Any]]:
    """Decoded lines that keep every rule."""
    return values(MODEL.schema)


def full(schema: Schema = MODEL.schema) -> Any:
    """One line with every member of the model, each as small as it may be."""
    rule = dereferenced(schema, MODEL.schema)
    match rule["type"]:
        case "string":
            return rule["enum"][0] if "enum" in rule else "a" * rule.get("minLength", 1)
        case "integer" | "number":
            return max(rule["minimum"], 1)
        case "boolean":
            return False
        case "array":
            return [full(rule["items"])]
    return {name: full(member) for name, member in rule.get("properties", {}).items()}


def values(schema: Schema) -> st.SearchStrategy[Any]:
    rule = dereferenced(schema, MODEL.schema)
    match rule["type"]:
        case "string":
            return _strings(rule)
        case "integer":
            return st.integers(rule["minimum"], rule["maximum"])
        case "number":
            return st.floats(rule["minimum"], rule["maximum"])
        case "boolean":
            return st.booleans()
        case "array":
            return st.lists(
                values(rule["items"]),
                min_size=rule.get("minItems", 0),
                max_size=min(rule["maxItems"], 2),
            )
    members = {name: values(member) for name, member in rule.get("properties", {}).items()}
    required = {name: members.pop(name) for name in rule.get("required", ())}
    return st.fixed_dictionaries(required, optional=members)


def _strings(rule: Schema) -> st.SearchStrategy[str]:
    if "enum" in rule:
        return st.sampled_from(rule["enum"])
    least, most = rule.get("minLength", 0), rule.get("maxLength", 1000)
    if "pattern" in rule:
        some = st.from_regex(
            rule["pattern"], fullmatch=True, alphabet=st.characters(exclude_categories=["Cs", "Cc"])
        )
        return some.filter(lambda text: least <= len(text) <= most)
    return st.text(TEXT, min_size=least, max_size=min(most, 20))


class Broken(NamedTuple):
    """A line with one thing wrong: where the violation has to be."""

    line: Any
    path: str
    what: str


def broken_lines(line: dict[str, Any]) -> Iterator[Broken]:
    """That line with each single thing wrong, one at a time."""
    for path, rule, value in _places(MODEL.schema, line, ()):
        for what, below, replaced in _breaks(rule, value):
            hidden = what == "unknown"
            yield Broken(
                _with(line, path, replaced), _text(path if hidden else (*path, *below)), what
            )


def _breaks(rule: Schema, value: Any) -> Iterator[tuple[str, tuple[str, ...], Any]]:
    """(what is wrong, where below the value the violation is, the wrong value)."""
    yield "type", (), None
    if rule["type"] == "object" and rule.get("additionalProperties") is False:
        yield "unknown", (SECRET,), value | {SECRET: SECRET}
    for name in rule.get("required", ()):
        yield "missing", (name,), {key: kept for key, kept in value.items() if key != name}
    if "enum" in rule:
        yield "enum", (), SECRET
    elif "maxLength" in rule:
        yield "long", (), "a" * (rule["maxLength"] + 1)
    if rule["type"] == "array":
        yield "empty", (), []
        yield "many", (), value[:1] * (rule["maxItems"] + 1)
    if rule["type"] == "integer":
        yield "large", (), rule["maximum"] + 1
        yield "small", (), rule["minimum"] - 1
        yield "float", (), float(min(value, 2**50))
        yield "bool", (), True


def _places(
    schema: Schema, value: Any, path: tuple[str | int, ...]
) -> Iterator[tuple[tuple[str | int, ...], Schema, Any]]:
    rule = dereferenced(schema, MODEL.schema)
    yield path, rule, value
    if isinstance(value, dict):
        for name, below in value.items():
            yield from _places(rule["properties"][name], below, (*path, name))
    elif isinstance(value, list):
        for index, below in enumerate(value):
            yield from _places(rule["items"], below, (*path, index))


def _with(value: Any, path: tuple[str | int, ...], replaced: Any) -> Any:
    """A copy of the value with what is at that path replaced."""
    if not path:
        return replaced
    here, *rest = path
    copy: Any = dict(value) if isinstance(value, dict) else list(value)
    copy[here] = _with(value[here], tuple(rest), replaced)
    return copy


def _text(path: tuple[str | int, ...]) -> str:
    return "".join(
        f"[{part}]" if isinstance(part, int) else f".{part}" for part in path
    ).removeprefix(".")
