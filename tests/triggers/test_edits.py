"""What is wished for a trigger: made in order, not twice, or not at all and with a reason."""

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from batcher.errors import InputError
from batcher.triggers.diff import alike
from batcher.triggers.edits import (
    Edit,
    Edited,
    append_edit,
    edited,
    remove_edit,
    replace_edit,
    set_edit,
    unset_edit,
)
from tests.updates.samples import MODEL, SECRET, valid_lines

VALUES = "EventTriggerConditions[].EventTriggerDimensions[].ObjectAttributes[].Values"
PERIODS = "EventTriggerLimits.Periods"

Maker = Callable[[Any, Any], Edit]


def trigger(**more: Any) -> dict[str, Any]:
    attribute = {"Source": "total", "ComparisonOperator": "CONTAINS", "Values": ["a", "b"]}
    dimension = {"ObjectAttributes": [attribute]}
    return {
        "DomainName": "acme",
        "EventTriggerName": "cart",
        "EventTriggerConditions": [
            {"EventTriggerDimensions": [dimension], "LogicalOperator": "ALL"}
        ],
        "EventTriggerLimits": {"EventExpiration": 5, "Periods": [{"Unit": "DAYS", "Value": 1}]},
    } | more


def after(*wishes: tuple[Maker, Any], before: dict[str, Any] | None = None) -> Edited:
    edits = [make(wish, MODEL.schema) for make, wish in wishes]
    return edited(before or trigger(), edits)


def values(found: Edited) -> Any:
    conditions: Any = found.after["EventTriggerConditions"]
    return conditions[0]["EventTriggerDimensions"][0]["ObjectAttributes"][0]["Values"]


@given(valid_lines(), st.sampled_from([
    (set_edit, "SegmentFilter=vip"),
    (set_edit, "EventTriggerLimits.EventExpiration=5"),
    (set_edit, f"{PERIODS}[].Value=3"),
    (set_edit, 'EventTriggerLimits={"EventExpiration":5}'),
    (append_edit, f"{VALUES}=x"),
    (append_edit, f'{PERIODS}={{"Unit":"DAYS","Value":1}}'),
    (remove_edit, f"{VALUES}=x"),
    (unset_edit, f"{PERIODS}[].Unlimited"),
    (replace_edit, (VALUES, "x", "y")),
]))  # fmt: skip # a row each
def test_an_edit_made_twice_is_made_once(line: dict[str, Any], wish: tuple[Maker, Any]) -> None:
    edit = wish[0](wish[1], MODEL.schema)
    once = edited(line, [edit])
    assert edited(once.after, [edit]).after == once.after
    assert edited(line, [edit, edit]).after == once.after


@settings(max_examples=30)
@given(valid_lines())
def test_what_was_set_and_is_unset_is_as_before(line: dict[str, Any]) -> None:
    line.pop("EventTriggerLimits", None)
    line["EventTriggerLimits"] = {"Periods": [{"Unit": "DAYS", "Value": 1}]}
    path = "EventTriggerLimits.EventExpiration"
    assert after((set_edit, f"{path}=9"), (unset_edit, path), before=line).after == line


def test_edits_are_made_in_their_order() -> None:
    replaced = (replace_edit, (f"{VALUES}[]", "a", "c"))
    added = (append_edit, f"{VALUES}=a")
    assert values(after(replaced, added)) == ["c", "b", "a"]
    assert values(after(added, replaced)) == ["c", "b"]
    assert values(after((replace_edit, (VALUES, "b", "d")), (remove_edit, f"{VALUES}=a"))) == ["d"]
    assert values(after((set_edit, f'{VALUES}=["x"]'), (append_edit, f"{VALUES}=24"))) == [
        "x",
        "24",
    ]


def test_an_entry_is_found_whatever_the_order_in_it() -> None:
    same = '{"Value":1,"Unlimited":false,"Unit":"DAYS"}'
    assert after((append_edit, f"{PERIODS}={same}")).after == trigger()
    gone = after((remove_edit, f"{PERIODS}={same}"))
    assert gone.after["EventTriggerLimits"] == {"EventExpiration": 5}  # no list is left empty


def test_what_finds_nothing_is_told_and_what_no_update_can_do_changes_nothing() -> None:
    found = after((remove_edit, f"{VALUES}=z"), (unset_edit, f"{PERIODS}[3]"),
                  (replace_edit, ("SegmentFilter", "a", "b")),
                  (set_edit, f"{PERIODS}[].Value=1"))  # fmt: skip # a row each
    assert found.idle == (0, 1, 2)
    cleared = after(
        (set_edit, "SegmentFilter=vip"),
        (unset_edit, "EventTriggerLimits.EventExpiration"),
        (unset_edit, f"{PERIODS}[0]"),
    )
    assert cleared.after == trigger()
    assert cleared.blocked == f"--unset {PERIODS}[0]: nothing would be left; no update can clear it"
    moved = after(
        (unset_edit, PERIODS),
        (unset_edit, "EventTriggerLimits.EventExpiration"),
        (set_edit, "EventTriggerLimits.EventExpiration=9"),
    )
    assert moved.after["EventTriggerLimits"] == {"EventExpiration": 9}
    off = after((set_edit, "EventTriggerLimits={}"))
    assert off.blocked == "--set EventTriggerLimits: nothing would be left; no update can clear it"
    beyond = after((set_edit, f"{PERIODS}[2].Value=3"))
    assert beyond.blocked == f"--set {PERIODS}[2].Value: its list has not so many entries"
    none = {"DomainName": "acme", "EventTriggerName": "t"}
    assert after((set_edit, f"{PERIODS}[].Value=3"), before=none).idle
    made = after((append_edit, f'{PERIODS}={{"Unit":"DAYS","Value":1}}'), before=none).after
    assert made["EventTriggerLimits"] == {"Periods": [{"Unit": "DAYS", "Value": 1}]}


@pytest.mark.parametrize(
    ("make", "wish", "why"),
    [
        (set_edit, "SegmentFilter", "write it as PATH=JSON"),
        (set_edit, "SegmentFiltr=a", "did you mean SegmentFilter?"),
        (set_edit, "EventTriggerName=a", "says which trigger is meant"),
        (set_edit, "target=eu", "how its update is sent; give each line one with jq"),
        (set_edit, "priority=3", "how its update is sent; run, plan and retry have flags"),
        (set_edit, "SegmentFilter=null", "no update can clear"),
        (set_edit, "SegmentFilter=", "is empty; no update can clear it"),
        (append_edit, f'{VALUES}=""', "is empty"),
        (set_edit, f"{PERIODS}[].Value={SECRET}", "has to be an integer"),
        (set_edit, f"EventTriggerConditions={SECRET}", "not JSON"),
        (unset_edit, "Description", "no update can clear it"),
        (unset_edit, "EventTriggerName", "says which trigger is meant"),
        (append_edit, "SegmentFilter=a", "is no list; use --set"),
        (append_edit, f"{VALUES}[]=a", "write the path without [] at its end"),
        (replace_edit, (f"{PERIODS}[].Value", "1", SECRET), "has to be an integer"),
    ],
)
def test_a_wish_that_can_not_be_meant_is_refused(make: Maker, wish: Any, why: str) -> None:
    with pytest.raises(InputError) as error:
        make(wish, MODEL.schema)
    assert why in str(error.value)
    assert SECRET not in str(error.value)


def test_alike_is_what_counts_as_the_same() -> None:
    assert alike({"Values": ["a", "b"], "x": None}, {"Values": ["b", "a"]})
    assert not alike("a", "b")
