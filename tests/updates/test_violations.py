"""A violation says where and what in words, and quotes nothing."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema_rs import Draft202012Validator

from batcher.updates.violations import Violation, name_text, path_text, violation_of

SECRET = "hush-hush"


def told(schema: dict[str, Any], value: Any) -> list[str]:
    errors = Draft202012Validator(schema).iter_errors(value)
    return [str(violation_of(error, schema)) for error in errors]


@pytest.mark.parametrize(
    ("rule", "value", "words"),
    [
        ({"minLength": 1}, "", "too short: at least 1 character"),
        ({"minLength": 3}, "ab", "too short: at least 3 characters"),
        ({"maxLength": 1}, SECRET, "too long: at most 1 character"),
        ({"minItems": 1}, [], "too few: at least 1 entry"),
        ({"maxItems": 2}, [SECRET] * 3, "too many: at most 2 entries"),
        ({"minProperties": 1}, {}, "too few: at least 1 member"),
        ({"maxProperties": 2}, dict.fromkeys("abc"), "too many: at most 2 members"),
        ({"minimum": 1}, 0, "too small: at least 1"),
        ({"maximum": 2**63 - 1}, 2**63, f"too large: at most {2**63 - 1}"),
        ({"type": "integer"}, SECRET, "has to be an integer"),
        ({"type": ["string", "array"]}, 5, "has to be a string or a list"),
        ({"enum": ["A", "B"]}, SECRET, "not one of A, B"),
        ({"pattern": "^[a-z]+$"}, SECRET, "does not match ^[a-z]+$"),
        ({"multipleOf": 2}, 3, "breaks the rule multipleOf of the service model"),
    ],
)
def test_what_is_wrong_is_told_with_what_is_allowed(
    rule: dict[str, Any], value: Any, words: str
) -> None:
    assert told(rule, value) == [words]
    below = {"properties": {"A": {"items": rule}}}
    assert told(below, {"A": [value]}) == [f"A[0]: {words}"]


@pytest.mark.parametrize("rule", [{"minLength": 1}, {"minItems": 1}])
def test_what_an_update_cannot_clear_is_to_be_left_out_but_not_what_is_required(
    rule: dict[str, Any],
) -> None:
    empty: Any = "" if "minLength" in rule else []
    schema = {"properties": {"A": rule, "B": rule}, "required": ["B"]}
    free, needed = told(schema, {"A": empty, "B": empty})
    assert free.endswith("; leave it out: no update can clear it")
    assert needed.endswith(("character", "entry"))


def test_the_constant_that_is_meant_is_told_and_not_what_stands_there() -> None:
    rule = {"enum": ["MINUTES", "DAYS"]}
    assert told(rule, "day") == ["not one of MINUTES, DAYS; did you mean DAYS?"]


@given(st.lists(st.from_regex(r"[A-Za-z_][A-Za-z0-9_-]{0,9}", fullmatch=True) | st.integers(0)))
def test_a_path_reads_as_people_write_it(path: list[str | int]) -> None:
    text = path_text(path)
    parts = text.replace("[", ".[").removeprefix(".").split(".") if text else []
    assert [int(part[1:-1]) if part.startswith("[") else part for part in parts] == path


@given(st.text())
def test_a_name_is_printable_and_short_whatever_it_holds(name: str) -> None:
    shown = name_text(name)
    assert shown == name or json.loads(shown) == name[:64]
    assert shown.isprintable()
    assert shown.isascii()


def test_of_the_whole_line_there_is_no_path() -> None:
    assert str(Violation(message="not JSON")) == "not JSON"
