"""A trigger through the updates of a file: each builds on what the ones before have made."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from batcher.operations import TRIGGER_NAMES
from batcher.records import BasedOn
from batcher.triggers.diff import Change, changes, digest, image, same
from batcher.triggers.forecast import Conflict, TriggerForecast
from tests.triggers.samples import answered, requests, update_of
from tests.updates.samples import MODEL

WRITABLE = MODEL.writable


def test_updates_of_one_trigger_build_on_each_other_and_conflicts_name_the_latest_line() -> None:
    bases = []

    def step(line: int, **members: Any) -> tuple[list[Change], list[str], list[Conflict]]:
        request = {"DomainName": "acme", "EventTriggerName": "t", **members}
        found = trigger.step(update_of(request, line))
        bases.append(found.based_on)
        return found.changes, found.irreversible, found.conflicts

    trigger = TriggerForecast({"ObjectTypeName": "Orders", "LastUpdatedAt": 5.5}, WRITABLE)
    assert step(1, SegmentFilter="a") == (
        [Change(path="SegmentFilter", after="a")],
        ["SegmentFilter"],
        [],
    )
    assert step(2, SegmentFilter="a") == ([], [], [])
    assert step(4, SegmentFilter="b", ObjectTypeName="Orders") == (
        [Change(path="SegmentFilter", before="a", after="b")],
        [],
        [Conflict(member="SegmentFilter", earlier=2)],
    )
    after = BasedOn(sha256=digest({"ObjectTypeName": "Orders", "SegmentFilter": "a"}, WRITABLE))
    assert bases == [
        BasedOn(sha256=digest({"ObjectTypeName": "Orders"}, WRITABLE), last_updated_at=5.5),
        after,
        after,
    ]
    trigger = TriggerForecast(None, WRITABLE)
    assert step(1, SegmentFilter="a") == ([], [], [])
    assert step(2, SegmentFilter="b") == ([], [], [Conflict(member="SegmentFilter", earlier=1)])


@settings(max_examples=50)
@given(requests(), st.lists(requests(), max_size=4))
def test_each_step_is_the_difference_to_what_the_steps_before_have_made(
    current: dict[str, Any], wanted: list[dict[str, Any]]
) -> None:
    forecast, state = (
        TriggerForecast(answered(current), WRITABLE),
        image(answered(current), WRITABLE),
    )
    for line, request in enumerate(wanted, 1):
        step = forecast.step(update_of(request, line))
        assert (step.there, step.creates) == (True, False)
        assert step.changes == changes(request, state)
        assert step.based_on is not None
        assert step.based_on.sha256 == digest(state, WRITABLE)
        state |= {name: value for name, value in request.items() if name not in TRIGGER_NAMES}
        assert same(request, state)


CREATING = {"ObjectTypeName": "Orders", "EventTriggerConditions": [{"LogicalOperator": "ALL"}]}


@pytest.mark.parametrize(
    ("create_missing", "lines", "creates"),
    [
        (False, [CREATING], [False]),
        (True, [{"ObjectTypeName": "Orders"}, CREATING, CREATING], [False, True, False]),
    ],
)
def test_the_first_line_that_has_all_it_takes_creates_a_trigger_that_is_not_there(
    create_missing: bool, lines: list[dict[str, Any]], creates: list[bool]
) -> None:
    forecast = TriggerForecast(None, WRITABLE, create_missing=create_missing)
    steps = [forecast.step(update_of(line, number)) for number, line in enumerate(lines, 1)]
    assert [step.creates for step in steps] == creates
    assert [bool(step.changes) for step in steps] == creates
    assert steps[0].based_on is None
    # what nothing was there for before can't be said to be irreversible: the trigger can be deleted
    assert [step.irreversible for step in steps] == [[] for _ in steps]
