"""A live trigger held against an update: as asked, never done, changed since, or more than that."""

from typing import Any

import pytest

from batcher.engine.live_comparison import LiveComparison
from batcher.engine.retrying import RetryPolicy
from batcher.operations import GET_TRIGGER
from batcher.records import Attempt, Status
from batcher.testing import (
    ScriptedCaller,
    in_virtual_time,
    refused,
    update,
)
from batcher.triggers.decision import ChangeOptions
from tests.engine.settlers import make_retrying
from tests.updates.samples import MODEL

SECRET = "SECRET-VALUE-1"
ASKED = {"Description": SECRET, "EventTriggerLimits": {"EventExpiration": 7}}
WAS = {"ObjectTypeName": "Orders", "SegmentFilter": "vip", "Description": "old"}
MADE = {**WAS, **ASKED}


def looked(answer: Attempt, **options: Any) -> tuple[Status, str | None, str]:
    """What comes of update 1 when that is the answer: its status, code and message."""
    caller = ScriptedCaller(lambda call: answer)
    reading = make_retrying(GET_TRIGGER, caller, policy=RetryPolicy(max_attempts=1))
    settler = LiveComparison(
        options.get("set_later", {}),
        options.get("images", {}),
        options.get("more", frozenset()),
        reading,
        ChangeOptions(writable=MODEL.writable, complete=options.get("complete", False)),
    )
    result = in_virtual_time(settler.settle(update(1, **ASKED)))
    assert result is not None
    if (error := result.error) is None:
        return result.status, None, ""
    assert SECRET not in (error.message or "")
    return result.status, error.code, error.message or ""


def shows(members: dict[str, Any]) -> Attempt:
    return Attempt(reached="answered", seconds=0.0, answer={"CreatedAt": 1.0, **members})


IMAGE = {"images": {1: WAS}}
MORE = {**IMAGE, "more": frozenset({1})}


@pytest.mark.parametrize(
    ("live", "options", "status", "code", "part"),
    [
        (MADE, {}, "succeeded", None, ""),
        (WAS, {}, "failed", "NotAsAsked", "Description, EventTriggerLimits"),
        (WAS, IMAGE, "failed", "NotAsAsked", "Description, EventTriggerLimits"),
        (MADE | {"Description": "x"}, {}, "failed", "NotAsAsked", "differs in Description"),
        (MADE | {"Description": "x"}, IMAGE, "succeeded", "ChangedSince", "it was applied"),
        (WAS | {"Description": "x"}, IMAGE, "in_doubt", "ChangedSince", "can't be told"),
        (MADE | {"Description": "x"}, {"set_later": {1: {"Description"}}}, "succeeded", None, ""),
        (MADE | {"SegmentFilter": None}, IMAGE, "succeeded", "MoreThanAsked", "with it or since"),
        (MADE | {"SegmentFilter": None}, {**IMAGE, "complete": True}, "succeeded", "Partial", ""),
        (MADE | {"SegmentFilter": None}, MORE, "succeeded", "MoreThanAsked", "SegmentFilter went"),
        (MADE, MORE, "succeeded", None, ""),
        (
            WAS | {"SegmentFilter": None},
            MORE,
            "failed",
            "MoreThanAsked",
            "EventTriggerLimits; what",
        ),
        (MADE | {"Description": "x"}, MORE, "failed", "NotAsAsked", "differs in Description"),
        (
            MADE | {"SegmentFilter": ""},
            {"complete": True},
            "succeeded",
            "Partial",
            "ObjectTypeName",
        ),
    ],
)
def test_what_the_trigger_shows_tells_what_became_of_the_update(
    live: dict[str, Any], options: dict[str, Any], status: Status, code: str | None, part: str
) -> None:
    found = looked(shows(live), **options)
    assert found[:2] == (status, code)
    assert part in found[2]


def test_a_trigger_that_is_not_there_may_be_another_account_s() -> None:
    *told, message = looked(refused("ResourceNotFoundException", 404))
    assert told == ["failed", "ResourceNotFoundException"]
    assert message == "it is not there, or not yours to see"
