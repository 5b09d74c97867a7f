"""What is known of omitted members, and that one update at a time finds it out."""

import anyio
import pytest
import structlog
from structlog.testing import capture_logs

from batcher.engine.omitted_members import OmittedMembers
from batcher.logs import logger
from batcher.testing import in_virtual_time
from batcher.testing import update as make_update
from batcher.triggers.omission import Effect, Whole

RISK = frozenset({"SegmentFilter"})
ONE = make_update(1)


def members(whole: Whole = "auto", known: dict[str, Effect] | None = None) -> OmittedMembers:
    return OmittedMembers(whole, log=logger(), recall=lambda: known or {})


async def most_at_once(omitted: OmittedMembers, learns: dict[str, Effect]) -> int:
    """How many of five updates were under way at once; each learns when it is answered."""
    under_way, most = 0, 0

    async def send() -> None:
        nonlocal under_way, most
        async with omitted.turn(RISK):
            under_way += 1
            most = max(most, under_way)
            await anyio.sleep(1)
            omitted.learn(learns, ONE)
            under_way -= 1

    async with anyio.create_task_group() as tasks:
        for _ in range(5):
            tasks.start_soon(send)
    return most


@pytest.mark.parametrize(
    ("whole", "known", "learns", "most"),
    [
        ("auto", {}, {}, 1),  # none of them told
        ("auto", {}, {"SegmentFilter": "kept"}, 4),  # the first one told
        ("auto", {}, {"SegmentFilter": "cleared"}, 4),
        ("auto", {}, {"Description": "kept"}, 1),  # of another member
        ("auto", {"Description": "kept"}, {}, 1),
        ("auto", {"SegmentFilter": "kept"}, {}, 5),
        ("auto", {"Description": "cleared"}, {}, 5),
        ("always", {}, {}, 5),
        ("never", {}, {}, 5),
    ],
)
def test_while_it_is_not_known_one_update_at_a_time_puts_a_member_at_risk(
    whole: Whole, known: dict[str, Effect], learns: dict[str, Effect], most: int
) -> None:
    async def scenario() -> int:
        return await most_at_once(members(whole, known), learns)

    assert in_virtual_time(scenario()) == most


def test_a_turn_that_is_given_back_is_the_next_ones() -> None:
    async def scenario() -> bool:
        omitted = members()
        async with omitted.turn(RISK) as first:
            first.give_back()
            async with omitted.turn(RISK):
                return True

    assert in_virtual_time(scenario())


def test_what_another_process_has_found_out_meanwhile_ends_the_probing() -> None:
    known: dict[str, Effect] = {}
    omitted = OmittedMembers("auto", log=logger(), recall=lambda: known)
    known["SegmentFilter"] = "cleared"
    assert not omitted.sends_whole

    async def scenario() -> bool:
        async with omitted.turn(RISK):
            return omitted.sends_whole

    assert in_virtual_time(scenario())


@pytest.mark.parametrize(
    ("whole", "known", "sends_whole"),
    [
        ("auto", {}, False),
        ("auto", {"SegmentFilter": "kept", "Description": "kept"}, False),
        ("auto", {"SegmentFilter": "kept", "Description": "cleared"}, True),
        ("never", {"SegmentFilter": "cleared"}, False),
        ("always", {"SegmentFilter": "kept"}, True),
    ],
)
def test_one_member_that_is_cleared_has_all_sent_whole(
    whole: Whole, known: dict[str, Effect], sends_whole: bool
) -> None:
    assert members(whole, known).sends_whole is sends_whole


def test_what_is_news_is_told_once_and_what_contradicts_it_replaces_it() -> None:
    told: list[dict[str, Effect]] = []
    kept: dict[str, Effect] = {"SegmentFilter": "kept"}
    with capture_logs() as logged:
        omitted = OmittedMembers(
            "auto",
            log=structlog.get_logger(),
            recall=lambda: kept,
            on_learned=lambda each: told.append(dict(each)),
        )
        omitted.learn(kept, ONE)
        omitted.learn(kept, ONE)
        assert (told, logged) == ([kept], []), "it is still so, which makes it younger"
        assert omitted.confirmed == {"SegmentFilter"}
        omitted.learn({"SegmentFilter": "cleared"}, ONE)
    assert told[1:] == [{"SegmentFilter": "cleared"}]
    (event,) = logged
    assert (event["event"], event["cleared"]) == ("omitted_members.learned", ["SegmentFilter"])
    assert event["sends"] == "whole triggers"
    assert omitted.effects == {"SegmentFilter": "cleared"}
    assert omitted.confirmed == set()
    omitted.learn({"SegmentFilter": "cleared"}, ONE)
    assert len(told) == 2, "once in a session"
