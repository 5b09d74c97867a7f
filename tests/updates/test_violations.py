"""A violation says where and what in words, and quotes nothing."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema_rs import Draft202012Validator

from batcher.updates.violations import Violation, name_text, path_text, violations_of
from tests.updates.samples import MODEL

SECRET = "hush-hush"


def told(schema: dict[str, Any], value: Any, sensitive: frozenset[str] = frozenset()) -> list[str]:
    errors = Draft202012Validator(schema).iter_errors(value)
    return [str(found) for error in errors for found in violations_of(error, schema, sensitive)]


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


@pytest.mark.parametrize(
    ("member", "hint"),
    [
        ("domainname", "did you mean DomainName?"),
        ("DomanName", "did you mean DomainName?"),
        (SECRET, "there are DomainName, Target"),
    ],
)
def test_an_unknown_member_is_told_with_what_may_be_meant(member: str, hint: str) -> None:
    schema = {"properties": {"DomainName": {}, "Target": {}}, "additionalProperties": False}
    made_up = f"has a member that does not exist; {hint}"
    misspelt = f"{member}: no such member; {hint}"
    assert told(schema, {member: 1}) == [made_up if member == SECRET else misspelt]
    inside = {"properties": {"Secret": schema}}
    assert told(inside, {"Secret": {member: 1}}, frozenset({"Secret"})) == [
        f"Secret: has a member that does not exist; {hint}"
    ]


@pytest.mark.parametrize(
    ("names", "meant"),
    [
        (("domain", "Domain", "domain_name", "domain-name", "DOMAIN NAME"), "DomainName"),
        (("trigger", "event_trigger", "trigger_name", "eventTriggerName"), "EventTriggerName"),
        (("segment", "segment_filter", "Filter"), "SegmentFilter"),
        (("conditions", "EventTriggerCondition"), "EventTriggerConditions"),
        (("limits",), "EventTriggerLimits"),
        (("object_type", "ObjectType"), "ObjectTypeName"),
        (("domainmap",), "domain_map"),
        (("basedOn",), "based_on"),
        (("targets",), "target"),
    ],
)
def test_what_is_meant_by_names_that_are_nearly_known(names: tuple[str, ...], meant: str) -> None:
    known: dict[str, Any] = {each: {} for each in MODEL.schema["properties"]}
    schema = {"properties": known, "additionalProperties": False}
    for name in names:
        assert told(schema, {name: 1})[0].endswith(f"did you mean {meant}?"), name


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
