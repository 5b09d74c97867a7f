"""A trigger deleted and created anew.

At most one of them is gone at a time, whatever AWS answers and whoever comes in between.
"""

from collections.abc import Callable, Mapping
from typing import Any

import anyio
import pytest
from msgspec.structs import replace

from batcher.engine.answer_check import AnswerCheck
from batcher.engine.list_pages import AttachedIntegrations
from batcher.engine.omitted_members import OmittedMembers
from batcher.engine.pacing import Pacer
from batcher.engine.reconciler import Reconciler
from batcher.engine.recreation import Recreation
from batcher.engine.retrying import Retrying, RetryPolicy
from batcher.logs import logger
from batcher.operations import (
    CREATE_TRIGGER,
    DELETE_TRIGGER,
    GET_TRIGGER,
    LIST_INTEGRATIONS,
    UPDATE_TRIGGER,
)
from batcher.records import Attempt, BasedOn, Result, Update
from batcher.task_groups import open_task_group
from batcher.testing import LoopClock, in_virtual_time, lost, refused
from batcher.testing import update as make_update
from batcher.triggers.decision import ChangeOptions
from batcher.triggers.diff import NOTHING, digest
from tests.engine.settlers import make_retrying
from tests.updates.samples import MODEL

WAS = {"ObjectTypeName": "Orders", "EventTriggerConditions": [{"LogicalOperator": "ALL"}]}
LIVE = {**WAS, "SegmentFilter": "vip", "CreatedAt": 1.0, "Tags": {"team": "crm"}}
MISSING = refused("ResourceNotFoundException", 404)
DENIED = refused("AccessDeniedException", 403)
FAULT = refused("InternalServerException", 500)
Before = Callable[[str], None]


class Server:
    """A Caller with live triggers by name.

    ``scripts``: by operation what its next calls are answered; of a pair, the second is whether the
    call has its effect all the same. ``before`` is told of each call before it has any.
    """

    def __init__(
        self,
        count: int = 1,
        scripts: dict[str, list[Attempt | tuple[Attempt, bool] | None]] | None = None,
        before: Before | None = None,
    ) -> None:
        self.live = {f"t{n}": {**LIVE, "EventTriggerName": f"t{n}"} for n in range(1, count + 1)}
        self.scripts = scripts or {}
        self.before = before
        self.attached: list[str] = []
        self.log: list[str] = []

    async def call(self, operation: str, members: Mapping[str, Any]) -> Attempt:
        self.log.append(operation)
        if self.before is not None:
            self.before(operation)
        await anyio.sleep(0.1)
        script = self.scripts.get(operation)
        match script.pop(0) if script else None:
            case (answer, applies):
                if applies:
                    self._do(operation, members)
                return answer
            case None:
                return self._do(operation, members)
            case answer:
                return answer

    def _do(self, operation: str, members: Mapping[str, Any]) -> Attempt:
        if operation == LIST_INTEGRATIONS:
            assert members["IncludeHidden"]
            items = [{"Uri": "kinesis", "EventTriggerNames": [name]} for name in self.attached]
            return answered({"Items": [{"Uri": "appflow"}, *items]})
        name = members["EventTriggerName"]
        if operation == CREATE_TRIGGER:
            if name in self.live:
                return refused("BadRequestException", 400)
            self.live[name] = {key: members[key] for key in members if key != "DomainName"}
            return answered(self.live[name])
        if name not in self.live:
            return MISSING
        if operation == DELETE_TRIGGER:
            del self.live[name]
            return answered({"Message": "OK"})
        if operation == UPDATE_TRIGGER:
            self.live[name] |= members
        return answered(self.live[name])

    async def refresh(self) -> bool:
        return False


class Images:
    """A BeforeImageStore in memory; ``before``: what an earlier session kept, by id."""

    def __init__(self, server: Server, before: dict[str, dict[str, Any] | None]) -> None:
        self.kept_now: list[dict[str, Any]] = []
        self._server = server
        self._before = before

    def kept(self, update: Update) -> bool:
        return update.id in self._before

    def before(self, update: Update) -> None:
        return None

    def lost(self, update: Update) -> dict[str, Any] | None:
        return self._before.get(update.id)

    async def keep(self, update: Update, image: dict[str, Any]) -> None:
        self._server.log.append("image")
        self.kept_now.append(image)


def answered(answer: dict[str, Any]) -> Attempt:
    return Attempt(reached="answered", seconds=0.1, answer=dict(answer))


class Lane:
    """What settles updates over a server, and the pacers that can be drained."""

    def __init__(
        self, server: Server, before: dict[str, dict[str, Any] | None] | None = None
    ) -> None:
        self.images = Images(server, before or {})
        self.pacers: list[Pacer] = []
        clock = LoopClock()

        def sent(operation: str) -> Retrying:
            made = make_retrying(operation, server, policy=RetryPolicy(max_attempts=3))
            self.pacers.append(made.pacer)
            return made

        options = ChangeOptions(writable=MODEL.writable, complete=True, recreate=True)
        reading, creating = sent(GET_TRIGGER), sent(CREATE_TRIGGER)
        updating, omitted = sent(UPDATE_TRIGGER), OmittedMembers("auto", log=logger())
        self.settler = Reconciler(
            look=True,
            reading=reading,
            writing={UPDATE_TRIGGER: updating, CREATE_TRIGGER: creating},
            images=self.images,
            options=options,
            check=AnswerCheck(
                reading=reading,
                updating=updating,
                options=options,
                omitted=omitted,
                clock=clock,
                log=logger(),
            ),
            omitted=omitted,
            clock=clock,
            write_rate=lambda: None,
            recreation=Recreation(
                reading=reading,
                integrations=AttachedIntegrations(sent(LIST_INTEGRATIONS), 100),
                deleting=sent(DELETE_TRIGGER),
                creating=creating,
                images=self.images,
                options=options,
                clock=clock,
                log=logger(),
            ),
        )

    async def settle(self, update: Update) -> Result:
        result = await self.settler.settle(update)
        assert result is not None
        return result


def wanted(number: int = 1, base: str | None = None) -> Update:
    plain = make_update(number, f"t{number}")
    names = {name: plain.request[name] for name in ("DomainName", "EventTriggerName")}
    sha256 = base or digest(LIVE, MODEL.writable)
    return replace(plain, request={**names, **WAS}, based_on=BasedOn(sha256=sha256))


def settled(
    server: Server,
    before: dict[str, dict[str, Any] | None] | None = None,
    base: str | None = None,
) -> Result:
    return in_virtual_time(Lane(server, before).settle(wanted(base=base)))


def told(result: Result) -> str:
    return result.status if result.error is None else f"{result.status} {result.error.code}"


def test_the_image_is_kept_just_before_the_delete_and_after_the_last_look() -> None:
    server = Server()
    lane = Lane(server)
    result = in_virtual_time(lane.settle(wanted()))
    assert server.log == [
        GET_TRIGGER,
        LIST_INTEGRATIONS,
        GET_TRIGGER,
        "image",
        DELETE_TRIGGER,
        CREATE_TRIGGER,
    ]
    (image,) = lane.images.kept_now
    assert image["SegmentFilter"] == "vip"
    assert image["lost"] == {"CreatedAt": 1.0, "Tags": {"team": "crm"}}
    assert (told(result), result.lost, result.attempts) == ("succeeded", ["CreatedAt", "Tags"], 2)
    assert result.digest == digest(WAS, MODEL.writable)
    assert digest(server.live["t1"], MODEL.writable) == result.digest


Script = list[Attempt | tuple[Attempt, bool] | None]
ENDS: list[tuple[dict[str, Script], str, bool]] = [
    # what AWS answers to the delete
    ({DELETE_TRIGGER: [FAULT]}, "succeeded", True),
    ({DELETE_TRIGGER: [(FAULT, True)]}, "succeeded", True),
    ({DELETE_TRIGGER: [(lost(), True)]}, "succeeded", True),
    ({DELETE_TRIGGER: [lost(), lost()]}, "succeeded", True),
    ({DELETE_TRIGGER: [lost(), lost(), (lost(), True)]}, "succeeded", True),
    ({DELETE_TRIGGER: [lost()] * 3}, "failed ReadTimeoutError", False),
    ({DELETE_TRIGGER: [FAULT] * 3}, "failed InternalServerException", False),
    ({DELETE_TRIGGER: [DENIED]}, "failed AccessDeniedException", False),
    ({DELETE_TRIGGER: [(MISSING, True)]}, "stale Stale", False),  # somebody was faster
    # to the creation
    ({CREATE_TRIGGER: [FAULT, (lost(), True)]}, "succeeded", True),
    ({CREATE_TRIGGER: [lost()] * 3}, "in_doubt NotRecreated", True),
    ({CREATE_TRIGGER: [FAULT] * 3}, "failed NotRecreated", True),
    ({CREATE_TRIGGER: [DENIED]}, "failed NotRecreated", True),
    # to the looks between
    ({LIST_INTEGRATIONS: [DENIED]}, "failed AccessDeniedException", False),
    ({LIST_INTEGRATIONS: [FAULT] * 3}, "failed InternalServerException", False),
    ({GET_TRIGGER: [None, DENIED]}, "failed AccessDeniedException", False),
    (
        {DELETE_TRIGGER: [lost()] * 3, GET_TRIGGER: [None, None, None, None, *[FAULT] * 3]},
        "in_doubt ReadTimeoutError",
        True,
    ),
]


@pytest.mark.parametrize(("scripts", "expected", "deleted"), ENDS)
def test_whatever_is_answered_what_was_deleted_is_told(
    scripts: dict[str, Script], expected: str, deleted: bool
) -> None:
    server = Server(scripts={name: list(script) for name, script in scripts.items()})
    result = settled(server)
    assert told(result) == expected
    assert (result.lost == ["CreatedAt", "Tags"]) is deleted
    if result.status == "succeeded":
        assert digest(server.live["t1"], MODEL.writable) == digest(WAS, MODEL.writable)
    elif not deleted and result.status == "failed":
        assert digest(server.live["t1"], MODEL.writable) == digest(LIVE, MODEL.writable)


def test_a_trigger_is_deleted_again_only_after_another_look() -> None:
    """A change between two attempts is of somebody else, as the trigger was not deleted."""

    def change(operation: str) -> None:
        if server.log.count(DELETE_TRIGGER) == 1 and operation == LIST_INTEGRATIONS:
            server.live["t1"]["ObjectTypeName"] = "somebody else's"

    server = Server(scripts={DELETE_TRIGGER: [FAULT]}, before=change)
    assert (told(settled(server)), server.log.count(DELETE_TRIGGER)) == ("stale Stale", 1)
    assert server.live["t1"]["ObjectTypeName"] == "somebody else's"


@pytest.mark.parametrize("since_attempt", [0, 1])
def test_an_integration_that_is_attached_meanwhile_keeps_it(since_attempt: int) -> None:
    def attach(operation: str) -> None:
        if server.log.count(DELETE_TRIGGER) == since_attempt and operation == LIST_INTEGRATIONS:
            server.attached.append("t1")

    server = Server(scripts={DELETE_TRIGGER: [FAULT]}, before=attach)
    result = settled(server)
    assert told(result) == "failed IntegrationAttached"
    assert "kinesis" in (result.error.message if result.error else "")
    assert "t1" in server.live


def test_somebody_elses_trigger_of_that_name_is_left_as_it_is() -> None:
    def create(operation: str) -> None:
        if operation == CREATE_TRIGGER:
            server.live["t1"] = {**WAS, "EventTriggerName": "t1", "Description": "other"}

    server = Server(before=create)
    assert told(settled(server)) == "stale Stale"
    assert server.live["t1"]["Description"] == "other"


@pytest.mark.parametrize(
    ("live", "before", "base", "expected"),
    [
        (False, {"1": {"Tags": {}}}, None, "succeeded"),  # killed after the delete
        (True, {"1": {"Tags": {}}}, None, "succeeded"),  # killed before it
        (False, {"1": None}, None, "stale Stale"),  # killed before an update: somebody deleted it
        (False, {}, None, "stale Stale"),
        (False, {}, NOTHING, "succeeded"),  # of a retry: it could not be created
        (True, {}, NOTHING, "partial Partial"),
    ],
)
def test_what_is_missing_is_created_only_where_it_was_to_be_deleted(
    live: bool, before: dict[str, dict[str, Any] | None], base: str | None, expected: str
) -> None:
    server = Server(1 if live else 0)
    result = settled(server, before, base)
    assert told(result) == expected
    if expected == "succeeded":
        assert digest(server.live["t1"], MODEL.writable) == digest(WAS, MODEL.writable)


def test_what_was_created_before_a_kill_is_recognised() -> None:
    server = Server(0)
    server.live["t1"] = {**WAS, "EventTriggerName": "t1"}
    result = settled(server, {"1": {"Tags": {}}})
    assert (told(result), result.lost, server.log) == ("succeeded", ["Tags"], [GET_TRIGGER])
    assert result.digest == digest(WAS, MODEL.writable)


def test_one_is_gone_at_a_time_and_none_after_one_could_not_be_created() -> None:
    gone: list[int] = []

    def count(operation: str) -> None:
        gone.append(12 - len(server.live))

    server = Server(12, scripts={CREATE_TRIGGER: [None, None, None, DENIED]}, before=count)
    lane, results = Lane(server), list[Result]()

    async def scenario() -> None:
        async def settle(number: int) -> None:
            results.append(await lane.settle(wanted(number)))

        async with open_task_group() as tasks:
            for number in range(1, 13):
                tasks.start_soon(settle, number)

    in_virtual_time(scenario())
    assert max(gone) == 1
    assert sorted(map(told, results)) == [
        "failed NotRecreated",
        *["failed RecreationStopped"] * 8,
        *["succeeded"] * 3,
    ]
    assert len(server.live) == 11


@pytest.mark.parametrize("at", [DELETE_TRIGGER, CREATE_TRIGGER])
def test_draining_waits_for_the_creation_of_what_is_deleted(at: str) -> None:
    def drain(operation: str) -> None:
        if operation == at:
            for pacer in lane.pacers:
                pacer.drain()

    scripts: dict[str, Script] = {CREATE_TRIGGER: [FAULT], DELETE_TRIGGER: [(lost(), True)]}
    server = Server(scripts=scripts, before=drain)
    lane = Lane(server)
    assert told(in_virtual_time(lane.settle(wanted()))) == "succeeded"
    assert "t1" in server.live


@pytest.mark.parametrize("at", [LIST_INTEGRATIONS, GET_TRIGGER])
def test_draining_before_the_delete_leaves_it_for_later(at: str) -> None:
    throttled = refused("ThrottlingException", 429)

    def drain(operation: str) -> None:
        if operation == at and LIST_INTEGRATIONS in server.log:
            for pacer in lane.pacers:
                pacer.drain()

    first: Script = [None] if at == GET_TRIGGER else []
    server = Server(scripts={at: [*first, throttled]}, before=drain)
    lane = Lane(server)

    async def scenario() -> Result | None:
        return await lane.settler.settle(wanted())

    assert in_virtual_time(scenario()) is None
    assert DELETE_TRIGGER not in server.log
