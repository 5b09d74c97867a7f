"""A sample of accepted updates is read back: what differs is told, and nothing is failed by it."""

from collections.abc import Callable
from itertools import pairwise
from math import ceil

import anyio
import pytest
from msgspec import UNSET

from batcher.engine.pacing import Pacer
from batcher.engine.read_back import ReadBack
from batcher.engine.retrying import RetryPolicy
from batcher.logs import logger
from batcher.operations import GET_TRIGGER
from batcher.records import Attempt, Result, Status
from batcher.testing import (
    LoopClock,
    OpenLimiter,
    ScriptedCall,
    ScriptedCaller,
    in_virtual_time,
    refused,
    update,
)
from batcher.triggers.diff import digest
from tests.engine.settlers import Settled, make_retrying
from tests.updates.samples import MODEL

SECRET = "SECRET-VALUE-1"
ASKED = {"Description": SECRET, "EventTriggerLimits": {"EventExpiration": 7}}
LIVE = {"EventTriggerName": "t1", "ObjectTypeName": "Orders", **ASKED}
Answer = Callable[[ScriptedCall], Attempt]


def shows(**members: object) -> Answer:
    """A look that finds the trigger so."""
    return lambda call: Attempt(reached="answered", seconds=0.0, answer={**LIVE, **members})


class Accepting(Settled):
    """Says so of every update; by default that it was accepted."""

    def __init__(self, status: Status = "succeeded", attempts: int = 1, digest: str = "") -> None:
        super().__init__(status=status, attempts=attempts, digest=digest or UNSET)


def reading_back(
    answer: Answer,
    *,
    fraction: float = 1.0,
    settler: Accepting | None = None,
    on_interrupted: Callable[[Result], None] | None = None,
    draining: bool = False,
) -> tuple[ReadBack, ScriptedCaller]:
    caller, clock = ScriptedCaller(answer, latency=1.0), LoopClock()
    pacer = Pacer(OpenLimiter(), 4, clock)
    if draining:
        pacer.drain()
    reading = make_retrying(GET_TRIGGER, caller, pacer=pacer, policy=RetryPolicy(max_attempts=2))
    made = ReadBack(
        settler or Accepting(),
        fraction=fraction,
        reading=reading,
        writable=MODEL.writable,
        log=logger(),
        on_interrupted=on_interrupted,
    )
    return made, caller


def settled(made: ReadBack, number: int = 1) -> Result:
    result = in_virtual_time(made.settle(update(number, **ASKED)))
    assert result is not None
    return result


@pytest.mark.parametrize("percent", [100, 50, 33.3, 10, 7, 0.5, 0.01])
def test_the_first_and_so_many_of_all_are_read_back_spread_evenly(percent: float) -> None:
    fraction, count = percent / 100, 400
    made, caller = reading_back(shows(), fraction=fraction)

    async def scenario() -> list[int]:
        results = [await made.settle(update(number, **ASKED)) for number in range(count)]
        return [number for number, each in enumerate(results) if each and each.read_back]

    read = in_virtual_time(scenario())
    assert read[0] == 0
    assert len(read) == len(caller.calls) == ceil(round(count * fraction, 6))
    gaps = [after - before for before, after in pairwise(read)]
    assert all(abs(gap - 1 / fraction) < 1 for gap in gaps)


@pytest.mark.parametrize("settler", [
    Accepting("failed"), Accepting("in_doubt"), Accepting("stale", 0), Accepting("unchanged", 0),
    Accepting("succeeded", 0),
])  # fmt: skip
def test_what_was_not_accepted_now_is_not_read_back(settler: Accepting) -> None:
    made, caller = reading_back(shows(), settler=settler)
    assert settled(made).read_back is UNSET
    assert not caller.calls


@pytest.mark.parametrize(
    ("answer", "path"),
    [
        (shows(Description="another"), "differs in Description"),
        (shows(Description=None), "differs in Description"),
        (
            shows(Description="x", EventTriggerLimits={"EventExpiration": 8}),
            "differs in Description, EventTriggerLimits.EventExpiration",
        ),
        (lambda call: refused("ResourceNotFoundException", 404), "there is no such trigger"),
        (shows(SegmentFilter="vip"), "differs in members that it does not name"),
    ],
    ids=["a value", "a member", "two", "all", "another member"],
)
@pytest.mark.parametrize("status", ["succeeded", "partial"])
def test_what_differs_is_named_and_was_applied_all_the_same(
    answer: Answer, path: str, status: Status
) -> None:
    shown = digest(LIVE, MODEL.writable)
    made, _ = reading_back(answer, settler=Accepting(status, digest=shown))
    result = settled(made)
    assert (result.status, result.read_back) == ("differs", "differs")
    assert result.error is not None
    assert result.error.code == "NotAsAsked"
    assert path in result.error.message
    assert SECRET not in result.error.message
    assert result.digest == shown


def test_order_and_what_aws_adds_of_its_own_are_no_difference() -> None:
    made, _ = reading_back(shows(CreatedAt=1.0, Tags={"a": "b"}))
    assert settled(made).read_back == "as_asked"


@pytest.mark.parametrize("code", ["AccessDeniedException", "InternalServerException", "Redirected"])
def test_what_can_not_be_read_says_nothing_of_the_update(code: str) -> None:
    made, _ = reading_back(lambda call: refused(code, 400))
    result = settled(made)
    assert (result.status, result.error, result.read_back) == ("succeeded", None, "unread")


@pytest.mark.parametrize("ending", ["drained", "cancelled", "without credentials"])
def test_an_applied_update_keeps_its_result_however_reading_ends(ending: str) -> None:
    kept: list[Result] = []
    denied = refused("ExpiredTokenException", 403)
    answer = (lambda call: denied) if ending == "without credentials" else shows()
    made, _ = reading_back(answer, on_interrupted=kept.append, draining=ending == "drained")

    async def scenario() -> Result | None:
        with anyio.move_on_after(0.5 if ending == "cancelled" else None):
            return await made.settle(update(1, **ASKED))
        return None

    ended = in_virtual_time(scenario())
    (result,) = kept if ended is None else [ended]
    assert bool(kept) == (ending == "cancelled")
    assert (result.status, result.error, result.read_back) == ("succeeded", None, "unread")
