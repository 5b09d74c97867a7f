"""What an update would change, as lines: marks, what is hidden, and nothing for the terminal."""

from collections.abc import Mapping
from typing import Any

import pytest

from batcher.cli.output.diff import diff_lines
from batcher.jobs.target_planner import PlannedUpdate
from batcher.records import Error, Update
from batcher.triggers.forecast import TriggerForecast
from batcher.triggers.masking import HIDDEN, masked
from tests.updates.samples import MODEL

NAMES = {"DomainName": "acme", "EventTriggerName": "t1"}


def update(line: int = 1, **members: Any) -> Update:
    return Update(id="x", line=line, target="eu", request={**NAMES, **members})


def lines_of(
    current: Mapping[str, Any], *updates: Update, hide: frozenset[str] = frozenset()
) -> list[str]:
    """The lines of the last of those updates."""
    forecast = TriggerForecast({**NAMES, **current}, MODEL.writable)
    for each in updates:
        step = forecast.step(each)
    planned = PlannedUpdate(update=updates[-1], effect="changed", step=step)
    found = masked(step.changes, hide)
    return [line.plain for line in diff_lines(planned, found, target=False)][1:]


@pytest.mark.parametrize(
    ("current", "wanted", "shown"),
    [
        ({"SegmentFilter": "a"}, {"SegmentFilter": "b"}, ['    ~ SegmentFilter: "a" → "b"']),
        (
            {},
            {"SegmentFilter": "b"},
            ['    + SegmentFilter: "b"  (not there today: an update can\'t take it away again)'],
        ),
        (
            {"EventTriggerLimits": {"EventExpiration": 1, "Periods": [{"Unit": "DAYS"}]}},
            {"EventTriggerLimits": {"EventExpiration": 2}},
            [
                "    ~ EventTriggerLimits.EventExpiration: 1 → 2",
                '    - EventTriggerLimits.Periods: [{"Unit": "DAYS"}]',
            ],
        ),
        (
            {"EventTriggerLimits": {"Periods": [{"Unit": "DAYS"}, {"Unit": "HOURS"}]}},
            {
                "EventTriggerLimits": {
                    "Periods": [{"Unit": "HOURS"}, {"Unit": "WEEKS"}, {"Unit": "X"}]
                }
            },
            [
                "    ~ EventTriggerLimits.Periods",
                '        - {"Unit": "DAYS"}',
                '        + {"Unit": "WEEKS"}',
                '        + {"Unit": "X"}',
            ],
        ),
    ],
)
def test_what_comes_goes_and_changes_has_a_mark_of_its_own(
    current: dict[str, Any], wanted: dict[str, Any], shown: list[str]
) -> None:
    assert lines_of(current, update(**wanted)) == shown


def test_two_lines_at_odds_are_told_at_the_later_one() -> None:
    shown = lines_of({}, update(1, SegmentFilter="a"), update(7, SegmentFilter="b"))
    assert shown == [
        '    ~ SegmentFilter: "a" → "b"',
        "    ! SegmentFilter: line 1 sets another value; this one is sent later",
    ]


def test_what_is_hidden_is_not_shown() -> None:
    hide = frozenset({"Description"})
    shown = lines_of({"Description": "secret"}, update(Description="hush"), hide=hide)
    assert shown == [f"    ~ Description: {HIDDEN}"]


def test_what_a_terminal_would_take_for_a_command_is_an_escape() -> None:
    (line,) = lines_of({"SegmentFilter": "a"}, update(SegmentFilter="\x1b[31mred\u202e"))
    assert line == '    ~ SegmentFilter: "a" → "\\u001b[31mred\\u202e"'


@pytest.mark.parametrize(
    ("message", "target", "shown"),
    [
        ("gone\x1b", True, "line 3 acme/t1 (id x, target eu) missing: Code: gone\\u001b"),
        ("", False, "line 3 acme/t1 (id x) missing: Code"),
    ],
)
def test_what_can_not_be_compared_is_told_with_its_reason(
    message: str, target: bool, shown: str
) -> None:
    asked = update(3)
    step = TriggerForecast(None, MODEL.writable).step(asked)
    error = Error(code="Code", message=message)
    planned = PlannedUpdate(update=asked, effect="missing", step=step, error=error)
    assert [line.plain for line in diff_lines(planned, [], target=target)] == [shown]
