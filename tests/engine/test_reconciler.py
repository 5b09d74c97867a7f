"""An update settled with care.

Looked at, its image kept before it is sent, AWS's answer held against what was asked.
"""

from collections.abc import Callable, Mapping
from typing import Any

import anyio
import msgspec
import pytest

from batcher.emulator.buckets import Quota, TokenBucket
from batcher.engine.answer_check import LOOK_OLD_AFTER, AnswerCheck
from batcher.engine.omitted_members import LOOKS_TO_FIND_OUT, OmittedMembers
from batcher.engine.reconciler import APART_AT_MOST, Reconciler
from batcher.logs import logger
from batcher.records import Attempt, BasedOn, Result, Update
from batcher.testing import LoopClock, in_virtual_time, lost, refused
from batcher.testing import update as make_update
from batcher.triggers.decision import ChangeOptions
from batcher.triggers.diff import digest
from tests.engine.settlers import make_retrying
from tests.updates.samples import MODEL

BEFORE = {
    "EventTriggerName": "t1",
    "ObjectTypeName": "Orders",
    "Description": "old",
    "CreatedAt": 1.0,
}


class Server:
    """A Caller with one live trigger, None while there is none.

    ``failures`` come first; ``unseen``: the answer to each look; ``log`` says what happened when.
    """

    def __init__(
        self,
        live: dict[str, Any] | None,
        *,
        failures: list[Attempt] | None = None,
        obeys: bool = True,
        clears: bool = False,
        adds: Mapping[str, Any] | None = None,
        unseen: Attempt | None = None,
    ) -> None:
        self.unseen = unseen
        self.live = live
        self.failures = failures or []
        self.obeys = obeys
        self.clears = clears
        self.adds = adds or {}
        self.log: list[str] = []

    async def call(self, operation: str, members: Mapping[str, Any]) -> Attempt:
        self.log.append(operation)
        if operation == "GetEventTrigger":
            assert members == {"DomainName": "acme", "EventTriggerName": "t1"}
        await anyio.sleep(0.1)
        if operation == "GetEventTrigger" and self.unseen is not None:
            return self.unseen
        if operation != "GetEventTrigger" and self.failures:
            return self.failures.pop(0)
        if self.live is None and operation != "CreateEventTrigger":
            return refused("ResourceNotFoundException", 404)
        if operation != "GetEventTrigger" and self.obeys:
            sets = {name: value for name, value in members.items() if name != "DomainName"}
            self.live = {
                **(self.live if self.live and not self.clears else {}),
                **sets,
                **self.adds,
            }
        return Attempt(reached="answered", seconds=0.1, answer=self.live, request_id="r")

    async def refresh(self) -> bool:
        return False


class Kept:
    """BeforeImageStore in memory."""

    def __init__(self, server: Server, kept: frozenset[str] = frozenset(), image=None) -> None:
        self.images: list[dict[str, Any]] = []
        self._server = server
        self._kept = kept
        self._image = image

    def kept(self, update: Update) -> bool:
        return update.id in self._kept

    def before(self, update: Update) -> Mapping[str, Any] | None:
        return self._image

    def lost(self, update: Update) -> dict[str, Any] | None:
        return None

    async def keep(self, update: Update, image: dict[str, Any]) -> None:
        await anyio.sleep(0.1)
        self._server.log.append("image")
        self.images.append(image)


def reconciler(
    server: Server,
    images: Kept,
    on_interrupted: Callable[[Result], None] | None = None,
    *,
    look: bool = True,
    sent_since: float | None = None,
    **options: Any,
) -> Reconciler:
    clock = LoopClock()
    given = ChangeOptions(writable=MODEL.writable, **options)
    clearable = frozenset({"Description", "SegmentFilter", "EventTriggerLimits"})
    omitted = OmittedMembers(given.whole, log=logger(), clearable=clearable)

    reading = make_retrying("GetEventTrigger", server)
    names = "UpdateEventTrigger", "CreateEventTrigger"
    writing = {name: make_retrying(name, server) for name in names}
    return Reconciler(
        look=look,
        reading=reading,
        writing=writing,
        images=images,
        options=given,
        check=AnswerCheck(
            reading=reading,
            updating=writing["UpdateEventTrigger"],
            options=given,
            omitted=omitted,
            clock=clock,
            log=logger(),
        ),
        omitted=omitted,
        clock=clock,
        write_rate=lambda: None,
        on_interrupted=on_interrupted,
        sent_since=sent_since,
    )


def settle(
    server: Server,
    update: Update,
    *,
    kept: bool | Mapping[str, Any] = False,
    **options: Any,
) -> tuple[Result, Kept]:
    known = kept if isinstance(kept, Mapping) else None
    images = Kept(server, frozenset({update.id}) if kept else frozenset(), known)

    async def scenario() -> Result | None:
        return await reconciler(server, images, **options).settle(update)

    result = in_virtual_time(scenario())
    assert result is not None
    return result, images


def wants(**members: Any) -> Update:
    plain = make_update(1)
    return msgspec.structs.replace(plain, request={**plain.request, **members})


def test_the_image_is_kept_before_the_update_is_sent_and_is_ready_to_be_run() -> None:
    server = Server(dict(BEFORE))
    result, images = settle(server, wants(Description="new"))
    assert server.log == ["GetEventTrigger", "image", "UpdateEventTrigger"]
    assert (result.status, result.attempts) == ("succeeded", 1)
    assert images.images == [
        {
            "DomainName": "acme",
            "EventTriggerName": "t1",
            "ObjectTypeName": "Orders",
            "Description": "old",
        }
    ]
    assert result.digest == digest({**BEFORE, "Description": "new"}, MODEL.writable)


def test_what_is_already_as_asked_is_not_sent() -> None:
    server = Server(dict(BEFORE))
    result, images = settle(server, wants(Description="old"))
    assert (server.log, result.status, result.attempts, images.images) == (
        ["GetEventTrigger"],
        "unchanged",
        0,
        [],
    )


def test_after_a_crash_what_was_sent_is_recognised_and_what_was_not_is_kept_anew() -> None:
    sent_before_the_crash, not_sent = (
        Server({**BEFORE, "Description": "new"}),
        Server(dict(BEFORE)),
    )
    result, images = settle(sent_before_the_crash, wants(Description="new"), kept=True)
    assert (result.status, result.attempts, images.images) == ("succeeded", 0, [])
    result, images = settle(not_sent, wants(Description="new"), kept=True)
    assert (result.status, result.attempts) == ("succeeded", 1)
    assert [image["Description"] for image in images.images] == ["old"]


@pytest.mark.parametrize(
    ("sent_since", "created_at", "updated_at", "complete", "expected"),
    [
        (None, 100.0, 100.0, False, ("unchanged", msgspec.UNSET)),
        (90.0, 100.0, 100.0, False, ("succeeded", "without_integration")),
        (90.0, 10.0, 100.0, False, ("succeeded", msgspec.UNSET)),
        (90.0, 10.0, 20.0, False, ("unchanged", msgspec.UNSET)),
        (90.0, 10.0, None, False, ("unchanged", msgspec.UNSET)),  # AWS tells no time
        (90.0, 10.0, 100.0, True, ("unchanged", msgspec.UNSET)),
    ],
)
def test_without_an_image_what_was_changed_since_the_run_began_is_a_killed_sessions_work(
    sent_since: float | None,
    created_at: float,
    updated_at: float | None,
    complete: bool,
    expected: tuple[str, object],
) -> None:
    live = {**BEFORE, "CreatedAt": created_at, "LastUpdatedAt": updated_at}
    asked = wants(Description="old", ObjectTypeName="Orders")
    result, _ = settle(Server(live), asked, sent_since=sent_since, complete=complete)
    assert (result.status, result.created, result.attempts) == (*expected, 0)


def test_of_what_is_stale_it_is_told_that_a_killed_session_may_have_applied_it() -> None:
    asked = msgspec.structs.replace(wants(Description="new"), based_on=BasedOn(sha256="0" * 64))
    said = "; an earlier session may have applied this before"
    for kept in (False, True):
        result, _ = settle(Server(dict(BEFORE)), asked, kept=kept)
        assert result.error is not None
        assert (result.status, said in result.error.message) == ("stale", kept)


@pytest.mark.parametrize(
    ("based_on", "force", "status"),
    [
        (digest(BEFORE, MODEL.writable), False, "succeeded"),
        ("0" * 64, False, "stale"),
        ("0" * 64, True, "succeeded"),
    ],
)
def test_an_update_based_on_another_state_is_stale_unless_forced(
    based_on: str, force: bool, status: str
) -> None:
    server = Server(dict(BEFORE))
    update = msgspec.structs.replace(wants(Description="new"), based_on=BasedOn(sha256=based_on))
    result, _ = settle(server, update, force=force)
    assert (result.status, "UpdateEventTrigger" in server.log) == (status, status == "succeeded")


def test_always_whole_sends_the_live_trigger_whole() -> None:
    seen: list[Mapping[str, Any]] = []

    class Recording(Server):
        async def call(self, operation: str, members: Mapping[str, Any]) -> Attempt:
            if operation == "UpdateEventTrigger":
                seen.append(members)
            return await super().call(operation, members)

    settle(Recording(dict(BEFORE)), wants(SegmentFilter="vip"), whole="always")
    assert seen == [
        {
            "DomainName": "acme",
            "EventTriggerName": "t1",
            "ObjectTypeName": "Orders",
            "Description": "old",
            "SegmentFilter": "vip",
        }
    ]


def test_an_answer_that_differs_from_what_was_asked_is_told_and_quotes_nothing() -> None:
    result, _ = settle(Server(dict(BEFORE), obeys=False), wants(Description="new"))
    assert (result.status, result.error and result.error.code) == ("differs", "NotAsAsked")
    assert result.error is not None
    assert "Description" in result.error.message
    assert "new" not in result.error.message
    assert "old" not in result.error.message


LIMITS = {"EventExpiration": 60000, "Periods": [{"Unit": "DAYS", "Value": 1, "Unlimited": True}]}


@pytest.mark.parametrize(
    ("live", "flags", "options", "code", "said"),
    [
        ({}, {"clears": True}, {}, "MoreThanAsked", "for: ObjectTypeName went"),
        (
            {"SegmentFilter": "vip", "EventTriggerLimits": LIMITS},
            {"clears": True},
            {},
            "MoreThanAsked",
            "for: ObjectTypeName went, SegmentFilter went, EventTriggerLimits went",
        ),
        ({}, {"adds": {"SegmentFilter": "SECRET"}}, {}, "MoreThanAsked", "SegmentFilter came"),
        (
            {"EventTriggerLimits": LIMITS},
            {"adds": {"EventTriggerLimits": {**LIMITS, "EventExpiration": 900000}}},
            {},
            "MoreThanAsked",
            "for: EventTriggerLimits.EventExpiration changed",
        ),
        (
            {},
            {"adds": {"Description": "SECRET", "SegmentFilter": "vip"}},
            {},
            "MoreThanAsked",
            "for: SegmentFilter came (unless somebody else has changed it at the same moment);"
            " AWS's answer differs from what was asked in Description",
        ),
        ({}, {"adds": {"LastUpdatedAt": 5.0, "Fired": 3}}, {}, None, ""),
        ({"SegmentFilter": ""}, {"clears": True}, {"whole": "always"}, None, ""),
        ({"SegmentFilter": "vip"}, {"clears": True}, {"whole": "always"}, None, ""),
        ({"SegmentFilter": "vip"}, {"clears": True}, {"complete": True}, None, ""),
        (
            {"SegmentFilter": "vip"},
            {"adds": {"SegmentFilter": "SECRET"}},
            {"whole": "always"},
            "MoreThanAsked",
            "for: SegmentFilter changed",
        ),
        (
            {"EventTriggerLimits": LIMITS},
            {
                "adds": {
                    "EventTriggerLimits": {
                        **LIMITS,
                        "EventExpiration": 60000.0,
                        "Periods": [
                            {
                                "Value": 1.0,
                                "Unit": "DAYS",
                                "Unlimited": True,
                                "MaxInvocationsPerProfile": None,
                            }
                        ],
                    }
                }
            },
            {},
            None,
            "",
        ),
    ],
)
def test_a_change_that_nobody_asked_for_is_told_by_its_path(
    live: dict[str, Any],
    flags: dict[str, Any],
    options: dict[str, Any],
    code: str | None,
    said: str,
) -> None:
    server = Server({**BEFORE, **live}, **flags)
    result, images = settle(server, wants(Description="new"), **options)
    error = result.error
    assert (result.status, error and error.code) == ("differs" if code else "succeeded", code)
    assert error is None or (said in error.message and "SECRET" not in error.message)
    assert result.digest == digest(server.live or {}, MODEL.writable), "so it can be put back"
    assert len(images.images) == 1


def test_a_clamped_value_is_named_by_its_path() -> None:
    limits = {"EventExpiration": 900000}
    server = Server(dict(BEFORE), adds={"EventTriggerLimits": limits})
    result, _ = settle(server, wants(EventTriggerLimits={"EventExpiration": 3600000}))
    assert (result.status, result.error and result.error.code) == ("differs", "NotAsAsked")
    assert "in EventTriggerLimits.EventExpiration" in str(result.error)


def test_what_a_killed_session_changed_beyond_what_was_asked_is_told_on_the_resume() -> None:
    server = Server({"EventTriggerName": "t1", "Description": "new"})
    result, images = settle(server, wants(Description="new"), kept=dict(BEFORE))
    assert (result.status, result.attempts, images.images) == ("differs", 0, [])
    assert "ObjectTypeName went" in str(result.error)
    whole, _ = settle(server, wants(Description="new"), kept=dict(BEFORE), complete=True)
    assert whole.status == "succeeded"


@pytest.mark.parametrize("clears", [False, True])
def test_what_a_killed_session_applied_and_aws_clamped_keeps_its_first_image(clears: bool) -> None:
    clamped, asked = {"EventExpiration": 900_000}, {"EventExpiration": 3_600_000}
    before = BEFORE | {"EventTriggerLimits": {"EventExpiration": 1}}
    live = before | {"EventTriggerLimits": clamped}
    server = Server(live, adds={"EventTriggerLimits": clamped})
    update = wants(EventTriggerLimits=asked)
    if clears:
        del live["Description"]
    result, images = settle(server, update, kept=dict(before), whole="auto")
    assert (result.status, result.error and result.error.code) == ("differs", "NotAsAsked")
    assert images.images[-1]["EventTriggerLimits"] == {"EventExpiration": 1}
    assert images.images[-1]["Description"] == "old"
    assert (server.live or {})["Description"] == "old"
    edited = before | {"EventTriggerLimits": {"EventExpiration": 7}}  # by somebody else
    server = Server(edited, adds={"EventTriggerLimits": clamped})
    _, images = settle(server, update, kept=dict(before), whole="auto")
    assert [image["EventTriggerLimits"] for image in images.images] == [{"EventExpiration": 7}]


@pytest.mark.parametrize(
    ("unseen", "said"),
    [
        (refused("InternalServerException", 500), "after 8 attempts: no update was sent"),
        (refused("BadRequestException", 400), "after 1 attempt: no update was sent"),
    ],
    ids=["tried again", "not tried again"],
)
def test_of_a_look_that_failed_the_result_says_so_as_it_counts_attempts_of_the_update(
    unseen: Attempt, said: str
) -> None:
    server = Server(dict(BEFORE), unseen=unseen)
    result, _ = settle(server, wants(Description="new"))
    assert (result.status, result.attempts) == ("failed", 0)
    assert result.error is not None
    assert "of GetEventTrigger, the look before an update, " + said in result.error.message
    assert set(server.log) == {"GetEventTrigger"}


def test_a_missing_trigger_fails_or_is_created_when_the_line_has_all_that_takes() -> None:
    whole = wants(ObjectTypeName="Orders", EventTriggerConditions=[{}])
    assert settle(Server(None), whole)[0].status == "failed"
    lacking, _ = settle(Server(None), wants(Description="new"), create_missing=True)
    assert lacking.error is not None
    assert "ObjectTypeName, EventTriggerConditions" in lacking.error.message
    server = Server(None)
    created, images = settle(server, whole, create_missing=True)
    assert (server.log, created.status, images.images) == (
        ["GetEventTrigger", "CreateEventTrigger"],
        "succeeded",
        [],
    )


def test_an_answer_that_never_comes_leaves_it_in_doubt_with_its_image_kept() -> None:
    result, images = settle(Server(dict(BEFORE), failures=[lost()] * 8), wants(Description="new"))
    assert (result.status, result.attempts, len(images.images)) == ("in_doubt", 8, 1)
    assert result.digest is msgspec.UNSET


def test_what_did_not_succeed_has_the_state_that_was_seen_last() -> None:
    update = wants(Description="new")
    found = BasedOn(sha256=digest(BEFORE, MODEL.writable))
    for failures in ([refused("BadRequestException", 400)], [lost()] * 8):
        assert settle(Server(dict(BEFORE), failures=failures), update)[0].based_on == found
    for done in (settle(Server(dict(BEFORE)), update)[0], settle(Server(None), update)[0]):
        assert done.based_on is msgspec.UNSET


@pytest.mark.parametrize(
    ("somebody", "status"),
    [({}, "succeeded"), ({"Description": "else"}, "failed")],
    ids=["its own", "somebody else's"],
)
def test_a_creation_that_was_done_and_not_answered_is_not_failed_by_being_refused_the_second_time(
    somebody: dict[str, str], status: str
) -> None:
    update = wants(
        ObjectTypeName="Orders",
        Description="new",
        EventTriggerConditions=[{"LogicalOperator": "ANY"}],
    )

    class Creating(Server):
        """Loses the answer to the creation that it carries out, and refuses any other."""

        async def call(self, operation: str, members: Mapping[str, Any]) -> Attempt:
            if operation == "CreateEventTrigger" and self.live is not None:
                self.log.append(operation)
                return refused("BadRequestException", 400)
            attempt = await super().call(operation, members)
            if operation == "CreateEventTrigger":
                assert self.live is not None
                self.live |= somebody
                return lost()
            return attempt

    server = Creating(None)
    result, images = settle(server, update, create_missing=True)
    assert server.log == [
        "GetEventTrigger",
        "CreateEventTrigger",
        "CreateEventTrigger",
        "GetEventTrigger",
    ]
    assert (result.status, result.attempts, images.images) == (status, 2, [])
    assert (result.error and result.error.code) == (
        None if status == "succeeded" else "BadRequestException"
    )
    assert server.live is not None
    assert result.digest == (
        digest(server.live, MODEL.writable) if status == "succeeded" else msgspec.UNSET
    )


@pytest.mark.parametrize(
    ("seconds", "failures", "told"),
    [
        (0.05, [], []),  # it is looked at
        (0.15, [], []),  # its image is being kept
        (0.25, [], [("in_doubt", "Interrupted", 1)]),
        (0.31, [refused("429", 429, retry_after=5.0)], []),
        (0.31, [refused("503", 503, retry_after=5.0)], [("in_doubt", "503", 1)]),
        (
            0.31,
            [msgspec.structs.replace(lost(), retry_after=5.0)],
            [("in_doubt", "ReadTimeoutError", 1)],
        ),
    ],
)
def test_an_update_whose_settling_is_cancelled_is_told_of_when_it_may_have_been_changed(
    seconds: float, failures: list[Attempt], told: list[tuple[str, str, int]]
) -> None:
    server, interrupted = Server(dict(BEFORE), failures=failures), list[Result]()
    asked = wants(Description="new")

    async def scenario() -> None:
        with anyio.move_on_after(seconds) as scope:
            await reconciler(server, Kept(server), interrupted.append).settle(asked)
        assert scope.cancelled_caught

    in_virtual_time(scenario())
    assert [
        (each.status, each.error and each.error.code, each.attempts) for each in interrupted
    ] == told


@pytest.mark.parametrize("whole", ["never", "always"])
def test_a_member_that_only_aws_sets_is_in_no_image_no_request_and_no_digest(whole: str) -> None:
    limits = {"EventExpiration": 5}
    server = Server({**BEFORE, "FiredLastAt": 7.5, "EventTriggerLimits": {**limits, "Left": 3}})
    asked = make_update(1, DomainName="acme", EventTriggerName="t1", Description="new")
    result, kept = settle(server, asked, whole=whole)
    assert result.status == "succeeded"
    (image,) = kept.images
    assert image == {
        "DomainName": "acme",
        "EventTriggerName": "t1",
        "ObjectTypeName": "Orders",
        "Description": "old",
        "EventTriggerLimits": limits,
    }
    after = {**image, "Description": "new"}
    assert result.digest == digest(after, MODEL.writable)
    again = msgspec.structs.replace(asked, request={**asked.request, "EventTriggerLimits": limits})
    assert settle(server, again)[0].status == "unchanged"


@pytest.mark.parametrize(("clears", "status"), [(False, "partial"), (True, "succeeded")])
def test_a_rollback_is_partial_where_aws_shows_more_than_the_image(
    clears: bool, status: str
) -> None:
    server = Server({**BEFORE, "SegmentFilter": "vip", "Description": "new"}, clears=clears)
    names = {"DomainName": "acme", "EventTriggerName": "t1", "ObjectTypeName": "Orders"}
    result, _ = settle(server, make_update(1, **names, Description="old"), complete=True)
    assert (result.status, result.error is None) == (status, status == "succeeded")
    if result.error is not None:
        assert result.error.code == "Partial"
        assert "SegmentFilter (AWS's answer shows that it keeps what is left out)" in str(
            result.error
        )
    assert settle(server, make_update(1, **names, Description="older"))[0].status == "succeeded"


class Throttling(Server):
    """Answers the first writes with throttles; at the last of them somebody changes the trigger."""

    def __init__(self, throttles: int, theirs: dict[str, Any]) -> None:
        super().__init__(dict(BEFORE))
        self.left = throttles
        self._theirs = theirs

    async def call(self, operation: str, members: Mapping[str, Any]) -> Attempt:
        if operation == "UpdateEventTrigger" and self.left:
            self.left -= 1
            self.log.append(operation)
            await anyio.sleep(LOOK_OLD_AFTER)
            if not self.left and self.live is not None:
                self.live |= self._theirs
            return refused("ThrottlingException", 429)
        return await super().call(operation, members)


@pytest.mark.parametrize(
    ("theirs", "kept"),
    [
        ({}, ["old"]),
        ({"LastUpdatedAt": 9.0}, ["old"]),
        ({"Description": "theirs"}, ["old", "theirs"]),
        ({"SegmentFilter": "theirs"}, ["old", "old"]),
    ],
)
def test_a_trigger_that_was_changed_while_its_update_was_throttled_has_an_image_of_that(
    theirs: dict[str, Any], kept: list[str]
) -> None:
    server = Throttling(2, theirs)
    result, images = settle(server, wants(Description="new"))
    assert result.status == "succeeded"
    assert [image["Description"] for image in images.images] == kept
    assert server.live is not None
    assert server.live["Description"] == "new"


def test_an_update_follows_its_newer_look_closely_again_once_it_is_not_refused_then() -> None:
    class Timed(Throttling):
        looked_at = apart = 0.0

        async def call(self, operation: str, members: Mapping[str, Any]) -> Attempt:
            if operation == "UpdateEventTrigger":
                self.apart = anyio.current_time() - self.looked_at
            answer = await super().call(operation, members)
            if operation == "GetEventTrigger":
                self.looked_at = anyio.current_time()
            return answer

    server = Timed(7, {})

    async def scenario() -> list[float]:
        settler, apart = reconciler(server, Kept(server, frozenset())), []
        for number in range(30):
            await settler.settle(wants(Description=f"new {number}"))
            apart.append(server.apart)
            server.left = 1  # so that each has a newer look
        return apart

    apart = in_virtual_time(scenario())
    assert apart[0] == pytest.approx(APART_AT_MOST)
    assert apart == sorted(apart, reverse=True)
    assert apart[-1] == 0


class OneBucket(Server):
    """Looks and updates take the one token of a bucket; updates are asked for seldom."""

    def __init__(self, rate: float) -> None:
        super().__init__(dict(BEFORE))
        self._bucket = TokenBucket(Quota(rate=rate, burst=1), 0.0)
        self._looked_at = 0.0
        self.oldest_look = 0.0  # seconds; of those that were there when an update came

    async def call(self, operation: str, members: Mapping[str, Any]) -> Attempt:
        now = anyio.current_time()
        if operation == "UpdateEventTrigger":
            self.oldest_look = max(self.oldest_look, now - self._looked_at)
        if self._bucket.take(now):
            answer = await super().call(operation, members)
            if operation == "GetEventTrigger":
                self._looked_at = anyio.current_time()
            return answer
        self.log.append(operation)
        if operation == "UpdateEventTrigger":
            await anyio.sleep(2 * LOOK_OLD_AFTER)
        return refused("ThrottlingException", 429)


@pytest.mark.parametrize("rate", [2.0, 1.0, 0.3])
def test_where_looks_take_the_tokens_of_updates_an_update_is_sent_some_time_after_its_newer_look(
    rate: float,
) -> None:
    server = OneBucket(rate)
    result, images = settle(server, wants(Description="new"))
    assert (result.status, len(images.images)) == ("succeeded", 1)
    assert server.log.count("UpdateEventTrigger") <= 9
    assert server.oldest_look < LOOK_OLD_AFTER


@pytest.mark.parametrize("rate", [0.22, 0.1])
def test_no_update_is_sent_after_a_look_that_is_old_however_seldom_there_is_a_token(
    rate: float,
) -> None:
    server = OneBucket(rate)
    settle(server, wants(Description="new"))
    assert server.log.count("UpdateEventTrigger") > 5
    assert server.oldest_look < LOOK_OLD_AFTER


def test_what_became_stale_while_it_was_throttled_is_not_sent() -> None:
    server = Throttling(1, {"SegmentFilter": "theirs"})
    base = BasedOn(sha256=digest(BEFORE, MODEL.writable))
    update = msgspec.structs.replace(wants(Description="new"), based_on=base)
    result, _ = settle(server, update)
    assert (result.status, server.log.count("UpdateEventTrigger")) == ("stale", 1)


def test_a_look_that_is_not_old_is_not_taken_again() -> None:
    server = Server(dict(BEFORE))
    settle(server, wants(Description="new"))
    assert server.log.count("GetEventTrigger") == 1


def test_after_an_attempt_that_may_have_changed_it_there_is_no_newer_look() -> None:
    server = Server(dict(BEFORE), failures=[lost(), refused("InternalServerException", 500)])
    result, images = settle(server, wants(Description="new"))
    assert (result.status, len(images.images)) == ("succeeded", 1)
    assert server.log.count("GetEventTrigger") == 1


@pytest.mark.parametrize(
    ("live", "denied", "looks"),
    [
        ({}, False, LOOKS_TO_FIND_OUT),  # it has nothing that the update could clear
        ({}, True, 1),
        ({"SegmentFilter": "vip"}, False, 1),  # the first answer tells
    ],
)
def test_who_looks_at_nothing_looks_to_find_out_and_not_for_ever(
    live: dict[str, Any], denied: bool, looks: int
) -> None:
    class MayNotRead(Server):
        async def call(self, operation: str, members: Mapping[str, Any]) -> Attempt:
            if denied and operation == "GetEventTrigger":
                self.log.append(operation)
                return refused("AccessDeniedException", 403)
            return await super().call(operation, members)

    server = MayNotRead({**BEFORE, **live})
    updates = [
        wants(Description=f"new {n}", EventTriggerLimits={"EventExpiration": 1}) for n in range(30)
    ]

    async def scenario() -> set[str]:
        settler = reconciler(server, Kept(server), look=False, whole="auto")
        results = [await settler.settle(update) for update in updates]
        return {result.status for result in results if result is not None}

    assert in_virtual_time(scenario()) == {"succeeded"}
    assert server.log.count("GetEventTrigger") == looks
    assert server.log.count("UpdateEventTrigger") == len(updates)
