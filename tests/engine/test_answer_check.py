"""An answer that shows a member cleared has it put back; one that is a part proves nothing."""

from collections.abc import Mapping
from typing import Any

import anyio
import pytest

from batcher.engine.answer_check import LOOK_OLD_AFTER
from batcher.records import Attempt, Result
from batcher.testing import in_virtual_time, refused
from batcher.triggers.diff import digest
from tests.engine.test_reconciler import Kept, Server, reconciler, settle, wants
from tests.updates.samples import MODEL

LIVE = {
    "EventTriggerName": "t1",
    "ObjectTypeName": "Orders",
    "EventTriggerConditions": [{"LogicalOperator": "ALL"}],
    "Description": "old",
    "SegmentFilter": "vip",
    "EventTriggerLimits": {"EventExpiration": 5},
}
CLEARABLE = ("Description", "SegmentFilter", "EventTriggerLimits")
ASKED = wants(Description="new")
PUT_BACK = ["EventTriggerLimits", "SegmentFilter"]


class Clearing(Server):
    """Clears what an update omits. ``answers``: to updates, in turn, in place of its own.

    ``meanwhile``: done when the first update was answered; ``shows``: what answers show.
    """

    def __init__(
        self,
        *,
        answers: Mapping[int, Attempt] | None = None,
        meanwhile: Mapping[str, Any] | None = None,
        seconds: float = 0.0,
        shows: tuple[str, ...] | None = None,
    ) -> None:
        super().__init__(dict(LIVE))
        self.sent: list[Mapping[str, Any]] = []
        self.answers = answers or {}
        self.meanwhile = meanwhile or {}
        self.seconds = seconds
        self.shows = shows

    async def call(self, operation: str, members: Mapping[str, Any]) -> Attempt:
        if operation != "UpdateEventTrigger":
            return await super().call(operation, members)
        self.sent.append(members)
        if (answer := self.answers.get(len(self.sent))) is not None:
            await anyio.sleep(self.seconds)
            self.live = {**(self.live or {}), **self.meanwhile}
            return answer
        self.live = {
            name: value for name, value in (self.live or {}).items() if name not in CLEARABLE
        }
        answered = await super().call(operation, members)
        shown = {
            name: value
            for name, value in (answered.answer or {}).items()
            if self.shows is None or name in self.shows
        }
        return Attempt(reached="answered", seconds=0.1, answer=shown, request_id="r")


def test_what_was_cleared_is_put_back_at_once_and_the_result_says_so() -> None:
    server = Clearing()
    result, images = settle(server, ASKED, whole="auto")
    assert (result.status, result.restored) == (
        "succeeded",
        ["EventTriggerLimits", "SegmentFilter"],
    )
    assert server.live == {**LIVE, "Description": "new"}
    assert (len(server.sent), result.attempts, len(images.images)) == (2, 2, 1)
    assert result.digest == digest(server.live, MODEL.writable)
    assert result.seconds.calling == pytest.approx(0.3), "the look, the update and the other one"


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (refused("BadRequestException", 400), "and failed (BadRequestException: "),
        (refused("AccessDeniedException", 403), "and failed (AccessDeniedException: "),
    ],
)
def test_what_can_not_be_put_back_stops_the_target(answer: Attempt, said: str) -> None:
    result, _ = settle(Clearing(answers={2: answer}), ASKED, whole="auto")
    assert (result.status, result.error and result.error.code) == ("differs", "MoreThanAsked")
    assert "SegmentFilter went" in str(result.error)
    assert said in str(result.error)


@pytest.mark.parametrize(
    ("meanwhile", "status"), [({}, "succeeded"), ({"SegmentFilter": "a colleague's"}, "differs")]
)
def test_what_somebody_changed_before_it_is_put_back_is_not_overwritten(
    meanwhile: dict[str, Any], status: str
) -> None:
    throttled = refused("ThrottlingException", 429)
    server = Clearing(answers={2: throttled}, meanwhile=meanwhile, seconds=LOOK_OLD_AFTER + 1)
    result, _ = settle(server, ASKED, whole="auto")
    assert (result.status, result.throttles) == (status, 1)
    assert (server.live or {})["SegmentFilter"] == meanwhile.get("SegmentFilter", "vip")
    assert status == "succeeded" or "the trigger was changed since" in str(result.error)


def test_as_given_is_never_put_back() -> None:
    server = Clearing()
    result, _ = settle(server, ASKED, whole="never")
    assert (result.status, len(server.sent)) == ("differs", 1)


def test_whole_sends_clear_nothing() -> None:
    server = Clearing()
    result, _ = settle(server, ASKED, whole="always")
    assert (result.status, len(server.sent)) == ("succeeded", 1)
    assert server.live == {**LIVE, "Description": "new"}


@pytest.mark.parametrize("shows", [("EventTriggerName",), ("EventTriggerName", "Description")])
@pytest.mark.parametrize("clears", [True, False])
def test_of_an_answer_that_is_a_part_one_read_tells(shows: tuple[str, ...], clears: bool) -> None:
    class Keeping(Clearing):
        async def call(self, operation: str, members: Mapping[str, Any]) -> Attempt:
            answered = await super().call(operation, members)
            if not clears and operation == "UpdateEventTrigger":
                self.live = {**LIVE, **(self.live or {})}
            return answered

    server = Keeping(shows=shows)
    result, _ = settle(server, ASKED, whole="never")
    assert server.log == ["GetEventTrigger", "image", "UpdateEventTrigger", "GetEventTrigger"]
    assert result.status == ("differs" if clears else "succeeded")
    assert result.digest == digest(server.live or {}, MODEL.writable)
    assert (result.error and result.error.code) == ("MoreThanAsked" if clears else None)


def test_of_a_part_that_can_not_be_read_it_is_not_said_that_more_was_changed() -> None:
    class Unreadable(Clearing):
        async def call(self, operation: str, members: Mapping[str, Any]) -> Attempt:
            if operation == "GetEventTrigger" and self.sent:
                return refused("AccessDeniedException", 403)
            return await super().call(operation, members)

    result, _ = settle(Unreadable(shows=("EventTriggerName",)), ASKED, whole="auto")
    assert (result.status, result.error and result.error.code) == ("differs", "NotAsAsked")
    assert "could not be read (AccessDeniedException" in str(result.error)


def test_an_end_while_it_is_put_back_leaves_the_update_in_doubt() -> None:
    told: list[Result] = []

    class Hanging(Clearing):
        async def call(self, operation: str, members: Mapping[str, Any]) -> Attempt:
            if len(self.sent) == 1 and operation == "UpdateEventTrigger":
                await anyio.sleep_forever()
            return await super().call(operation, members)

    async def scenario() -> None:
        server = Hanging()
        settler = reconciler(server, Kept(server), told.append, whole="auto")
        with anyio.move_on_after(5):
            await settler.settle(ASKED)

    in_virtual_time(scenario())
    assert [each.status for each in told] == ["in_doubt"]
    server = Clearing()
    server.live = {name: LIVE[name] for name in LIVE if name not in CLEARABLE}
    server.live["Description"] = "new"
    result, images = settle(server, ASKED, kept=LIVE, whole="auto")
    assert (result.status, result.restored) == (
        "succeeded",
        ["EventTriggerLimits", "SegmentFilter"],
    )
    assert (server.live, images.images) == ({**LIVE, "Description": "new"}, [])


def test_what_comes_beside_members_that_no_update_can_say_is_noticed_at_any_update() -> None:
    told = {"CreatedAt": 1.0, "New": {"a": 1}}
    server = Server({k: v for k, v in LIVE.items() if k != "SegmentFilter"}, adds=told)

    async def scenario() -> list[Result | None]:
        settler = reconciler(server, Kept(server), whole="auto")
        results = [await settler.settle(wants(Description=text)) for text in ("one", "two")]
        server.adds = {**told, "SegmentFilter": "came"}
        return [*results, await settler.settle(wants(Description="three"))]

    *first, last = in_virtual_time(scenario())
    assert [each and each.status for each in first] == ["succeeded", "succeeded"]
    assert last is not None
    assert last.status == "differs"
    assert "SegmentFilter came" in str(last.error)
