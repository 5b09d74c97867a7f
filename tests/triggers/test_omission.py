"""What an update leaves out: what is at risk, and what an answer shows to have become of it."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from batcher.operations import NEEDED_TO_CREATE, TRIGGER_NAMES
from batcher.triggers.diff import is_off, same
from batcher.triggers.omission import at_risk, cleared_only, effects, is_whole
from tests.triggers.samples import requests

LIVE = {
    "EventTriggerName": "t1",
    "ObjectTypeName": "Orders",
    "EventTriggerConditions": [{"LogicalOperator": "ALL"}],
    "SegmentFilter": "vip",
    "EventTriggerLimits": {"EventExpiration": 5},
}
ASKED = {"DomainName": "acme", "EventTriggerName": "t1", "Description": "new"}


def without(*names: str) -> dict[str, Any]:
    return {name: value for name, value in (LIVE | ASKED).items() if name not in names}


@given(requests(), requests(), st.data())
def test_what_an_answer_shows_of_each_member_is_what_was_done_to_it(
    request: dict[str, Any], before: dict[str, Any], data: st.DataObject
) -> None:
    risk = at_risk(request, before)
    assert not risk & {*request, *TRIGGER_NAMES, *NEEDED_TO_CREATE}
    gone = data.draw(st.sets(st.sampled_from(sorted(risk)))) if risk else set()
    after = {name: value for name, value in before.items() if name not in gone} | request
    found = effects(request, before, after)
    assert found == {name: "cleared" if name in gone else "kept" for name in risk}
    put_back = cleared_only(request, before, after)
    assert put_back.keys() == gone
    assert all(same({name: before[name]}, after | put_back) for name in risk)
    assert not any(is_off(value) for value in put_back.values())


@pytest.mark.parametrize(
    ("after", "put_back"),
    [
        (without("SegmentFilter"), {"SegmentFilter"}),
        (without("SegmentFilter", "EventTriggerLimits"), {"SegmentFilter", "EventTriggerLimits"}),
        (without("SegmentFilter") | {"EventTriggerLimits": {"EventExpiration": 6}}, set()),
        (without("SegmentFilter", "ObjectTypeName"), set()),
        (without("SegmentFilter") | {"Description": "tidied"}, {"SegmentFilter"}),
        (LIVE | ASKED, set()),
    ],
)
def test_only_what_omitting_it_has_cleared_is_put_back(
    after: dict[str, Any], put_back: set[str]
) -> None:
    assert cleared_only(ASKED, LIVE, after).keys() == put_back


@pytest.mark.parametrize(
    ("before", "answer", "whole"),
    [
        (LIVE, LIVE | ASKED, True),
        (LIVE, without("SegmentFilter", "Description"), True),  # so these are gone
        (LIVE, {"EventTriggerName": "t1"}, False),
        (LIVE, without("ObjectTypeName"), False),
        (LIVE, without("EventTriggerConditions"), False),
        ({"SegmentFilter": "vip"}, ASKED, True),  # it never had what all have
        (None, {"EventTriggerName": "t1"}, False),
        (None, LIVE, True),
    ],
)
def test_an_answer_is_whole_when_it_has_what_every_trigger_has(
    before: dict[str, Any] | None, answer: dict[str, Any], whole: bool
) -> None:
    assert is_whole(ASKED, before, answer) is whole
