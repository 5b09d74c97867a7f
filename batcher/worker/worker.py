"""A worker from its start to its end: its queue, its sessions, its status, its exit code.

A session has one set of settings; SIGHUP ends it and begins another.
"""

from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import KW_ONLY, dataclass
from math import inf
from pathlib import Path

import anyio.to_thread
import msgspec
from structlog.typing import FilteringBoundLogger

from batcher.aws.s3_upload import S3Uploader
from batcher.backoff import Backoff
from batcher.clock import SystemClock
from batcher.config import Settings
from batcher.control.server import serving_alone
from batcher.control.watching import watching
from batcher.engine.pace_control import PaceControl
from batcher.errors import QueueError, SettingsError, UnusableQueueError
from batcher.foreign_text import shown_url
from batcher.jobs.run_order import Unattended
from batcher.ports import AttemptMade, QueueAdmin
from batcher.queues.factory import OpenedQueue, open_queue, spool_of
from batcher.queues.spool_directory import SpoolDirectory
from batcher.records import Result
from batcher.status.access import token_for
from batcher.status.address import parse_address
from batcher.status.server import StatusServer
from batcher.storage.results_directory import ResultsDirectory
from batcher.target_identity import TargetIdentity
from batcher.task_groups import open_task_group
from batcher.telemetry.telemetry import FLUSH_WITHIN, Telemetry
from batcher.wiring.line_readers import line_reader
from batcher.wiring.pacers import open_pacers
from batcher.worker.health import Health
from batcher.worker.message_consumer import MessageConsumer
from batcher.worker.spool_consumer import SpoolConsumer
from batcher.worker.worker_control import WorkerAtWork
from batcher.worker.worker_events import WorkerEvents
from batcher.worker.worker_status import WorkerStatus

TARGETS_LOGGED = 100  # those not well before the others
PAUSE, LONGEST_PAUSE = 1.0, 30.0  # seconds before a queue that is not there is looked for again
_OF_RESULTS = ("results", "results_to", "rotate_bytes", "rotate_seconds")
_OF_HTTP = ("http", "http_token", "http_token_file")
FIXED = (*_OF_RESULTS, *_OF_HTTP, "control", "lease", "grace", "log_level", "hooks", "otlp")
"""Settings that count from the start of the process to its end."""


@dataclass(eq=False, repr=False)
class Worker:
    """Drains one queue.

    ``reload`` returns the settings anew; ``once``: end when the queue is empty. ``say`` is told, in
    words, what a person at the terminal wants to know.
    """

    url: str
    settings: Settings
    _: KW_ONLY
    reload: Callable[[], Settings]
    once: bool
    log: FilteringBoundLogger
    say: Callable[[str], None]

    def __post_init__(self) -> None:
        self.name = shown_url(self.url)
        self._clock = SystemClock()
        self._control = PaceControl(self._clock)
        self._health = Health(self.log, grace=self.settings.grace)
        self._status = WorkerStatus(self.name, self._health, self._clock, self._control)
        self._events = WorkerEvents(
            self.settings, self.name, self._status.tally, self._clock, self.log
        )
        self._telemetry = Telemetry(
            self.settings.otlp,
            kind="worker",
            session=self._status.name,
            clock=self._clock,
            log=self.log,
            flush_within=min(FLUSH_WITHIN, self.settings.grace),
        )
        self._telemetry.say = self.say
        self._telemetry.lanes = lambda: self._status.lanes()
        self._telemetry.depth = lambda: self._status.depth
        self._exit_code = 0
        self._said = False  # that it is at work

    async def run(self) -> int:
        """Work to the end; returns the exit code.

        Raises SettingsError, HookError, JournalError, QueueError, StatusError, ControlError before
        the start.
        """
        async with AsyncExitStack() as stack:
            await self._check(self.settings)
            status = self._status_server()
            spool = spool_of(self.url)
            if spool is None:
                await stack.enter_async_context(self._events.at_work())
            results = None if spool is not None else await self._open_results(stack)
            if status is not None:
                await stack.enter_async_context(status)
                self.say(f"Status: http://{status.address}/")
            await stack.enter_async_context(self._telemetry.open())
            if (path := self.settings.control) is not None:
                at_work = WorkerAtWork(self._status, self._health)
                server = serving_alone(Path(path), at_work, self._control, self.log)
                await stack.enter_async_context(server)
            background = await stack.enter_async_context(open_task_group())
            background.start_soon(self._health.run_signals)
            background.start_soon(self._health.run_heartbeat)
            if status is not None:
                background.start_soon(self._status.watch_pace)
                background.start_soon(self._status.watch_members)
            if spool is not None:
                await self._drain_spool(spool)
            elif results is not None:
                await self._drain_messages(results)
            if self._health.stop_now.is_set():
                self._telemetry.hurry()
            background.cancel_scope.cancel()
        if self._health.stop.is_set():
            return 4
        return self._exit_code or (1 if self._status.tally.unsuccessful else 0)

    def log_state(self) -> None:
        """Put into the log where it stands, for who has asked for that by a signal."""
        found, tally = self._status.snapshot().brief(TARGETS_LOGGED), self._status.tally
        self.log.warning(
            "worker.state",
            ready=found.ready,
            reason=found.reason,
            paused=found.paused,
            done=tally.done,
            failed=tally.unsuccessful,
            errors=dict(tally.errors.most_common()),
            depth=msgspec.to_builtins(found.depth),
            targets=[
                {
                    "target": lane.target,
                    "operation": lane.operation,
                    "rate": lane.rate,
                    "quota": lane.quota,
                    "in_flight": lane.in_flight,
                    "waiting": lane.waiting,
                }
                for lane in found.lanes
            ],
            more_targets=found.more_targets,
            more_well=found.more_well,
        )

    async def _check(self, settings: Settings) -> None:
        """Raise SettingsError for what would only come to light at the first update."""
        line_reader(settings)
        async with open_pacers(settings, clock=self._clock, log=self.log, warn=self.say):
            pass

    async def _open_results(self, stack: AsyncExitStack) -> ResultsDirectory:
        settings, uploader = self.settings, None
        if settings.results_to is not None:
            uploader = await stack.enter_async_context(
                S3Uploader(settings.results_to, profile=settings.profile, region=settings.region)
            )
        results = ResultsDirectory(
            Path(settings.results),
            rotate_bytes=settings.rotate_bytes,
            rotate_seconds=settings.rotate_seconds,
            uploader=uploader,
        )
        self._status.files_waiting = lambda: results.waiting
        self._status.folder = settings.results
        return await stack.enter_async_context(results)

    def _status_server(self) -> StatusServer | None:
        """Raises SettingsError."""
        settings = self.settings
        if settings.http is None:
            return None
        host, port = parse_address(settings.http)
        given = None if settings.http_token is None else str(settings.http_token)
        return StatusServer(
            host,
            port,
            metrics=self._status.metrics,
            snapshot=self._status.snapshot,
            history=self._status.history,
            token=token_for(host, port, given, settings.http_token_file),
        )

    async def _drain_spool(self, spool: SpoolDirectory) -> None:
        unattended = Unattended(
            on_result=self._count,
            on_attempt=self._count_attempt,
            on_kept=self._status.keep,
            on_breaker=self._health.mark_target,
        )

        async def session() -> None:
            limit = self.settings.outage_limit if self.once else inf
            order = msgspec.structs.replace(unattended, outage_limit=limit)
            consumer = SpoolConsumer(
                spool, self.settings, self._health, order, self.log, self._control
            )
            self._status.lanes = consumer.runner.lane_snapshots
            self._status.pacers = consumer.runner.pacers
            await consumer.run(once=self.once)
            if consumer.failed:
                self._exit_code = 1

        self._say_once()
        await self._run_sessions(spool, session)

    async def _drain_messages(self, results: ResultsDirectory) -> None:
        backoff, first = Backoff(PAUSE, LONGEST_PAUSE), self.settings
        while not self._health.stop.is_set():
            given = self.settings
            try:
                async with open_queue(
                    self.url, lease=first.lease, profile=given.profile, region=given.region
                ) as opened:
                    backoff.reset()
                    self._health.mark_healthy("queue")
                    self._say_once()
                    await self._drain(opened, results)
                return
            except (QueueError, SettingsError) as error:
                wrong = isinstance(error, UnusableQueueError | SettingsError)
                # wrong settings that came by a reload are put right by another
                if self.once or (wrong and given is first):
                    raise
                self._health.mark_unhealthy("queue", str(error))
                await self._health.pause(backoff.next_pause())
                if await self._reloaded():
                    backoff.reset()

    async def _drain(self, opened: OpenedQueue, results: ResultsDirectory) -> None:
        if not opened.dead_letters:
            self.log.warning(
                "queue.no_dead_letters", queue=self.name, doing="updates that fail leave the queue"
            )
        for risk in opened.risks:
            self.log.warning("queue.may_be_lost", queue=self.name, reason=risk)

        async def session() -> None:
            consumer = MessageConsumer(
                name=self.name,
                opened=opened,
                settings=self.settings,
                results=results,
                health=self._health,
                clock=self._clock,
                log=self.log,
                control=self._control,
                on_result=self._note,
                on_away=self._events.away,
                on_attempt=self._count_attempt,
                on_kept=self._status.keep,
                once=self.once,
            )
            self._status.lanes = consumer.lane_snapshots
            self._status.pacers = lambda: consumer.pacers
            await consumer.run()

        await self._run_sessions(opened.admin, session)

    def _count(self, result: Result) -> None:
        self._status.count(result)
        self._telemetry.settled(result)

    def _count_attempt(self, made: AttemptMade, place: TargetIdentity) -> None:
        self._status.count_attempt(made, place)
        self._telemetry.attempted(made, place)

    def _note(self, result: Result) -> None:
        self._count(result)
        self._events.settled(result)

    def _say_once(self) -> None:
        """Say that it is at work, as soon as its queue can be worked on."""
        if not self._said:
            self._said = True
            self.say(f"Draining {self.name}. Ctrl-C finishes what is in flight and ends.")

    async def _run_sessions(
        self, admin: QueueAdmin | SpoolDirectory, session: Callable[[], Awaitable[None]]
    ) -> None:
        """Run one session after the other, for as long as settings are reloaded."""
        async with open_task_group() as background:
            background.start_soon(self._status.watch_depth, admin)
            await self._steered(session)
            while await self._reloaded():
                await self._steered(session)
            background.cancel_scope.cancel()
        not_ready = self._health.not_ready
        if self.once and not_ready is not None and not self._health.stop.is_set():
            self.say(f"Stopped: {not_ready}")
            self._exit_code = 3

    async def _steered(self, session: Callable[[], Awaitable[None]]) -> None:
        """Run a session, which keeps to its hold file and its timetable."""
        async with watching(self.settings, self._control, self.log):
            await session()

    async def _reloaded(self) -> bool:
        """Whether a session ended for new settings, which are read now; wrong ones are left."""
        if self._health.stop.is_set() or not self._health.reload.is_set():
            return False
        self._health.reload.clear()
        try:
            new = await anyio.to_thread.run_sync(self.reload)  # accounts may have to be listed
            await self._check(new)
        except SettingsError as error:
            self.log.error("settings.not_reloaded", reason=str(error))
            return True
        kept = [name for name in FIXED if getattr(new, name) != getattr(self.settings, name)]
        self.log.warning("settings.reloaded", kept_until_restart=kept)
        self.settings = new
        self._health.keep_targets(new.known_targets)
        return True
