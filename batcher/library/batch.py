"""One batch: a caller's updates handed to the engine, and its results handed to the caller.

A result is in the caller's hands before anything else is done with it. What his own code raises
ends the batch in order: nothing new is sent, what is in flight is finished, then it is raised.
"""

import asyncio
from collections import defaultdict
from collections.abc import Callable, Coroutine
from contextlib import AsyncExitStack, aclosing
from functools import partial
from typing import Any

from anyio.abc import TaskGroup

from batcher import records
from batcher.accounting.tally import Tally, added_up
from batcher.clock import SystemClock
from batcher.engine.runner import Runner
from batcher.errors import AwsError, SettingsError
from batcher.library.argument_names import result_of_arguments, told_of_arguments
from batcher.library.batch_order import BatchOrder
from batcher.library.meter import Meter
from batcher.library.result_keepers import ResultKeeper
from batcher.logs import logger
from batcher.public_records import Counts, Result
from batcher.records import Update
from batcher.sources.feed import Feed, Feeds
from batcher.sources.iterable import read_iterable
from batcher.updates.violations import Violation
from batcher.wiring.lanes import Lanes
from batcher.wiring.line_readers import line_reader
from batcher.wiring.pacers import open_pacers
from batcher.wiring.places import expected_places, trigger_place
from batcher.wiring.targets import TargetConnector

# of the caller's own code; an interrupt goes straight through
ENDING = (Exception, SystemExit)


class Batch:
    """A batch at work, in the event loop in which it is made; to the engine, its ResultStore.

    ``stopped`` says why it ended early, else None.
    """

    def __init__(self, order: BatchOrder, keeper: ResultKeeper) -> None:
        self._order = order
        self._keeper = keeper
        settings, self._clock, self._log = (
            order.settings,
            SystemClock(),
            logger(**order.settings.logged),
        )
        self._settings = settings
        self._connector = TargetConnector(settings, order.client)
        # lines that name no target are not expected where targets have names
        self._feeds = Feeds(settings.each_target, expected_places(settings))
        self._tallies: defaultdict[str, Tally] = defaultdict(Tally)
        self._read = 0
        self._meter = Meter(order.total, self._clock.now())
        self._reading: asyncio.Timeout | None = None
        self._error: BaseException | None = None
        self._runner = Runner(
            journal=self,
            log=self._log,
            max_failures=settings.max_failures,
            on_result=lambda record: keeper.room(),
        )

    def __repr__(self) -> str:
        return f"<Batch: {self.counts()}>"

    @property
    def stopped(self) -> str | None:
        why = self._runner.stopped
        return None if why is None else told_of_arguments(why)

    def counts(self) -> Counts:
        """What came of the updates that were read so far."""
        return Counts.of(added_up(self._tallies.values()).counts(self._read))

    async def run(self) -> None:
        """Send every update, and keep a result for each that was begun, whatever is raised.

        Raises CredentialsError, and what the caller's own code raised.
        """
        opened = open_pacers(self._settings, clock=self._clock, log=self._log)
        async with opened as pacers, AsyncExitStack() as stack:
            lanes = Lanes(self._settings, pacers, clock=self._clock, log=self._log)

            async def feed(tasks: TaskGroup) -> None:
                await self._feed(partial(self._open, lanes, stack, tasks), tasks)

            try:
                await self._runner.run(feed)
            finally:
                pacers.remember()
        self._tell_progress()
        if self._error is not None:
            raise self._error

    async def append(self, record: records.Result) -> None:
        """Keep a result: the engine's port ResultStore."""
        self._keep(record)
        if record.target in self._feeds:  # else nothing was put there: a wrong entry named it
            self._feeds.settled(record.target, record.line)

    async def _feed(
        self, open_target: Callable[[str], Coroutine[Any, Any, None]], tasks: TaskGroup
    ) -> None:
        """Hand the caller's updates on while anybody takes them.

        Ended early it cancels his iterable once, as ``asyncio.timeout`` does, so that its own
        cleanup may await what it has to.
        """
        reading = asyncio.timeout(None)
        try:
            async with reading as self._reading:
                await self._read_all(open_target, tasks)
        except ENDING as error:
            self._reading = None
            if not (isinstance(error, TimeoutError) and reading.expired()):
                self._fail(error)
        finally:
            self._reading = None
            self._feeds.end()

    async def _read_all(
        self, open_target: Callable[[str], Coroutine[Any, Any, None]], tasks: TaskGroup
    ) -> None:
        reader = line_reader(self._settings)
        async with aclosing(read_iterable(self._order.updates, reader)) as entries:
            async for position, target, update in entries:
                self._read = position
                if not isinstance(update, Update):
                    await self._refuse(position, target, update)
                    continue
                if update.target not in self._feeds:
                    tasks.start_soon(open_target, update.target)
                if not await self._feeds.put(update):
                    return
        self._meter.total = self._read

    async def _refuse(self, position: int, target: str, violations: list[Violation]) -> None:
        message = "; ".join(map(str, violations))
        invalid = records.Result.invalid(position, target, message, self._clock.wall())
        await self._runner.keep(self._tallies[target], invalid)

    async def _open(self, lanes: Lanes, stack: AsyncExitStack, tasks: TaskGroup, name: str) -> None:
        """Connect a target and set its lane to work, while other targets are at work already."""
        feed = self._feeds[name]
        try:
            target = await stack.enter_async_context(self._connector.target(name))
            if self._settings.remember or len(self._settings.targets) > 1:
                await target.account()
        except (AwsError, SettingsError) as error:
            self._close(feed)
            self._feeds.drop(name)
            self._runner.give_up(name, error)
            return
        self._feeds.open(name, trigger_place(target))
        lane = lanes.lane(
            target,
            feed,
            self._tallies[name],
            on_close=partial(self._close, feed),
            on_interrupted=self._keep_interrupted,
        )
        lane.on_end = partial(self._feeds.drop, name)
        self._runner.start(lane, tasks)

    def _close(self, feed: Feed) -> None:
        feed.close()
        if self._feeds.closed:
            self._stop_reading()

    def _stop_reading(self) -> None:
        if self._reading is not None:
            self._reading.reschedule(0)
            self._reading = None

    def _keep_interrupted(self, record: records.Result) -> None:
        self._tallies[record.target].add(record)
        self._keep(record)

    def _keep(self, record: records.Result) -> None:
        result = Result.of(result_of_arguments(record))
        self._keeper.put(result)
        self._meter.add(result, self._clock.now())
        try:
            if self._order.on_result is not None:
                self._order.on_result(result)
        except ENDING as error:
            self._fail(error)
        if self._meter.is_due(self._clock.now()):
            self._tell_progress()

    def _tell_progress(self) -> None:
        if self._order.on_progress is None or self._error is not None:
            return
        try:
            self._order.on_progress(self._meter.progress(self._clock.now()))
        except ENDING as error:
            self._fail(error)

    def _fail(self, error: BaseException) -> None:
        """End the batch in order because of what the caller's own code has raised."""
        if self._error is None:
            self._error = error
        self._runner.close_lanes(f"the program's own code raised {type(error).__name__}")
        self._stop_reading()
