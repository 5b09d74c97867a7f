"""What is done about an update: a row for each case, and what holds in all of them."""

from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from batcher.operations import CREATE_TRIGGER, UPDATE_TRIGGER
from batcher.records import BasedOn
from batcher.triggers.decision import (
    ChangeOptions,
    Finish,
    Recreate,
    Send,
    decide,
    reading_first_pays,
)
from batcher.triggers.diff import NOTHING, based_on, digest, same
from batcher.triggers.omission import Effect, Whole
from tests.triggers.samples import SHOWN_AT, answered, requests, update_of
from tests.updates.samples import MODEL

NAMES = {"DomainName": "acme", "EventTriggerName": "cart"}
LIVE = {"ObjectTypeName": "Orders", "SegmentFilter": "old", "LastUpdatedAt": SHOWN_AT}
WANTED = {**NAMES, "SegmentFilter": "new"}
WHOLE = {**WANTED, "ObjectTypeName": "Orders", "EventTriggerConditions": [{}]}
IMAGE = {"ObjectTypeName": "Orders", "SegmentFilter": "old", **NAMES}
PLANNED = based_on(LIVE, MODEL.writable)
OTHER = BasedOn(sha256="0" * 64)
TOUCHED = BasedOn(sha256=digest(LIVE, MODEL.writable), last_updated_at=SHOWN_AT.timestamp() - 60)
SENT = Send(operation=UPDATE_TRIGGER, request=WANTED, image=IMAGE)


WIDE = {**LIVE, "Description": "new member", "Tags": {"a": "b"}, "CreatedAt": 1.0}
WIDE_IMAGE = {**IMAGE, "Description": "new member"}
WIDELY = based_on(WIDE, MODEL.writable)
GONE = BasedOn(sha256=NOTHING)
RECREATES: dict[str, Any] = {"request": WHOLE, "complete": True, "recreate": True}
RECREATED = Recreate(request=WHOLE, image=WIDE_IMAGE, lost={"Tags": {"a": "b"}, "CreatedAt": 1.0})
CREATED = Recreate(request=WHOLE, image=None, lost={"Tags": 1})


def decided(
    current: dict[str, Any] | None,
    request: dict[str, Any] = WANTED,
    *,
    base: BasedOn | None = None,
    kept: bool = False,
    lost: dict[str, Any] | None = None,
    effects: Mapping[str, Effect] | None = None,
    **options: Any,
) -> str | Send | Recreate:
    """What is sent; or the status, and the code of the error if there is one."""
    update = update_of(request, based_on=base)
    match decide(
        update,
        current,
        kept=kept,
        lost=lost,
        effects=effects,
        options=ChangeOptions(writable=MODEL.writable, **options),
    ):
        case Finish(status=status, error=None):
            return status
        case Finish(status=status, error=error):
            assert error is not None
            return f"{status} {error.code}"
        case Send() | Recreate() as action:
            return action


MISSING = "failed ResourceNotFoundException"
CASES: list[tuple[dict[str, Any] | None, dict[str, Any], str | Send | Recreate]] = [
    # there is no such trigger
    (None, {}, MISSING),
    (None, {"create_missing": True}, MISSING),  # the line lacks what it takes
    (None, {"request": WHOLE}, MISSING),
    (
        None,
        {"request": WHOLE, "create_missing": True},
        Send(operation=CREATE_TRIGGER, request=WHOLE, image=None),
    ),
    (None, {"base": PLANNED}, "stale Stale"),
    (None, {"base": PLANNED, "request": WHOLE, "create_missing": True}, "stale Stale"),
    (None, {"base": PLANNED, "force": True}, MISSING),
    # it is as asked already
    ({"SegmentFilter": "new"}, {}, "unchanged"),
    ({"SegmentFilter": "new"}, {"kept": True}, "succeeded"),  # an earlier session did it
    ({"SegmentFilter": "new"}, {"base": OTHER}, "unchanged"),
    # a rollback says all that the trigger was; what is there beyond it may go when it is sent
    ({**LIVE, "SegmentFilter": "new"}, {"complete": True, "kept": True}, "partial Partial"),
    ({**LIVE, "SegmentFilter": "new"}, {"complete": True, "base": OTHER}, "partial Partial"),
    ({"SegmentFilter": "new", "Tags": {"a": "b"}}, {"complete": True, "base": OTHER}, "unchanged"),
    ({"SegmentFilter": "new", "EventTriggerLimits": {}}, {"complete": True}, "unchanged"),
    (
        {**LIVE, "SegmentFilter": "new"},
        {"complete": True, "kept": True, "effects": {"ObjectTypeName": "cleared"}},
        replace(SENT, image={**IMAGE, "SegmentFilter": "new"}),  # what is beyond it goes by that
    ),
    (
        WIDE,
        {**RECREATES, "base": WIDELY, "effects": {"Description": "cleared"}},
        replace(SENT, request=WHOLE, image=WIDE_IMAGE),
    ),
    (LIVE, {"complete": True, "base": OTHER}, "stale Stale"),
    (LIVE, {"complete": True, "base": PLANNED}, SENT),
    # it is what the update was based on, or not
    (LIVE, {"base": PLANNED}, SENT),
    (LIVE, {"base": OTHER}, "stale Stale"),
    (LIVE, {"base": OTHER, "kept": True}, "stale Stale"),
    (LIVE, {"base": OTHER, "force": True}, SENT),
    (LIVE, {"base": TOUCHED}, "stale Stale"),
    (LIVE, {"base": TOUCHED, "force": True}, SENT),
    # the change that AWS's time tells of may be the run's own
    (
        LIVE,
        {"base": TOUCHED, "kept": True},
        SENT,
    ),
    # what no update makes it is deleted and created, where that is wanted and known to be right
    (WIDE, {**RECREATES, "base": WIDELY}, RECREATED),
    (WIDE, {**RECREATES, "base": WIDELY, "kept": True}, RECREATED),
    (WIDE, {**RECREATES, "base": OTHER}, "stale Stale"),
    ({**WIDE, **WHOLE}, {**RECREATES, "base": OTHER}, "partial Partial"),
    (LIVE, {**RECREATES, "base": PLANNED}, replace(SENT, request=WHOLE)),
    (WIDE, {**RECREATES, "request": WANTED, "base": WIDELY}, replace(SENT, image=WIDE_IMAGE)),
    (
        WIDE,
        {**RECREATES, "recreate": False, "base": WIDELY},
        replace(SENT, request=WHOLE, image=WIDE_IMAGE),
    ),
    (None, {**RECREATES, "base": WIDELY}, "stale Stale"),
    (None, {**RECREATES, "base": WIDELY, "kept": True}, "stale Stale"),
    (None, {**RECREATES, "base": WIDELY, "kept": True, "lost": {"Tags": 1}}, CREATED),
    (None, {**RECREATES, "base": GONE}, replace(CREATED, lost={})),
    (None, {"base": GONE, "request": WHOLE}, MISSING),
    (
        None,
        {"base": GONE, "request": WHOLE, "create_missing": True},
        Send(operation=CREATE_TRIGGER, request=WHOLE, image=None),
    ),
    (LIVE, {"base": GONE}, "stale Stale"),
    # what is sent, and what is kept before
    (LIVE, {}, SENT),
    (LIVE, {"kept": True}, SENT),  # somebody may have changed it since the image was kept
    (
        LIVE,
        {"whole": "always"},
        Send(operation=UPDATE_TRIGGER, request={"ObjectTypeName": "Orders", **WANTED}, image=IMAGE),
    ),
]


@pytest.mark.parametrize(("current", "more", "expected"), CASES)
def test_what_is_done(
    current: dict[str, Any] | None, more: dict[str, Any], expected: str | Send | Recreate
) -> None:
    assert decided(current, **more) == expected


@settings(max_examples=50)
@given(requests(), requests(), st.booleans(), st.sampled_from(["always", "never"]), st.booleans())
def test_what_is_sent_makes_it_as_asked_and_its_image_puts_it_back(
    request: dict[str, Any], live: dict[str, Any], kept: bool, whole: Whole, force: bool
) -> None:
    current = answered(live)
    options = ChangeOptions(writable=MODEL.writable, whole=whole, force=force)
    decision = decide(update_of(request), current, kept=kept, options=options)
    assert isinstance(decision, Finish) is same(request, current)
    if isinstance(decision, Send):
        assert same(request, current | decision.request)
        assert decision.image is not None
        assert digest(decision.image, MODEL.writable) == digest(current, MODEL.writable)


def test_looking_first_pays_up_to_one_and_a_half_times_the_time() -> None:
    assert reading_first_pays(read_rate=10, write_rate=15)
    assert not reading_first_pays(read_rate=10, write_rate=15.1)
