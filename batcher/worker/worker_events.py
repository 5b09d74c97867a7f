"""What hooks are told of a worker of messages: its start, first failure, outages, its end.

A file of a spool is a run, and tells as one.
"""

import socket
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import msgspec
from structlog.typing import FilteringBoundLogger

from batcher.accounting.tally import WELL, Tally
from batcher.config import Settings
from batcher.config.hook_settings import HookEvent
from batcher.engine.breaker_gate import Away
from batcher.hooks.cloud_event import CloudEvent
from batcher.hooks.hooks import Hooks
from batcher.jobs.run_events import failure_of, outage_of
from batcher.ports import Clock
from batcher.records import Result


class WorkerEvents:
    """Tells the hooks of a worker. ``queue``: its name; ``tally``: of all its results."""

    def __init__(
        self,
        settings: Settings,
        queue: str,
        tally: Tally,
        clock: Clock,
        log: FilteringBoundLogger,
    ) -> None:
        self._settings = settings
        self._queue = queue
        self._tally = tally
        self._session = uuid.uuid4().hex[:12]
        self._hooks = Hooks(settings.hooks, self._session, clock, log)
        self._failed = False

    @asynccontextmanager
    async def at_work(self) -> AsyncIterator[None]:
        """Tell of the start, and of the end when the body has ended. Raises HookError."""
        async with self._hooks.open():
            started = self._event("started")
            await self._hooks.ask("started", started)
            self._hooks.tell("started", started)
            try:
                yield
            finally:
                self._hooks.tell("ended", self._event("ended"))

    def settled(self, result: Result) -> None:
        """Take note of a result; of the first one without success hooks are told."""
        if not self._failed and result.status not in WELL:
            self._failed = True
            event = self._event("first_failure", failure=failure_of(result))
            self._hooks.tell("first_failure", event)

    def away(self, target: Away) -> None:
        """Tell of a target to which nothing is sent until it answers again."""
        event = self._event("breaker_opened", breaker=outage_of(target))
        self._hooks.tell("breaker_opened", event)

    def _event(self, on: HookEvent, **facts: object) -> CloudEvent:
        settings = self._settings
        place = {"queue": self._queue, "host": socket.gethostname(), "session": self._session}
        return self._hooks.event(
            on,
            kind="worker",
            source=f"/batcher/workers/{self._session}",
            subject=self._queue,
            data={
                "worker": place,
                "reason": settings.reason,
                "labels": settings.label.pairs if settings.label else {},
                "counts": msgspec.to_builtins(self._tally.counts(self._tally.done)),
                **facts,
            },
        )
