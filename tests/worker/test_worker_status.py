"""What a worker shows of itself: ready only when all of it is, alive while its loop turns."""

from itertools import cycle
from pathlib import Path
from typing import Any, cast

import anyio
import pytest

from batcher.accounting.verdicts import Verdict
from batcher.clock import SystemClock
from batcher.config.value_kinds import DEFAULT_LEASE
from batcher.engine.pace_control import PaceControl
from batcher.errors import QueueError
from batcher.logs import logger
from batcher.ports import AttemptMade, QueueAdmin
from batcher.queues.spool_directory import SpoolDirectory
from batcher.queues.sqs import POLL
from batcher.queues.sqs_admin import SqsAdmin
from batcher.records import DeadLetter, Depth, FleetMember
from batcher.status.history import EVERY
from batcher.status.snapshot import LaneSnapshot, LetterSnapshot
from batcher.target_identity import TargetIdentity
from batcher.testing import LoopClock, in_virtual_time, refused
from batcher.wiring.pacers import Pacers
from batcher.worker.health import Health
from batcher.worker.worker_status import (
    DEPTH_EVERY,
    FAILURES,
    LETTERS,
    MEMBERS_EVERY,
    SENT_OF,
    TEXT_AT_MOST,
    WorkerStatus,
)
from tests.status.snapshots import failure

PLACE = TargetIdentity(account="111122223333", region="us-east-1", endpoint="https://e.test")
DEPTH = Depth(waiting=3, held=2, dead=1)


class Admin:
    """A QueueAdmin that answers with what it was given, in turn, and then the same again."""

    depth_every = 15.0

    def __init__(self, *answers: Depth | Exception) -> None:
        self._answers = cycle(answers)
        self.letters: list[DeadLetter] | None = []

    async def depth(self) -> Depth:
        answer = next(self._answers)
        if isinstance(answer, Exception):
            raise answer
        return answer

    async def newest_dead(self, at_most: int) -> list[DeadLetter] | None:
        return self.letters


class Clock(LoopClock):
    """The loop's time, also since the epoch."""

    def epoch(self) -> float:
        return self.now()


def status_at(clock: Any) -> WorkerStatus:
    return WorkerStatus("sqs:updates", Health(logger(), grace=1.0), clock, PaceControl(clock))


def made(verdict: Verdict) -> AttemptMade:
    return AttemptMade(
        id="row-1",
        target="prod",
        operation="UpdateEventTrigger",
        domain="acme",
        number=1,
        verdict=verdict,
        attempt=refused("ThrottlingException", 429),
    )


def status_of(health: Health) -> WorkerStatus:
    return WorkerStatus("sqs:updates", health, clock := SystemClock(), PaceControl(clock))


def test_it_is_ready_when_it_has_started_nothing_is_unhealthy_and_it_is_not_stopping() -> None:
    health = Health(logger(), grace=1.0)
    status = status_of(health)

    def shown() -> tuple[bool, str | None]:
        now = status.snapshot()
        return now.ready, now.reason

    assert shown() == (False, "it is starting")
    health.mark_started()
    assert shown() == (True, None)
    health.mark_unhealthy("queue", "no answer")
    health.mark_unhealthy("target a", "no connection")
    assert shown() == (False, "no answer; no connection")
    health.mark_healthy("queue")
    health.mark_healthy("target a")
    assert shown() == (True, None)
    health.stop.set()
    assert shown() == (False, "it is stopping")


def test_results_are_counted_and_the_latest_failures_are_shown_newest_first() -> None:
    status = status_of(Health(logger(), grace=1.0))
    fine = failure("fine", status="succeeded", error=None)
    for number, result in enumerate([fine, *(failure(str(n)) for n in range(FAILURES + 5))], 1):
        status.keep(result, "a.jsonl", number)
        status.count(result)
    now = status.snapshot()
    assert [each.record.id for each in now.recent] == [
        str(number) for number in range(FAILURES + 4, 4, -1)
    ]
    # numbered as failures, found as lines of the file
    assert (now.recent[0].number, now.recent[0].line) == (FAILURES + 5, FAILURES + 6)
    assert now.counts.succeeded == 1
    assert status.tally.done == FAILURES + 6
    exposed = status.metrics.exposition(now).decode()
    assert f'batcher_updates_total{{status="failed",target="prod"}} {FAILURES + 5}.0' in exposed


def test_lanes_and_waiting_files_are_those_of_the_moment() -> None:
    status = status_of(Health(logger(), grace=1.0))
    assert (status.snapshot().lanes, status.snapshot().files_waiting) == ((), None)
    lanes = [LaneSnapshot(target="prod", operation="UpdateEventTrigger")]
    status.lanes, status.files_waiting = lambda: lanes, lambda: 7
    assert (status.snapshot().lanes, status.snapshot().files_waiting) == (tuple(lanes), 7)


@pytest.mark.parametrize("error", [QueueError("away"), OSError("gone")])
def test_a_depth_that_can_not_be_had_is_none_until_the_queue_answers_again(
    error: Exception,
) -> None:
    async def work() -> None:
        status = status_of(Health(logger(), grace=1.0))
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(status.watch_depth, cast(QueueAdmin, Admin(DEPTH, error)))
            for depth in (DEPTH, None, DEPTH):
                await anyio.sleep(0.1)
                assert status.snapshot().depth == depth
                await anyio.sleep(DEPTH_EVERY - 0.1 + 1e-3)
            tasks.cancel_scope.cancel()

    in_virtual_time(work())


def test_a_worker_with_nothing_to_do_asks_sqs_as_often_as_is_said() -> None:
    assert DEFAULT_LEASE // 3 >= POLL, "a shorter lease has shorter polls"
    assert 86_400 / POLL + 2 * 86_400 / SqsAdmin.depth_every == 28_800


@pytest.mark.parametrize(("takes", "every"), [(0.001, 1.0), (0.1, 5.0), (60.0, 15.0)])
def test_a_depth_that_costs_little_is_asked_for_each_second_and_another_less_often(
    takes: float, every: float
) -> None:
    async def work() -> None:
        asked: list[float] = []

        class Answering(Admin):
            depth_every = 1.0

            async def depth(self) -> Depth:
                asked.append(anyio.current_time())
                await anyio.sleep(takes)
                return await super().depth()

        status = status_at(Clock())
        with anyio.move_on_after(takes + every + 0.1):
            await status.watch_depth(cast(QueueAdmin, Answering(DEPTH)))
        assert asked[1] - asked[0] == pytest.approx(takes + every)

    in_virtual_time(work())


def test_it_is_shown_how_much_is_sent_at_once_and_no_more_soon_after_the_last() -> None:
    async def work() -> None:
        status = status_at(Clock())
        for verdict in (Verdict.ACCEPTED, Verdict.THROTTLED, Verdict.UNSENT) * 10:
            status.count_attempt(made(verdict), PLACE)
        assert status.snapshot().sent == 20 / SENT_OF
        await anyio.sleep(2 * SENT_OF)
        assert status.snapshot().sent == 0

    in_virtual_time(work())


def letter(body: bytes, reason: str = "no such trigger") -> DeadLetter:
    return DeadLetter(id="m-1", body=body, handle="h", code="Gone", reason=reason)


def letters_seen(admin: object) -> tuple[LetterSnapshot, ...] | None:
    """What is shown of the dead letters of that queue at once."""
    found: list[tuple[LetterSnapshot, ...] | None] = []

    async def work() -> None:
        status = status_of(Health(logger(), grace=1.0))
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(status.watch_depth, cast(QueueAdmin, admin))
            await anyio.sleep(0.1)
            found.append(status.snapshot().letters)
            tasks.cancel_scope.cancel()

    in_virtual_time(work())
    return found[0]


def test_of_dead_letters_names_and_reasons_are_shown_and_nothing_of_what_they_set() -> None:
    admin = Admin(DEPTH)
    names = b'{"id":7,"target":"eu","DomainName":"acme"'
    body = names + b',"EventTriggerName":"cart","Description":"SECRET"}'
    admin.letters = [letter(body), letter(b"SECRET {", reason="x" * 10_000), letter(b"[]")]
    first, second, third = letters_seen(admin) or ()
    assert first == LetterSnapshot(
        name="7",
        target="eu",
        domain="acme",
        trigger="cart",
        code="Gone",
        reason="no such trigger",
    )
    assert second.name == third.name == "m-1"
    deep = b"[" * 500 + b"]" * 500
    for odd in (deep, b"7" * 5000, b"{}", b"1e400", b'"\\ud800"', b"[null]"):
        admin.letters = [letter(b'{"id":' + odd + b',"EventTriggerName":' + odd + b"}")]
        (shown,) = letters_seen(admin) or ()
        assert len(shown.name) < 10
    admin.letters = [letter(body), letter(b"SECRET {", reason="x" * 10_000), letter(b"[]")]
    assert len(second.reason) < TEXT_AT_MOST + 30
    assert "SECRET" not in repr((first, second, third))
    admin.letters = None  # it can't tell without taking them
    assert letters_seen(admin) is None
    assert letters_seen(Admin(Depth(waiting=1, held=0, dead=0))) == ()


def test_of_a_spool_directory_the_files_that_failed_last_are_shown(tmp_path: Path) -> None:
    spool = SpoolDirectory(tmp_path, create=True)
    for number in range(LETTERS + 2):
        path = tmp_path / "failed" / f"{number}.jsonl"
        path.write_text("{}")
        path.with_name(path.name + ".wrong").write_text(f"reason {number}\nmore\n")
    shown = letters_seen(spool) or ()
    assert [(each.name, each.reason) for each in shown] == [
        (f"{number}.jsonl", f"reason {number}") for number in range(LETTERS + 1, 1, -1)
    ]


def test_the_last_hour_is_noted_in_what_was_counted() -> None:
    async def work() -> None:
        status = status_of(Health(logger(), grace=1.0))
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(status.watch_pace)
            await anyio.sleep(0.1)
            status.count(failure("row-1"))
            for verdict in (Verdict.THROTTLED, Verdict.ACCEPTED, Verdict.UNSENT):
                status.count_attempt(made(verdict), PLACE)
            await anyio.sleep(EVERY)
            tasks.cancel_scope.cancel()
        (moment,) = status.history.moments
        # that one left nothing, the other two did, and one of them was throttled
        assert moment.requests == 2 * moment.throttles == 2 * moment.results["failed"] > 0

    in_virtual_time(work())


class SharedPacers:
    """Pacers that share their quota; a test says with whom."""

    is_shared = True

    def __init__(self, *members: FleetMember) -> None:
        self.found: list[FleetMember] | None = list(members)

    async def members(self) -> list[FleetMember] | None:
        return self.found


def test_a_redis_that_does_not_answer_is_told_once_it_was_asked_and_no_fleet_is_none() -> None:
    async def work() -> None:
        status = status_of(Health(logger(), grace=1.0))
        pacers = SharedPacers(member := FleetMember(name="one", rate=1.0, silent_seconds=0.0))
        status.pacers = lambda: cast(Pacers, pacers)

        def shown() -> tuple[object, bool]:
            now = status.snapshot()
            return now.members, now.alone

        assert shown() == (None, False)  # nobody knows yet
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(status.watch_members)
            await anyio.sleep(0.1)
            assert shown() == ((member,), False)
            pacers.found = None
            await anyio.sleep(MEMBERS_EVERY)
            assert shown() == (None, True)
            status.pacers = lambda: None  # between two files of a spool directory
            assert shown() == (None, False)
            tasks.cancel_scope.cancel()

    in_virtual_time(work())
