"""What other tools write comes out as we write it, or is refused with the place and a hint."""

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from batcher.updates.foreign_definition import (
    GIVEN_TWICE,
    LISTED,
    NO_DOMAIN,
    Alteration,
    ForeignDefinition,
    UnknownValue,
    translated,
)
from tests.updates.foreign_words import TRIGGER, camel, skeleton, snake, spelled, without_ours
from tests.updates.samples import MODEL, SECRET, valid_lines

ANSWERED = {"CreatedAt": "2026-03-04T05:06:07+00:00", "LastUpdatedAt": 5.5, "Tags": {"a": "b"}}


def changes(found: ForeignDefinition) -> dict[Alteration, set[str]]:
    kinds = {note.alteration for note in found.notes}
    return {kind: {note.name for note in found.notes if note.alteration is kind} for kind in kinds}


def told(value: dict[str, Any], **given: Any) -> list[str]:
    return list(map(str, translated(value, MODEL, **given).violations))


@settings(max_examples=15)
@given(valid_lines(), st.sampled_from([camel, snake, str]))
def test_names_in_the_letters_of_any_tool_say_what_ours_say(
    line: dict[str, Any], spelling: Callable[[str], str]
) -> None:
    found = translated(spelled(line, spelling), MODEL)
    assert (found.definition, found.violations) == (line, [])
    assert (Alteration.RENAMED in changes(found)) == (spelling is not str)


@settings(max_examples=15)
@given(valid_lines())
def test_an_answer_of_the_api_is_the_definition_that_it_shows(line: dict[str, Any]) -> None:
    line = without_ours(line) | {"EventTriggerConditions": TRIGGER["EventTriggerConditions"]}
    domain = line.pop("DomainName")
    answer = line | ANSWERED | {"ResponseMetadata": {"RequestId": SECRET}}
    found = translated(answer, MODEL, domain=domain)
    assert found.definition == {"DomainName": domain} | line
    assert changes(found)[Alteration.ANSWERED] == {*ANSWERED, "ResponseMetadata"}
    assert told(answer) == [f"DomainName: {NO_DOMAIN}"]


@settings(max_examples=15)
@given(st.sets(st.sampled_from(sorted(TRIGGER))))
def test_of_a_skeleton_is_taken_what_was_filled_in_and_no_more(names: set[str]) -> None:
    filled = {name: TRIGGER[name] for name in (*names, "DomainName", "EventTriggerName")}
    found = translated(skeleton() | filled, MODEL)
    assert (found.definition, found.violations) == (filled, [])
    assert changes(found).get(Alteration.UNSET, set()) == skeleton().keys() - filled.keys()


def test_a_skeleton_that_is_filled_in_by_half_is_no_definition() -> None:
    given = skeleton() | {"DomainName": "shop", "EventTriggerName": "t"}
    attribute = given["EventTriggerConditions"][0]["EventTriggerDimensions"][0]
    attribute["ObjectAttributes"][0]["FieldName"] = "Drop"
    (only,) = told(given)
    assert only.endswith("ObjectAttributes[0].Values: missing; it is required")
    assert "EventTriggerName: missing; it is required" in told(skeleton())


def test_a_limit_of_nothing_is_kept_where_it_was_meant() -> None:
    limits = {"EventExpiration": 0}
    line = {"DomainName": "shop", "EventTriggerName": "t", "EventTriggerLimits": limits}
    assert translated(line, MODEL).definition == line


def test_an_entry_of_a_list_is_refused_as_it_has_no_conditions() -> None:
    entry = {"EventTriggerName": "t", "ObjectTypeName": "Carts", **ANSWERED}
    assert told(entry, domain="shop") == [LISTED]


def test_two_spellings_of_one_name_are_refused() -> None:
    given = TRIGGER | {"segment_filter": SECRET}
    assert told(given) == [f"SegmentFilter: {GIVEN_TWICE}"]


def test_types_of_other_tools_are_read_as_the_models() -> None:
    given = TRIGGER | {
        "EventTriggerLimits": {
            "EventExpiration": "900000",
            "Periods": [{"Unit": "DAYS", "Value": 7.0, "MaxInvocationsPerProfile": "2"}],
        }
    }
    found = translated(given, MODEL)
    assert (found.definition, found.violations) == (TRIGGER, [])
    assert changes(found)[Alteration.READ_AS] == {
        "EventExpiration",
        "Value",
        "MaxInvocationsPerProfile",
    }


def test_what_is_not_known_is_refused_at_its_place_and_nothing_else_is_blamed() -> None:
    given = TRIGGER | {
        "SegmentFilter": UnknownValue("not yet"),
        "DomainName": UnknownValue("nor this"),
        "Tags": UnknownValue("no matter"),
        "EventTriggerLimits": {"Periods": [{"Unit": UnknownValue("hm"), "Value": 1}]},
    }
    assert told(given) == [
        "DomainName: nor this",
        "SegmentFilter: not yet",
        "EventTriggerLimits.Periods[0].Unit: hm",
    ]


def test_what_is_not_known_under_a_name_that_is_not_known_hurts_nothing() -> None:
    unknown = UnknownValue("hm")
    given = {name: value for name, value in TRIGGER.items() if name != "SegmentFilter"} | {
        "Audience": unknown,
        "Description": {SECRET: unknown},
        "EventTriggerLimits": {"Expiration": unknown, "periods": [{"Units": [unknown]}]},
        "EventTriggerConditions": [{"Dimensions": [{"ObjectAttributes": [unknown]}]}],
    }
    found = told(given)
    assert any(each.endswith("did you mean SegmentFilter?") for each in found)
    assert any(each.endswith("did you mean EventExpiration?") for each in found)


def test_what_is_nested_too_deep_is_refused_before_it_is_looked_at() -> None:
    deep: Any = 1
    for _ in range(900):
        deep = [deep]
    assert told(TRIGGER | {"Description": deep}) == ["nested more than 64 levels deep"]


def test_a_placeholder_is_kept_and_told() -> None:
    given = TRIGGER | {"ObjectTypeName": "STRING_VALUE", "SegmentFilter": "segmentFilter"}
    found = translated(given, MODEL)
    assert found.definition == given
    assert changes(found) == {Alteration.PLACEHOLDER: {"ObjectTypeName", "SegmentFilter"}}


@pytest.mark.parametrize(
    ("members", "hint"),
    [
        ({"Audience": SECRET}, "did you mean SegmentFilter?"),
        ({"conditions": [{"op": "ALL"}]}, "did you mean LogicalOperator?"),
        ({"EventTriggerLimits": {"frequency": 5}}, "did you mean Periods?"),
    ],
)
def test_another_name_is_no_guess_but_a_fault_with_a_hint(
    members: dict[str, Any], hint: str
) -> None:
    found = told({"DomainName": "shop", "EventTriggerName": "t", **members})
    assert any(each.endswith(hint) for each in found)
    assert SECRET not in "".join(found)


NAMES = [*TRIGGER, "periods", "Unit", "Dimensions", "Expiration", "zq", "", "id", "Tags"]
ANYTHING = st.recursive(
    st.sampled_from([None, "", SECRET, 0, 1.5, 10**30, True, "DAYS", UnknownValue("hm")]),
    lambda inner: (
        st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from(NAMES), inner, max_size=3)
    ),
    max_leaves=8,
)


@settings(max_examples=60)
@given(st.dictionaries(st.sampled_from(NAMES), ANYTHING, max_size=4))
def test_whatever_another_tool_wrote_is_a_definition_or_has_violations(value: Any) -> None:
    found = translated(TRIGGER | value, MODEL)
    assert found.violations or MODEL.accepts(found.definition)
    assert SECRET not in "".join([*map(str, found.violations), *(n.name for n in found.notes)])
