"""A worker from its start to its end: the queue opened and opened again, settings reloaded, what
it shows of itself.
"""

import os
import socket
import time
from collections import deque
from collections.abc import Awaitable, Callable, Iterator
from contextlib import AsyncExitStack
from pathlib import Path

import anyio
from structlog.typing import FilteringBoundLogger

from batcher.accounting.tally import Tally
from batcher.aws.s3_upload import S3Uploader
from batcher.backoff import Backoff
from batcher.clock import SystemClock
from batcher.config import Settings
from batcher.engine.lane import Lane
from batcher.errors import BatcherError, QueueError, SettingsError
from batcher.jobs.run import Keeper
from batcher.operations import UPDATE_TRIGGER
from batcher.ports import QueueAdmin
from batcher.queues.factory import OpenedQueue, open_queue, shown, spool_of
from batcher.queues.spool_directory import SpoolDirectory
from batcher.records import Depth, Result
from batcher.status.metrics import Metrics
from batcher.status.server import StatusServer, parse_address
from batcher.status.snapshot import LaneSnapshot, WorkerSnapshot
from batcher.storage.results_directory import ResultsDirectory
from batcher.task_groups import open_task_group
from batcher.wiring.line_readers import line_reader
from batcher.wiring.pacers import Pacers, open_pacers
from batcher.worker.health import STUCK_AFTER, Health
from batcher.worker.message_consumer import MessageConsumer
from batcher.worker.spool_consumer import SpoolConsumer

LOOK_AT_DEPTH = 15.0  # seconds
RECENT = 20  # failures shown
PAUSE, LONGEST_PAUSE = 1.0, 30.0  # seconds before a queue that is not there is looked for again
FIXED = (
    "results",
    "results_to",
    "rotate_bytes",
    "rotate_seconds",
    "http",
    "lease",
    "grace",
    "log_level",
)
"""Settings that count from the start of the process to its end."""


class Worker:
    """Drains one queue.

    ``reload`` returns the settings anew; ``once``: end when the queue is empty.

    ``say`` is told, in words, what a person at the terminal wants to know.
    """

    def __init__(
        self,
        url: str,
        settings: Settings,
        *,
        reload: Callable[[], Settings],
        once: bool,
        log: FilteringBoundLogger,
        say: Callable[[str], None],
    ) -> None:
        self.name = shown(url)
        self.health = Health(log, grace=settings.grace)
        self.tally = Tally()
        self._url = url
        self._settings = settings
        self._reload = reload
        self._once = once
        self._log = log
        self._say = say
        self._clock = SystemClock()
        self._started_at = self._clock.wall()
        self._metrics = Metrics()
        self._recent: deque[Result] = deque(maxlen=RECENT)
        self._depth: Depth | None = None
        self._results: ResultsDirectory | None = None
        self._session: MessageConsumer | SpoolConsumer | None = None
        self._exit_code = 0

    async def run(self) -> int:
        """Work to the end; returns the exit code.

        Raises SettingsError, JournalError, QueueError, StatusError before the start.
        """
        async with AsyncExitStack() as stack:
            await self._check(self._settings)
            spool = spool_of(self._url)
            results = self._results = None if spool is not None else await self._open_results(stack)
            await self._show(stack)
            async with open_task_group() as beside:
                beside.start_soon(self.health.run_signals)
                beside.start_soon(self.health.run_heartbeat)
                if spool is not None:
                    await self._drain_spool(spool)
                elif results is not None:
                    await self._drain_messages(results)
                beside.cancel_scope.cancel()
        if self.health.interrupted:
            return 4
        return self._exit_code or (1 if self.tally.unsuccessful else 0)

    async def _check(self, settings: Settings) -> None:
        """Raise SettingsError for what would only come to light at the first update."""
        line_reader(settings)
        async with open_pacers(settings, clock=self._clock, log=self._log, warn=self._say):
            pass

    async def _open_results(self, stack: AsyncExitStack) -> ResultsDirectory:
        settings, ship = self._settings, None
        if settings.before:
            raise SettingsError(
                f"--before: only for a spool directory; results of {self.name} have no images."
            )
        if settings.results_to is not None:
            ship = await stack.enter_async_context(
                S3Uploader(settings.results_to, profile=settings.profile, region=settings.region)
            )
        return await stack.enter_async_context(
            ResultsDirectory(
                Path(settings.results),
                rotate_bytes=settings.rotate_bytes,
                rotate_seconds=settings.rotate_seconds,
                ship=ship,
            )
        )

    async def _show(self, stack: AsyncExitStack) -> None:
        if self._settings.http is not None:
            host, port = parse_address(self._settings.http)
            server = StatusServer(host, port, metrics=self._metrics, snapshot=self.snapshot)
            await stack.enter_async_context(server)
            self._say(f"Status: http://{server.address}/")

    # a directory of files

    async def _drain_spool(self, spool: SpoolDirectory) -> None:
        keeper = Keeper(on_result=self._note, on_attempt=self._metrics.attempted)

        async def work() -> None:
            session = self._session = SpoolConsumer(
                spool, self._settings, self.health, keeper, self._log
            )
            await session.run(once=self._once)
            if session.failed:
                self._exit_code = 1

        await self._sessions(spool, work)

    # a queue of messages

    async def _drain_messages(self, results: ResultsDirectory) -> None:
        backoff = Backoff(PAUSE, LONGEST_PAUSE)
        while not self.health.stop.is_set():
            try:
                async with open_queue(
                    self._url,
                    lease=self._settings.lease,
                    profile=self._settings.profile,
                    region=self._settings.region,
                ) as opened:
                    backoff.reset()
                    self.health.mark_healthy("queue")
                    await self._drain(opened, results)
                return
            except QueueError as error:
                if self._once:
                    raise
                self.health.mark_unhealthy("queue", str(error))
                await self.health.pause(backoff.next_pause())

    async def _drain(self, opened: OpenedQueue, results: ResultsDirectory) -> None:
        if not opened.dead_letters:
            self._log.warning(
                "queue.no_dead_letters", queue=self.name, doing="updates that fail leave the queue"
            )

        async def work() -> None:
            session = self._session = MessageConsumer(
                self.name,
                opened,
                self._settings,
                results,
                self.health,
                clock=self._clock,
                log=self._log,
                on_result=self._note,
                on_attempt=self._metrics.attempted,
                once=self._once,
            )
            await session.run()
            if session.cut_off is not None:
                raise session.cut_off

        await self._sessions(opened.office, work)

    # either of them

    async def _sessions(
        self, office: QueueAdmin | SpoolDirectory, work: Callable[[], Awaitable[None]]
    ) -> None:
        """One session after the other, each with the settings of its time, until there is no
        reason for another.
        """
        async with open_task_group() as beside:
            beside.start_soon(self._watch_depth, office)
            await work()
            while await self._reloaded():
                await work()
            beside.cancel_scope.cancel()
        if self._once and self.health.trouble is not None and not self.health.stop.is_set():
            self._say(f"Stopped: {self.health.trouble}")
            self._exit_code = 3

    async def _reloaded(self) -> bool:
        """Read the settings anew when that was asked for; False when it was not, or the worker
        stops anyway.
        """
        if self.health.stop.is_set() or not self.health.reload.is_set():
            return False
        self.health.reload.clear()
        try:
            new = self._reload()
            await self._check(new)
        except SettingsError as error:
            self._log.error("settings.not_reloaded", reason=str(error))
            return True
        kept = [name for name in FIXED if getattr(new, name) != getattr(self._settings, name)]
        self._log.warning("settings.reloaded", kept_until_restart=kept)
        self._settings = new
        return True

    # what it shows

    def _note(self, result: Result) -> None:
        self.tally.add(result)
        self._metrics.settled(result)
        if result.error is not None:
            self._recent.appendleft(result)

    async def _watch_depth(self, office: QueueAdmin | SpoolDirectory) -> None:
        while True:
            try:
                self._depth = await office.depth()
            except (BatcherError, OSError):
                self._depth = None
            await anyio.sleep(LOOK_AT_DEPTH)

    def snapshot(self) -> WorkerSnapshot:
        """What is true of the worker at this moment."""
        still = time.monotonic() - self.health.last_heartbeat
        return WorkerSnapshot(
            ready=self.health.trouble is None and not self.health.stop.is_set(),
            reason="it is stopping" if self.health.stop.is_set() else self.health.trouble,
            alive=still < STUCK_AFTER,
            queue=self.name,
            worker=f"{socket.gethostname()}:{os.getpid()}",
            started_at=self._started_at,
            heartbeat_at=time.time() - still,
            depth=self._depth,
            files_waiting=None if self._results is None else self._results.waiting,
            lanes=tuple(self._lanes()),
            recent=tuple(self._recent),
        )

    def _lanes(self) -> Iterator[LaneSnapshot]:
        match self._session:
            case MessageConsumer() as session:
                for target_worker in session.target_workers.values():
                    if target_worker.lane is not None:
                        yield _lane(session.pacers, target_worker.lane, target_worker.tally)
            case SpoolConsumer(bulk=bulk) if bulk is not None and bulk.runner is not None:
                for lane in bulk.runner.lanes:
                    yield _lane(bulk.pacers, lane, lane.tally)


def _lane(pacers: Pacers, lane: Lane, tally: Tally) -> LaneSnapshot:
    learned = pacers.learned(lane.pacer)
    return LaneSnapshot(
        target=lane.target,
        operation=UPDATE_TRIGGER,
        rate=lane.pacer.limiter.rate,
        quota=learned.rate if learned.doubt < 1 else None,
        in_flight=lane.pacer.in_flight,
        waiting=lane.pacer.waiting,
        token_seconds=lane.pacer.time_breakdown.seconds().token,
        counts=tally.counts(tally.done),
    )
