"""A worker on a queue of messages: each is sent, and leaves the queue when its result is on disk.

Reads as: receive → read → target worker → engine → results → queue. The queue, AWS and Redis may
go away and come back meanwhile.
"""

from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass
from math import inf

import anyio
import msgspec
from anyio.abc import TaskGroup
from structlog.typing import FilteringBoundLogger

from batcher.backoff import Backoff
from batcher.config import Settings
from batcher.engine.breaker_gate import Away
from batcher.engine.pace_control import PaceControl
from batcher.error_codes import INVALID
from batcher.errors import JournalError, QueueError
from batcher.foreign_text import shortened
from batcher.jobs.said_results import SaidResults
from batcher.jobs.told_results import OnKept
from batcher.ports import Clock
from batcher.queues.factory import OpenedQueue
from batcher.records import Message, Result, Update
from batcher.resettable_event import ResettableEvent
from batcher.sources.line_index import target_named
from batcher.sources.trigger_turns import TriggerTurns
from batcher.status.snapshot import LaneSnapshot
from batcher.storage.message_images import KeptImage
from batcher.storage.results_directory import ResultsDirectory
from batcher.updates.violations import Violation
from batcher.wiring.lanes import Lanes, OnAttempt
from batcher.wiring.line_readers import line_reader
from batcher.wiring.pacers import Pacers, open_pacers
from batcher.wiring.places import expected_places
from batcher.wiring.targets import TargetConnector
from batcher.worker.health import Health, cancel_when
from batcher.worker.leases import REASON_AT_MOST, RELEASE_WITHIN, Lease, LeaseTable
from batcher.worker.message_images import MessageImages
from batcher.worker.message_results import MessageResults
from batcher.worker.target_pool import TargetPool
from batcher.worker.target_worker import Releases, TargetWorker

RECEIVE_AT_MOST = 100  # messages a request; SQS gives fewer
NO_TARGET = ""  # of messages that no target worker gets: they have their result, or are invalid
CAPACITY_EVERY = 0.25  # seconds; a pace that grew makes room without an event
# seconds before a queue that did not answer, or a disk that took nothing, is tried again
PAUSE, LONGEST_PAUSE = 1.0, 30.0
SAVE_QUOTAS_EVERY = 60.0  # seconds
FLUSH_WITHIN = 5.0  # seconds at the end to tell the queue what it could not be told


@dataclass(eq=False, repr=False, kw_only=True)
class MessageConsumer:
    """A worker's session with one open queue and one set of settings, and where its results go.

    ``name``: of the queue, as results show it. ``once``: end when the queue is empty.
    """

    name: str
    opened: OpenedQueue
    settings: Settings
    results: ResultsDirectory
    health: Health
    clock: Clock
    log: FilteringBoundLogger
    on_result: Callable[[Result], None]
    on_attempt: OnAttempt
    once: bool
    control: PaceControl | None = None
    on_kept: OnKept | None = None
    on_away: Callable[[Away], None] = lambda away: None

    def __post_init__(self) -> None:
        self._queue = self.opened.queue
        self._reader = line_reader(self.settings)
        self._changed = ResettableEvent()
        self._leases = LeaseTable(
            self._queue,
            dead_letters=self.opened.dead_letters,
            clock=self.clock,
            log=self.log,
            on_removed=self._changed.set,
            on_over=self._end_turn,
        )
        self._results = MessageResults(
            directory=self.results, leases=self._leases, queue=self.name, on_kept=self.on_kept
        )
        self._images = MessageImages(
            settings=self.settings, results=self._results, clock=self.clock, log=self.log
        )
        where = expected_places(self.settings)
        self._turns = None if where is None else TriggerTurns(self._put, where)
        self._lines = 0
        self._can_not_keep = False  # what is no update would be taken and given back for ever
        self._tasks: TaskGroup
        self._pool: TargetPool | None = None
        self.pacers: Pacers | None = None  # while it works

    def __repr__(self) -> str:
        return f"<MessageConsumer on {self.name}: {len(self._leases)} held, {self._pool}>"

    async def run(self) -> None:
        """Work until the worker is told to stop or to reload, or the queue is empty, with ``once``.

        Raises QueueError when the queue did not answer for a lease: nothing is held any more then,
        and it may take a new connection, with credentials read anew.
        """
        lost: QueueError | None = None
        opened = open_pacers(self.settings, clock=self.clock, log=self.log, control=self.control)
        async with opened as pacers, anyio.create_task_group() as background:
            self.pacers = pacers
            background.start_soon(self._leases.run_heartbeat)
            background.start_soon(self._save_quotas, pacers)
            async with anyio.create_task_group() as self._tasks:
                pool = self._pool = self._make_pool(pacers)
                background.start_soon(pool.run_rest)
                for target in self._opened_at_once():
                    pool.worker(target)
                with anyio.CancelScope() as receiving:
                    background.start_soon(cancel_when, self.health.stop, receiving)
                    background.start_soon(cancel_when, self.health.reload, receiving)
                    lost = await self._receive(pool)
                background.start_soon(self._abort_when_told, pool)
                pool.close("the worker takes no more")
            await self._leases.release(self._leases.unsettled())
            with anyio.move_on_after(FLUSH_WITHIN):
                while len(self._leases):
                    await self._wait_for_change()
            background.cancel_scope.cancel()
        pacers.remember()
        if lost is not None:
            raise lost

    def _opened_at_once(self) -> list[str]:
        """The targets that no message is waited for: the one there is, or that had come to harm."""
        if not self.settings.targets:
            return [self.settings.target]
        return [each.target for each in self.health.unusable()]

    def lane_snapshots(self) -> Iterable[LaneSnapshot]:
        """The lanes that are open at this moment."""
        return () if self._pool is None else self._pool.lane_snapshots()

    def _make_pool(self, pacers: Pacers) -> TargetPool:
        connector = TargetConnector(self.settings)
        lanes = Lanes(
            self.settings, pacers, clock=self.clock, log=self.log, on_attempt=self.on_attempt
        )

        releases = Releases()

        def make(target: str) -> TargetWorker:
            return TargetWorker(
                name=target,
                connector=connector,
                pacers=pacers,
                lanes=lanes,
                images=self._images,
                leases=self._leases,
                results=SaidResults(self._results, self.settings.said),
                health=self.health,
                clock=self.clock,
                log=self.log,
                on_result=self.on_result,
                outage_limit=self.settings.outage_limit if self.once else inf,
                on_away=self.on_away,
                turns=self._turns,
                releases=releases,
            )

        return TargetPool(
            make=make,
            tasks=self._tasks,
            settings=self.settings,
            leases=self._leases,
            clock=self.clock,
            turns=self._turns,
        )

    async def _receive(self, pool: TargetPool) -> QueueError | None:
        """Take messages in; returns the error of a queue that did not answer for a lease."""
        away_since: float | None = None
        while room := await self._wait_for_room(pool):
            requested_at = self.clock.now()
            try:
                messages = await self._queue.receive(min(RECEIVE_AT_MOST, room))
            except QueueError as error:
                self.health.mark_unhealthy("queue", str(error))
                away_since = self.clock.now() if away_since is None else away_since
                if self.clock.now() - away_since >= self._queue.lease:
                    return error
                await self.health.pause(PAUSE)
                continue
            away_since = None
            self.health.mark_started()
            self.health.mark_healthy("queue")
            left, refused = messages[::-1], list[Lease]()
            try:
                earlier = await self._results.earlier(messages)
                while left:
                    message = left.pop()
                    refused += self._admit(message, earlier.get(message.id), pool, requested_at)
            finally:  # nobody else would get what is left until its lease expires
                await self._give_back(left)
            if refused:  # before the next request, which might be given newer ones
                await self._leases.release(refused)
            is_empty = not messages and (not len(self._leases) or pool.all_waiting())
            if self.once and (is_empty or self._can_not_keep):
                break
        return None

    async def _give_back(self, messages: list[Message]) -> None:
        with anyio.move_on_after(RELEASE_WITHIN, shield=True), suppress(QueueError):
            for message in messages:
                await self._queue.release(message)

    async def _wait_for_room(self, pool: TargetPool) -> int:
        """How many messages to receive; 0: there is nothing to wait for any more."""
        while self._is_paused or not (room := pool.room()):
            if self.once and pool.all_waiting():
                return 0
            await self._wait_for_change()
        return room

    @property
    def _is_paused(self) -> bool:
        return self.control is not None and self.control.paused is not None

    def _admit(
        self,
        message: Message,
        earlier: Result | KeptImage | None,
        pool: TargetPool,
        requested_at: float,
    ) -> list[Lease]:
        """Take in a message; returns its lease where it would overtake one that was released."""
        if self._leases.accept_redelivery(message, requested_at):
            return []
        self._lines += 1
        image = earlier if isinstance(earlier, KeptImage) else None
        result = earlier if isinstance(earlier, Result) else None
        found = self._reader.read(message.body, self._lines) if result is None else None
        if isinstance(found, Update):
            return self._hand_over(message, found, image, pool, requested_at)
        lease = self._leases.add(message, self._lines, NO_TARGET, requested_at=requested_at)
        if result is not None:
            self._tasks.start_soon(self._leases.settle, lease, result)
        else:
            empty = Violation(path="", message="an empty message")
            self._tasks.start_soon(self._reject, lease, found or [empty])
        return []

    def _hand_over(
        self,
        message: Message,
        update: Update,
        image: KeptImage | None,
        pool: TargetPool,
        requested_at: float,
    ) -> list[Lease]:
        if not _has_own_id(message):
            update = msgspec.structs.replace(update, id=message.id)
        lease = self._leases.add(
            message, update.line, update.target, update, image, requested_at=requested_at
        )
        worker = pool.worker(update.target)
        if not worker.keeps_order(requested_at):
            return [lease]
        if self._turns is None:
            worker.put(update)
        else:
            self._turns.arrive(update)
        return []

    def _put(self, update: Update) -> None:
        """Hand over an update whose turn has come among all targets."""
        if self._pool is not None:
            self._pool.workers[update.target].put(update)

    def _end_turn(self, lease: Lease) -> None:
        if self._turns is not None:
            self._turns.end(lease.target, lease.line)

    async def _reject(self, lease: Lease, violations: list[Violation]) -> None:
        lease.started = True
        message = shortened("; ".join(map(str, violations)), REASON_AT_MOST)
        reader = self._reader
        target = target_named(lease.message.body, reader.default_target, reader.target_name)
        invalid = Result.invalid(lease.line, target, message, self.clock.wall())
        result = msgspec.structs.replace(invalid, id=lease.message.id)
        if not await self._keep(result):
            await self._leases.release([lease])
            return
        self.health.mark_healthy("results")
        self.log.warning(
            "update.settled", id=result.id, target=result.target, status=result.status, code=INVALID
        )
        if not reader.has_target(target):  # each name would be a label of metrics for ever
            result = msgspec.structs.replace(result, target=reader.default_target)
        self.on_result(result)

    async def _keep(self, result: Result) -> bool:
        """Put the result of what no target works on onto the disk, as soon as that takes it.

        False: it takes nothing, and the worker ends.
        """
        backoff = Backoff(PAUSE, LONGEST_PAUSE)
        while True:
            try:
                await SaidResults(self._results, self.settings.said).append(result)
                return True
            except JournalError as error:
                self.health.mark_unhealthy("results", str(error))
            if self.once or self.health.stop.is_set() or self.health.reload.is_set():
                self._can_not_keep = True
                return False
            await self.health.pause(backoff.next_pause())

    async def _save_quotas(self, pacers: Pacers) -> None:
        while True:
            await self.clock.sleep(SAVE_QUOTAS_EVERY)
            pacers.remember()

    async def _abort_when_told(self, pool: TargetPool) -> None:
        await self.health.stop_now.wait()
        pool.abort()

    async def _wait_for_change(self) -> None:
        with anyio.move_on_after(CAPACITY_EVERY):
            await self._changed.wait_and_clear()


class _Id(msgspec.Struct):
    id: str | None = None


def _has_own_id(message: Message) -> bool:
    """Whether the update in a message has an id of its own."""
    return msgspec.json.decode(message.body, type=_Id).id is not None
