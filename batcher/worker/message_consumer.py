"""A worker on a queue of messages: borrow no more than can be sent soon, work it off, tell the
queue when it is on disk.

Reads as: receive → read → desk of its target → engine → results → queue. The queue, AWS and Redis
may go away and come back meanwhile.
"""

from collections.abc import Callable

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
from batcher.storage.results_directory import ResultsDirectory
from batcher.updates.violations import Violation
from batcher.wiring.lanes import Lanes, OnAttempt
from batcher.wiring.line_readers import line_reader
from batcher.wiring.pacers import Pacers, open_pacers
from batcher.wiring.targets import TargetConnector
from batcher.worker.health import Health
from batcher.worker.leases import Lease, Leases
from batcher.worker.target_worker import UNKNOWN_PACE, TargetWorker

AT_ONCE = 10  # messages asked for
NO_TARGET = ""  # the target of a loan that no desk gives back
# messages of all targets together: what bounds the memory, and the work of keeping them
HELD_AT_MOST = 1000
RECENT = 60.0  # seconds; a target that got nothing for longer does not make the worker borrow on
LOOK_AGAIN = 0.25  # seconds; a pace that grew makes room without anybody telling
PAUSE = 1.0  # seconds before a queue that did not answer is asked again
REMEMBER_EVERY = 60.0  # seconds
LAST_WORDS = 5.0  # seconds at the end to tell the queue what it could not be told


class MessageConsumer:
    """A worker's time with one open queue and one set of settings."""

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
        # why it ended, when the queue did not answer any more
        self.cut_off: QueueError | None = None
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
        self.pacers: Pacers
        self._lanes: Lanes
        self._changed = ResettableEvent()
        self.leases = Leases(
            opened.queue,
            dead_letters=opened.dead_letters,
            clock=clock,
            log=log,
            on_change=self._changed.set,
        )
        self._latest: dict[str, float] = {}  # when each target got its latest message
        self._lines = 0
        self._tasks: TaskGroup

    def __repr__(self) -> str:
        workers = list(self.target_workers.values())
        return f"<MessageConsumer on {self._name}: {len(self.leases)} held, {workers}>"

    async def run(self) -> None:
        """Work until the worker is told to stop or to reload, or the queue is empty, with ``once``.

        Also until the queue did not answer for a lease: nothing is held any more then, and it may
        take a new connection, with credentials read anew.
        """
        opened = open_pacers(self._settings, clock=self._clock, log=self._log)
        async with opened as self.pacers, anyio.create_task_group() as beside:
            self._lanes = Lanes(
                self._settings,
                self.pacers,
                clock=self._clock,
                log=self._log,
                on_attempt=self._on_attempt,
            )
            beside.start_soon(self.leases.keep)
            beside.start_soon(self._remember)
            async with anyio.create_task_group() as self._tasks:
                if not self._settings.targets:
                    self._target_worker(self._settings.target)
                with anyio.CancelScope() as receiving:
                    beside.start_soon(_cancel_when, self._health.stop, receiving)
                    beside.start_soon(_cancel_when, self._health.reload, receiving)
                    await self._receive()
                beside.start_soon(self._abort_when_told)
                for target_worker in self.target_workers.values():
                    target_worker.close("the worker takes no more")
            with anyio.move_on_after(LAST_WORDS):
                while len(self.leases):
                    await self._change()
            beside.cancel_scope.cancel()
        self.pacers.remember()

    async def _receive(self) -> None:
        away_since: float | None = None
        while True:
            while not (room := self._room()):
                if self._once and self._stuck():
                    return
                await self._change()
            asked = self._clock.now()
            try:
                messages = await self._queue.receive(min(AT_ONCE, room))
            except QueueError as error:
                self._health.mark_unhealthy("queue", str(error))
                away_since = self._clock.now() if away_since is None else away_since
                if self._clock.now() - away_since >= self._queue.lease:
                    self.cut_off = error
                    return
                await self._health.pause(PAUSE)
                continue
            away_since, self._health.begun = None, True
            self._health.mark_healthy("queue")
            # nobody else would know of them until their lease is over
            with anyio.CancelScope(shield=True):
                for message in messages:
                    self._admit(message, await self._kept(message), asked)
            if self._once and not messages and (not len(self.leases) or self._stuck()):
                return

    def _room(self) -> int:
        """How many messages more can be sent soon."""
        if not self.target_workers:
            return UNKNOWN_PACE
        if len(self.leases) >= HELD_AT_MOST:
            return 0
        since, ahead = self._clock.now() - RECENT, self._settings.ahead
        # then it may be any one's turn
        any_of_them = len(self.target_workers) == 1 or not len(self.leases) or self._any_stuck()
        room = sum(
            target_worker.room(ahead)
            for name, target_worker in self.target_workers.items()
            if any_of_them or self._latest[name] > since
        )
        if (
            not room
            and self._any_stuck()
            and len(self.target_workers) < len(self._settings.known_targets)
        ):
            # for a target whose messages are behind those of the one that is stuck
            return UNKNOWN_PACE
        return room

    def _any_stuck(self) -> bool:
        return any(target_worker.stuck for target_worker in self.target_workers.values())

    def _stuck(self) -> bool:
        """Whether nothing that is held can be worked on, because its targets can't be used."""
        return self._any_stuck() and len(self.leases) == sum(
            self.leases.held(target_worker.name)
            for target_worker in self.target_workers.values()
            if target_worker.stuck
        )

    async def _kept(self, message: Message) -> Result | None:
        """The result that a message has here already, from somebody who could not tell the queue
        any more.
        """
        return (
            await self._results.kept(message.id, message.sent_at or 0.0)
            if message.receives > 1
            else None
        )

    def _admit(self, message: Message, kept: Result | None, asked: float) -> None:
        """Take up one message, unless it is here already.

        ``asked``: when the queue was asked for it.
        """
        if self.leases.renew(message):
            return
        self._lines += 1
        if kept is not None:
            lease = self.leases.add(message, self._lines, NO_TARGET)
            self._tasks.start_soon(self.leases.end, lease, kept)
            return
        found = self._reader.read(message.body, self._lines)
        if not isinstance(found, Update):
            lease = self.leases.add(message, self._lines, NO_TARGET)
            self._tasks.start_soon(
                self._refuse, lease, found or [Violation(path="", message="an empty message")]
            )
            return
        update = found if _names_itself(message) else msgspec.structs.replace(found, id=message.id)
        lease = self.leases.add(message, update.line, update.target, update)
        target_worker = self._target_worker(update.target)
        self._latest[target_worker.name] = self._clock.now()
        if target_worker.in_order(asked):
            target_worker.put(update)
        else:
            self._tasks.start_soon(self.leases.give_back, [lease])

    def _target_worker(self, target: str) -> TargetWorker:
        if target not in self.target_workers:
            self._latest[target] = self._clock.now()
            target_worker = self.target_workers[target] = TargetWorker(
                target,
                self._connector,
                self.pacers,
                self._lanes,
                self.leases,
                self,
                clock=self._clock,
                log=self._log,
                on_result=self._on_result,
                on_trouble=self._note_trouble,
            )
            self._tasks.start_soon(target_worker.serve)
        return self.target_workers[target]

    async def _refuse(self, lease: Lease, faults: list[Violation]) -> None:
        lease.begun = True
        message = "; ".join(str(fault) for fault in faults)
        invalid = Result.invalid(lease.line, self._settings.target, message, self._clock.wall())
        result = msgspec.structs.replace(invalid, id=lease.message.id)
        try:
            await self.append(result)
        except JournalError as error:
            self._log.error("result.not_kept", message_id=lease.message.id, reason=str(error))
            await self.leases.give_back([lease])
        else:
            self._log.warning(
                "update.settled",
                id=result.id,
                target=result.target,
                status=result.status,
                code=INVALID,
            )
            self._on_result(result)

    # the Journal of the engine

    async def append(self, result: Result) -> None:
        """On disk first; then the message leaves the queue."""
        lease = self.leases[result.line]
        await self._results.append(Delivered.of(result, self._name, lease.message.id))
        await self.leases.end(lease, result)

    def _note_trouble(self, target: str, trouble: str | None) -> None:
        if trouble is None:
            self._health.mark_healthy(f"target {target}")
        else:
            self._health.mark_unhealthy(f"target {target}", trouble)

    # beside it

    async def _remember(self) -> None:
        while True:
            await self._clock.sleep(REMEMBER_EVERY)
            self.pacers.remember()

    async def _abort_when_told(self) -> None:
        await self._health.stop_now.wait()
        for target_worker in self.target_workers.values():
            target_worker.abort()

    async def _change(self) -> None:
        with anyio.move_on_after(LOOK_AGAIN):
            await self._changed.wait_and_clear()


async def _cancel_when(event: anyio.Event | ResettableEvent, scope: anyio.CancelScope) -> None:
    await event.wait()
    scope.cancel()


class _Id(msgspec.Struct):
    id: str | None = None


def _names_itself(message: Message) -> bool:
    """Whether the update in a message has an id of its own."""
    return msgspec.json.decode(message.body, type=_Id).id is not None
