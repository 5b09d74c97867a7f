"""A worker on a queue of messages: lease no more than can be sent soon, send it, tell the queue
when its results are on disk.

Reads as: receive → read → target worker → engine → results → queue. The queue, AWS and Redis may
go away and come back meanwhile.
"""

from collections.abc import Callable, Iterator

import anyio
import msgspec
from anyio.abc import TaskGroup
from structlog.typing import FilteringBoundLogger

from batcher.config import Settings
from batcher.error_codes import INVALID
from batcher.errors import JournalError, QueueError
from batcher.ports import Clock
from batcher.queues.factory import OpenedQueue
from batcher.records import Delivered, Message, Result, Update
from batcher.resettable_event import ResettableEvent
from batcher.status.snapshot import LaneSnapshot
from batcher.storage.results_directory import ResultsDirectory
from batcher.updates.violations import Violation
from batcher.wiring.lanes import Lanes, OnAttempt
from batcher.wiring.line_readers import line_reader
from batcher.wiring.pacers import Pacers, open_pacers
from batcher.wiring.targets import TargetConnector
from batcher.worker.health import Health
from batcher.worker.leases import Lease, LeaseTable
from batcher.worker.target_worker import UNKNOWN_PACE, TargetWorker
from batcher.worker.worker_status import lane_snapshot

RECEIVE_AT_MOST = 10  # messages a request
NO_TARGET = ""  # of messages that no target worker gets: they have their result, or are invalid
# messages of all targets together: what bounds the memory, and the work of extending them
HELD_AT_MOST = 1000
RECENT = 60.0  # seconds; room for a target that got nothing for longer is no reason to receive
CAPACITY_EVERY = 0.25  # seconds; a pace that grew makes room without an event
PAUSE = 1.0  # seconds before a queue that did not answer is asked again
SAVE_QUOTAS_EVERY = 60.0  # seconds
FLUSH_WITHIN = 5.0  # seconds at the end to tell the queue what it could not be told


class MessageConsumer:
    """A worker's session with one open queue and one set of settings; the Journal of its lanes."""

    def __init__(
        self,
        name: str,
        opened: OpenedQueue,
        settings: Settings,
        results: ResultsDirectory,
        health: Health,
        *,
        clock: Clock,
        log: FilteringBoundLogger,
        on_result: Callable[[Result], None],
        on_attempt: OnAttempt,
        once: bool,
    ) -> None:
        """``name``: of the queue, as results show it. ``once``: end when the queue is empty."""
        self.target_workers: dict[str, TargetWorker] = {}
        self._name = name
        self._queue = opened.queue
        self._settings = settings
        self._results = results
        self._health = health
        self._clock = clock
        self._log = log
        self._on_result = on_result
        self._once = once
        self._on_attempt = on_attempt
        self._reader = line_reader(settings)
        self._connector = TargetConnector(settings)
        self._pacers: Pacers
        self._lanes: Lanes
        self._changed = ResettableEvent()
        self._leases = LeaseTable(
            opened.queue,
            dead_letters=opened.dead_letters,
            clock=clock,
            log=log,
            on_removed=self._changed.set,
        )
        self._latest: dict[str, float] = {}  # when each target got its latest message
        self._lines = 0
        self._tasks: TaskGroup

    def __repr__(self) -> str:
        workers = list(self.target_workers.values())
        return f"<MessageConsumer on {self._name}: {len(self._leases)} held, {workers}>"

    async def run(self) -> None:
        """Work until the worker is told to stop or to reload, or the queue is empty, with ``once``.

        Raises QueueError when the queue did not answer for a lease: nothing is held any more then,
        and it may take a new connection, with credentials read anew.
        """
        lost: QueueError | None = None
        opened = open_pacers(self._settings, clock=self._clock, log=self._log)
        async with opened as self._pacers, anyio.create_task_group() as background:
            self._lanes = Lanes(
                self._settings,
                self._pacers,
                clock=self._clock,
                log=self._log,
                on_attempt=self._on_attempt,
            )
            background.start_soon(self._leases.run_heartbeat)
            background.start_soon(self._save_quotas)
            async with anyio.create_task_group() as self._tasks:
                if not self._settings.targets:
                    self._target_worker(self._settings.target)
                with anyio.CancelScope() as receiving:
                    background.start_soon(_cancel_when, self._health.stop, receiving)
                    background.start_soon(_cancel_when, self._health.reload, receiving)
                    lost = await self._receive()
                background.start_soon(self._abort_when_told)
                for target_worker in self.target_workers.values():
                    target_worker.close("the worker takes no more")
            with anyio.move_on_after(FLUSH_WITHIN):
                while len(self._leases):
                    await self._wait_for_change()
            background.cancel_scope.cancel()
        self._pacers.remember()
        if lost is not None:
            raise lost

    async def _receive(self) -> QueueError | None:
        """Take messages in until there is no reason to go on; returns the error when that is a
        queue that did not answer for a lease.
        """
        away_since: float | None = None
        while room := await self._wait_for_room():
            requested_at = self._clock.now()
            try:
                messages = await self._queue.receive(min(RECEIVE_AT_MOST, room))
            except QueueError as error:
                self._health.mark_unhealthy("queue", str(error))
                away_since = self._clock.now() if away_since is None else away_since
                if self._clock.now() - away_since >= self._queue.lease:
                    return error
                await self._health.pause(PAUSE)
                continue
            away_since = None
            self._health.mark_started()
            self._health.mark_healthy("queue")
            # nobody else would get them until their leases expire
            with anyio.CancelScope(shield=True):
                for message in messages:
                    self._admit(message, await self._earlier_result(message), requested_at)
            if self._once and not messages and (not len(self._leases) or self._all_waiting()):
                break
        return None

    async def _wait_for_room(self) -> int:
        """How many messages more can be sent soon, when there are any; 0: none, and there is no
        reason to wait.
        """
        while not (room := self._room()):
            if self._once and self._all_waiting():
                return 0
            await self._wait_for_change()
        return room

    def _room(self) -> int:
        workers = self.target_workers
        if not workers:
            return UNKNOWN_PACE
        if len(self._leases) >= HELD_AT_MOST:
            return 0
        one_waits = any(worker.is_waiting for worker in workers.values())
        # else only those count that the messages of late were for
        all_count = len(workers) == 1 or not len(self._leases) or one_waits
        since = self._clock.now() - RECENT
        room = sum(
            worker.capacity(self._settings.ahead)
            for name, worker in workers.items()
            if all_count or self._latest[name] > since
        )
        if not room and one_waits and len(workers) < len(self._settings.known_targets):
            # for a target whose messages are behind those of the one that waits
            return UNKNOWN_PACE
        return room

    def _all_waiting(self) -> bool:
        """Whether nothing that is held can be worked on, because its targets can't be used."""
        waiting = [worker for worker in self.target_workers.values() if worker.is_waiting]
        held = sum(self._leases.count(worker.name) for worker in waiting)
        return bool(waiting) and len(self._leases) == held

    async def _earlier_result(self, message: Message) -> Result | None:
        """The result on disk here of a message that somebody could not tell the queue any more."""
        if message.receives <= 1:
            return None
        return await self._results.find(message.id, message.sent_at or 0.0)

    def _admit(self, message: Message, earlier: Result | None, requested_at: float) -> None:
        if self._leases.accept_redelivery(message):
            return
        self._lines += 1
        if earlier is not None:
            lease = self._leases.add(message, self._lines, NO_TARGET)
            self._tasks.start_soon(self._leases.settle, lease, earlier)
            return
        found = self._reader.read(message.body, self._lines)
        if isinstance(found, Update):
            self._hand_over(message, found, requested_at)
        else:
            lease = self._leases.add(message, self._lines, NO_TARGET)
            empty = Violation(path="", message="an empty message")
            self._tasks.start_soon(self._reject, lease, found or [empty])

    def _hand_over(self, message: Message, update: Update, requested_at: float) -> None:
        if not _has_own_id(message):
            update = msgspec.structs.replace(update, id=message.id)
        lease = self._leases.add(message, update.line, update.target, update)
        target_worker = self._target_worker(update.target)
        self._latest[update.target] = self._clock.now()
        if target_worker.keeps_order(requested_at):
            target_worker.put(update)
        else:
            self._tasks.start_soon(self._leases.release, [lease])

    def _target_worker(self, target: str) -> TargetWorker:
        if target not in self.target_workers:
            self._latest[target] = self._clock.now()
            target_worker = self.target_workers[target] = TargetWorker(
                target,
                self._connector,
                self._pacers,
                self._lanes,
                self._leases,
                self,
                clock=self._clock,
                log=self._log,
                on_result=self._on_result,
                on_unusable=self._mark_target,
            )
            self._tasks.start_soon(target_worker.run)
        return self.target_workers[target]

    async def _reject(self, lease: Lease, violations: list[Violation]) -> None:
        lease.started = True
        message = "; ".join(map(str, violations))
        invalid = Result.invalid(lease.line, self._settings.target, message, self._clock.wall())
        result = msgspec.structs.replace(invalid, id=lease.message.id)
        try:
            await self.append(result)
        except JournalError as error:
            self._log.error("result.not_kept", message_id=lease.message.id, reason=str(error))
            await self._leases.release([lease])
            return
        self._log.warning(
            "update.settled",
            id=result.id,
            target=result.target,
            status=result.status,
            code=INVALID,
        )
        self._on_result(result)

    def lane_snapshots(self) -> Iterator[LaneSnapshot]:
        """The lanes that are open at this moment."""
        for worker in self.target_workers.values():
            if worker.lane is not None:
                yield lane_snapshot(self._pacers, worker.lane, worker.tally)

    async def append(self, result: Result) -> None:
        """Put a result on disk, then take its message out of the queue."""
        lease = self._leases[result.line]
        await self._results.append(Delivered.of(result, self._name, lease.message.id))
        await self._leases.settle(lease, result)

    def _mark_target(self, target: str, unusable: str | None) -> None:
        if unusable is None:
            self._health.mark_healthy(f"target {target}")
        else:
            self._health.mark_unhealthy(f"target {target}", unusable)

    async def _save_quotas(self) -> None:
        while True:
            await self._clock.sleep(SAVE_QUOTAS_EVERY)
            self._pacers.remember()

    async def _abort_when_told(self) -> None:
        await self._health.stop_now.wait()
        for target_worker in self.target_workers.values():
            target_worker.abort()

    async def _wait_for_change(self) -> None:
        with anyio.move_on_after(CAPACITY_EVERY):
            await self._changed.wait_and_clear()


async def _cancel_when(event: anyio.Event | ResettableEvent, scope: anyio.CancelScope) -> None:
    await event.wait()
    scope.cancel()


class _Id(msgspec.Struct):
    id: str | None = None


def _has_own_id(message: Message) -> bool:
    """Whether the update in a message has an id of its own."""
    return msgspec.json.decode(message.body, type=_Id).id is not None
