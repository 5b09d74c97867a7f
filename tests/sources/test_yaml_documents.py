"""YAML as CloudFormation reads it: short tags in long form, nothing that has two meanings."""

import json
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from batcher.sources.yaml_documents import TWO_MEANINGS, NotReadError, documents
from batcher.updates.foreign_definition import UnknownValue

TEXTS = st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"]), max_size=20)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=8,
)
SHARP = UnknownValue(TWO_MEANINGS)


def read(text: str) -> Any:
    ((_, value),) = documents(text)
    return value


@settings(max_examples=40)
@given(VALUES, st.sampled_from([True, False, None]))
def test_what_is_written_is_what_is_read(value: Any, flow: bool | None) -> None:
    text = yaml.safe_dump({"a": value}, default_flow_style=flow, allow_unicode=True)
    assert read(text) == {"a": value}
    assert read(json.dumps({"a": value}, ensure_ascii=False)) == {"a": value}


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("!Ref A", {"Ref": "A"}),
        ("!Condition A", {"Condition": "A"}),
        ("!GetAtt A.B", {"Fn::GetAtt": "A.B"}),
        ("!Sub ['${A}', {A: !Ref B}]", {"Fn::Sub": ["${A}", {"A": {"Ref": "B"}}]}),
        ("!Transform {Name: x}", {"Fn::Transform": {"Name": "x"}}),
        ("!Sub 007", {"Fn::Sub": "007"}),
        ("2026-11-01", "2026-11-01"),
        ("12.5", 12.5),
        ("-3", -3),
        ("'yes'", "yes"),
        ("~", None),
        ("", None),
        ("1.2.3", "1.2.3"),
    ],
)
def test_what_has_one_meaning_is_that(text: str, value: Any) -> None:
    assert read(f"a: {text}") == {"a": value}


@pytest.mark.parametrize(
    "text", ["yes", "No", "on", "True", "007", "0x1F", "1_000", "1.50", "12:30:45", ".inf", ".nan"]
)
def test_what_has_two_meanings_is_unknown_and_hurts_nothing_else(text: str) -> None:
    assert read(f"a: {text}\nb: 1") == {"a": SHARP, "b": 1}
    assert read(f"{text}: 1") == {text: 1}


@pytest.mark.parametrize("tag", ["!!binary aGk=", "!!python/object/apply:os.system [x]"])
def test_no_tag_makes_anything_but_plain_values(tag: str) -> None:
    (found,) = read(f"a: {tag}").values()
    assert found == ["x"] or isinstance(found, UnknownValue)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a: 1\na: 2", "line 2: a member is given twice"),
        ("a: &x [1]\nb: *x", "line 2: has an alias"),
        ("a: &x [*x]", "alias"),
        ("a:\n  - [", "line 2"),
        ("? [a]\n: b", "name of a member"),
        ('a: "\\ud800"', "surrogate"),
        ("a: \x07", "character"),
        ("[" * 1000, "nested too deep"),
        ("a: b: hush", "line 1"),
    ],
)
def test_what_cannot_be_read_in_one_way_says_where_and_quotes_nothing(text: str, said: str) -> None:
    with pytest.raises(NotReadError, match=said) as raised:
        read(text)
    assert "hush" not in str(raised.value)


def test_each_document_has_its_line() -> None:
    assert list(documents("a: 1\n---\nb: 2\n")) == [(1, {"a": 1}), (3, {"b": 2})]
    assert list(documents("# nothing\n")) == []
