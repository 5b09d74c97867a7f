"""From definitions and a wish to updates: only what changes, each checked, and all counted."""

from typing import Any

import msgspec
import pytest
from hypothesis import given, settings

from batcher.error_codes import RESOURCE_NOT_FOUND
from batcher.errors import InputError
from batcher.jobs.compose import (
    ComposeListener,
    Composition,
    Wish,
    changed_members,
    compose_updates,
    keys_of,
)
from batcher.jobs.definitions import Definition
from batcher.jobs.trigger_keys import TriggerKey
from batcher.records import Error
from batcher.triggers.diff import same
from batcher.triggers.edits import set_edit, unset_edit
from batcher.updates.filter_expression import FilterExpression
from batcher.updates.line_reader import LineReader
from batcher.updates.member_path import member_path
from batcher.updates.selection import Selection, Selector
from batcher.updates.violations import Violation
from tests.updates.samples import MODEL, valid_lines

NAMES = {"DomainName": "acme", "EventTriggerName": "t1"}
KEY = TriggerKey("default", "acme", "t1")


class Composed:
    """What was made of definitions, and what was told."""

    def __init__(self, *definitions: Definition | dict[str, Any], **wish: Any) -> None:
        self.updates = list[dict[str, Any]]()
        self.told = list[str]()
        self.whole = list[dict[str, Any]]()
        listener = ComposeListener(
            on_update=self.updates.append,
            on_violation=lambda line, found: self.told.append(f"{line}: {found}"),
            on_blocked=lambda line, why: self.told.append(f"{line}: {why}"),
            on_whole=self.whole.append,
        )
        given = [
            each if isinstance(each, Definition) else Definition(line=line, members=each)
            for line, each in enumerate(definitions, 1)
        ]
        wanted = Wish(**wish)
        self.found: Composition = compose_updates(
            given, wanted, LineReader(MODEL, "default"), listener
        )


def setting(*wishes: str) -> Any:
    return tuple(set_edit(wish, MODEL.schema) for wish in wishes)


@settings(max_examples=30)
@given(valid_lines())
def test_without_a_wish_nothing_is_written(line: dict[str, Any]) -> None:
    composed = Composed(line)
    assert composed.updates == []
    assert composed.found.unchanged == 1


@settings(max_examples=30)
@given(valid_lines())
def test_an_update_holds_the_changed_members_whole_and_what_is_wanted(line: dict[str, Any]) -> None:
    wish = setting("SegmentFilter=vip", "EventTriggerLimits.EventExpiration=7")
    composed = Composed(line, edits=wish)
    for update in composed.updates:
        assert MODEL.check(update) == []
        assert not changed_members(update, update)
        state = line | {name: value for name, value in update.items() if name[0].isupper()}
        assert state["SegmentFilter"] == "vip"
        assert state["EventTriggerLimits"]["EventExpiration"] == 7
        assert all(not same(NAMES | {n: update[n]}, line) for n in update if n in (
            "SegmentFilter", "EventTriggerLimits"))  # fmt: skip # what changes only
        assert set(update) <= {*NAMES, "SegmentFilter", "EventTriggerLimits", "id", "target",
                               "priority", "domain_map"}  # fmt: skip # and what says how to send it
        assert Composed(state, edits=wish).updates == []
        assert composed.whole == [state]
    assert len(composed.updates) == composed.found.changed <= 1


def test_all_are_counted_and_those_that_can_not_be_so_are_told() -> None:
    limits = {"EventTriggerLimits": {"EventExpiration": 5}}
    wrong = Definition(line=5, members=NAMES, violations=[Violation(message="wrong")])
    out = Definition(line=6, members=NAMES | {"EventTriggerName": "x"}, violations=wrong.violations)
    composed = Composed(
        NAMES | limits,
        NAMES | {"ObjectTypeName": "Carts"},
        NAMES,
        {"DomainName": "acme", "EventTriggerName": "x"},
        wrong,
        out,
        edits=(unset_edit("EventTriggerLimits.EventExpiration", MODEL.schema),),
        where=FilterExpression("ObjectTypeName != 'Carts'", MODEL.schema),
        selector=Selector(Selection.of(exclude=["x"])),  # type: ignore[arg-type] # it narrows
    )
    found = composed.found
    assert (found.total, found.left_out, found.unmatched) == (6, 2, 1)
    assert (found.changed, found.unchanged, found.blocked, found.invalid) == (0, 1, 1, 1)
    assert found.matched == 2
    assert composed.told[0].startswith("1: --unset EventTriggerLimits.EventExpiration: nothing")
    assert composed.told[1] == "5: wrong"
    assert found.idle == [1]


def test_what_breaks_a_rule_is_refused_with_its_line_and_path() -> None:
    composed = Composed(NAMES, NAMES, edits=setting("EventTriggerLimits.Periods[0].Value=61"))
    assert composed.updates == []
    assert "2: EventTriggerLimits.Periods[0].Value: too large: at most 60" in composed.told
    with pytest.raises(InputError, match="line 1: contains"):
        Composed(NAMES, where=FilterExpression("contains(SegmentFilter, 'a')", MODEL.schema))


def test_against_what_there_is_only_the_difference_is_written() -> None:
    periods = {"Periods": [{"Unit": "DAYS", "Value": 1}]}
    now = NAMES | {"SegmentFilter": "vip", "EventTriggerLimits": {"EventExpiration": 5, **periods}}
    part = member_path("EventTriggerLimits.EventExpiration", MODEL.schema)
    wanted = Definition(
        line=2, members=NAMES | {"id": "r", "SegmentFilter": "vip"}, parts=((part, 6),)
    )
    composed = Composed(wanted, current={KEY: now})
    limits = {"EventExpiration": 6, **periods}
    assert composed.updates == [NAMES | {"id": "r", "EventTriggerLimits": limits}]
    unknown = Composed(wanted, current={})
    assert unknown.updates == [wanted.members | {"EventTriggerLimits": {"EventExpiration": 6}}]
    missing = Error(code=RESOURCE_NOT_FOUND, message="there is no such trigger in x")
    assert Composed(wanted, current={KEY: missing}).told == [
        "2: EventTriggerName: there is no such trigger in x"
    ]
    denied = Error(code="AccessDeniedException", message="not authorized")
    assert Composed(wanted, current={KEY: denied}).told == [
        "2: EventTriggerName: can't be read: AccessDeniedException: not authorized"
    ]
    nowhere = member_path("EventTriggerLimits.Periods[3].Value", MODEL.schema)
    beyond = Definition(line=3, members=NAMES, parts=((nowhere, 6),))
    assert "not so many entries" in Composed(beyond, current={KEY: now}).told[0]
    again = Composed(wanted, msgspec.structs.replace(wanted, line=8), current={}, is_once=True)
    assert "the same trigger as on line 2" in again.told[0]
    twice = Composed(wanted, msgspec.structs.replace(wanted, line=9), current={KEY: now})
    assert twice.told == [
        "9: EventTriggerName: the same trigger as on line 2; with --current each is there once"
    ]
    faulty = Definition(line=4, members={}, violations=[Violation(message="no JSON")])
    assert [*keys_of([wanted, faulty], "default")] == [KEY]


@pytest.mark.parametrize(
    ("current", "partial"),
    [
        ({}, {"EventTriggerLimits"}),
        ({KEY: NAMES | {"EventTriggerLimits": {}}}, set()),
        (None, set()),
    ],
)
def test_members_that_go_whole_with_a_part_given_only_are_named(
    current: dict[TriggerKey, Any] | None, partial: set[str]
) -> None:
    path = member_path("EventTriggerLimits.EventExpiration", MODEL.schema)
    row = Definition(line=2, members=NAMES | {"SegmentFilter": "vip"}, parts=((path, 9),))
    assert Composed(row, current=current).found.partial == partial


def test_an_empty_cell_that_takes_nothing_away_is_counted() -> None:
    paths = [member_path(name, MODEL.schema) for name in ("SegmentFilter", "Description", "id")]
    row = Definition(line=2, members=NAMES, empty=tuple(paths))
    now = NAMES | {"SegmentFilter": "vip", "id": "x"}
    assert Composed(row, current={KEY: now}).found.kept == {"SegmentFilter": 1}
    assert Composed(row, current={}).found.kept == {}
    filled = msgspec.structs.replace(row, members=NAMES | {"SegmentFilter": "gold"})
    assert Composed(filled, current={KEY: now}).found.kept == {}
