"""Lines: right ones become updates, others become violations, and nothing is ever raised."""

import copy
import json
from datetime import datetime
from typing import Any

import msgspec
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from batcher.records import Update
from batcher.updates.line_reader import LINE_AT_MOST, LineReader
from batcher.updates.violations import Violation
from tests.updates.samples import MODEL, SECRET, broken_lines, full, valid_lines

READER = LineReader(MODEL, "main")
GOOD = b'{"DomainName":"acme","EventTriggerName":"cart"}'
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda below: (
        st.lists(below)
        | st.dictionaries(st.text() | st.sampled_from(sorted(MODEL.constants)), below)
    ),
)


def told(found: object) -> list[str]:
    assert isinstance(found, list)
    return [str(violation) for violation in found]


@given(valid_lines(), st.integers(1, 2**31), st.booleans(), st.sampled_from([b"", b"\n", b"\r\n"]))
def test_a_valid_line_is_an_update_with_exactly_its_members(
    line: dict[str, Any], number: int, escaped: bool, end: bytes
) -> None:
    update = READER.read(json.dumps(line, ensure_ascii=escaped).encode() + end, number)
    assert isinstance(update, Update)
    assert update.line == number
    assert update.id == line.pop("id", str(number))
    assert update.target == line.pop("target", "main")
    for name in ("chain", "lost"):  # of a line of before.jsonl
        line.pop(name, None)
    assert update.domain_map == line.pop("domain_map", None)
    assert update.priority == line.pop("priority", None)
    assert update.urgency == (update.priority or 0)
    base = line.pop("based_on", None)
    assert (update.based_on and msgspec.to_builtins(update.based_on)) == base
    assert update.request == line


@given(valid_lines(), st.integers(1, 2**31))
def test_a_mapping_is_read_as_its_line_is_and_stays_as_it_was(
    line: dict[str, Any], number: int
) -> None:
    before = copy.deepcopy(line)
    update = READER.from_mapping(line, number)
    assert update == READER.read(json.dumps(line).encode(), number)
    assert line == before
    assert isinstance(update, Update)
    update.request.clear()
    assert line == before


@settings(max_examples=20)
@given(valid_lines())
@example(full())
def test_a_line_and_a_mapping_have_the_same_violations(line: dict[str, Any]) -> None:
    for broken in broken_lines(line):
        violations = READER.read(json.dumps(broken.line).encode(), 1)
        assert violations == READER.from_mapping(broken.line, 1)
        assert isinstance(violations, list)
        assert {violation.path for violation in violations} == {broken.path}


@given(st.binary() | JSON.map(lambda value: json.dumps(value).encode()))
def test_whatever_the_bytes_there_is_an_answer(raw: bytes) -> None:
    found = READER.read(raw, 1)
    assert (
        found is None
        or isinstance(found, Update)
        or (found and all(isinstance(violation, Violation) for violation in found))
    )
    assert (found is None) == (not raw.strip())


@settings(max_examples=50)
@given(st.data())
def test_a_line_with_some_bytes_changed_is_refused_or_still_an_update(data: st.DataObject) -> None:
    raw = bytearray(json.dumps(data.draw(valid_lines())).encode())
    for at in data.draw(st.lists(st.integers(0, len(raw) - 1), max_size=3)):
        raw[at] = data.draw(st.integers(0, 255))
    assert READER.read(bytes(raw), 1) is not None


@given(
    JSON
    | st.dictionaries(st.text() | st.integers() | st.none(), st.binary() | st.datetimes() | JSON)
)
def test_whatever_the_mapping_there_is_an_answer(value: Any) -> None:
    found = READER.from_mapping(value, 1)
    assert isinstance(found, Update) or found


@pytest.mark.parametrize(
    ("raw", "says"),
    [
        (b'{"DomainName":"\xff"}', "not UTF-8 at byte 16"),
        (b'{"DomainName" "acme"}', "not JSON: expecting ':' delimiter at character 15"),
        (b'{"DomainName":"acme"', "not JSON: expecting ',' delimiter at character 21"),
        (GOOD + b"x", "not JSON: extra data at character 48"),
        (b'{"DomainName":NaN}', "not JSON: NaN is no JSON number"),
        (b'{"DomainName":-Infinity}', "not JSON: -Infinity is no JSON number"),
        (b'{"DomainName":1e999}', "holds a number that is out of range"),
        (b'{"DomainName":' + b"1" * 5000 + b"}", "holds a number that is out of range"),
        (b'{"DomainName":"\\ud800"}', "holds half of a surrogate pair"),
        (b"[" * 65 + b"]" * 65, "nested more than 64 levels deep"),
        (b'{"a":' * 100_000, "nested more than 64 levels deep"),
        (
            b'"[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[\\"["',
            "has to be an object",
        ),
        (b"[]", "has to be an object"),
        (b"null", "has to be an object"),
        (b" " * LINE_AT_MOST + b"{", "longer than 1,048,576 bytes"),
        (
            GOOD[:-1] + b',"DomainName":"other"}',
            "DomainName: a member is given twice in one object",
        ),
        (
            GOOD[:-1] + b',"DomainName":"\\u003a"}',
            "DomainName: a member is given twice in one object",
        ),
    ],
)
def test_what_is_no_json_object_is_told_with_its_place(raw: bytes, says: str) -> None:
    assert told(READER.read(raw, 1))[0].startswith(says)


def test_a_member_given_twice_is_not_named_when_its_name_may_be_a_secret() -> None:
    raw = GOOD[:-1] + b',"EventTriggerConditions":[{"hush-hush":1,"hush-hush":2}]}'
    assert told(READER.read(raw, 1)) == ["a member is given twice in one object"]


def test_colons_in_values_are_no_members() -> None:
    assert isinstance(READER.read(GOOD[:-1] + b',"Description":"a:b\\":\\u003a"}', 1), Update)


def test_a_blank_line_is_none() -> None:
    assert [READER.read(raw, 1) for raw in (b"", b"\n", b" \t\r\n")] == [None, None, None]


def test_a_target_that_is_not_known_is_told_with_those_that_are() -> None:
    reader = LineReader(MODEL, "main", frozenset({"main", "prod-eu"}))
    assert isinstance(reader.read(GOOD, 1), Update)
    assert isinstance(reader.read(GOOD[:-1] + b',"target":"prod-eu"}', 1), Update)
    unknown = GOOD[:-1] + b',"target":"prod"}'
    assert told(reader.read(unknown, 1)) == ["target: no target prod; there are main, prod-eu"]
    both = told(reader.read(unknown[:-1] + b',"Description":""}', 1))
    assert [text.split(":")[0] for text in both] == ["Description", "target"]


@pytest.mark.parametrize(
    ("value", "says"),
    [
        (
            {"DomainName": datetime(2026, 1, 1)},
            "DomainName: a value of type datetime can't be written as JSON",
        ),
        ({"DomainName": b"acme"}, "DomainName: a value of type bytes can't be written as JSON"),
        ({"DomainName": float("nan")}, "DomainName: not a finite number"),
        ({"DomainName": "\ud800"}, "DomainName: holds half of a surrogate pair"),
        ({"DomainName": 1 << 70}, "DomainName: out of range"),
        ({1: "acme"}, "has a member whose name is not text but int"),
        (
            {"EventTriggerConditions": [{SECRET: b""}]},
            "EventTriggerConditions[0]: a value of type bytes",
        ),
        ("acme", "has to be an object"),
    ],
)
def test_what_json_can_not_say_is_a_violation_of_a_mapping(value: Any, says: str) -> None:
    assert told(READER.from_mapping(value, 1))[0].startswith(says)


def test_a_mapping_that_holds_itself_is_a_violation() -> None:
    value: dict[str, Any] = {"DomainName": "acme"}
    value["EventTriggerLimits"] = value
    assert "EventTriggerLimits: nested more than 64 levels deep" in told(
        READER.from_mapping(value, 1)
    )
