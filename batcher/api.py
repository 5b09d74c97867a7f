"""The library: ``update_many`` and ``iter_updates``.

No global state, no signal handlers, silent unless the logger ``batcher`` is configured. Usable in
any asyncio program.
"""

import asyncio
from collections import defaultdict
from collections.abc import AsyncGenerator, Callable, Coroutine
from contextlib import AsyncExitStack
from functools import partial
from typing import Any, Unpack

import anyio
from anyio.abc import TaskGroup
from msgspec import Struct

from batcher.accounting.tally import Tally
from batcher.clock import SystemClock
from batcher.config import Keywords, refuse_foreign, resolve
from batcher.engine.runner import Runner
from batcher.errors import AwsError, SettingsError, UpdatesFailed
from batcher.logs import logger
from batcher.records import Counts, Result, Update
from batcher.sources.feed import Feeds
from batcher.sources.iterable import Updates, read_iterable
from batcher.wiring.lanes import Lanes
from batcher.wiring.line_readers import line_reader
from batcher.wiring.pacers import open_pacers
from batcher.wiring.targets import TargetConnector


class BatchResult(Struct, frozen=True, kw_only=True):
    """What became of a batch. ``results``: one for each update that was taken up, in input order.

    ``stopped`` says why the batch, or which of its targets, ended early (``max_failures``, every
    call refused, credentials), else None.
    """

    results: list[Result]
    counts: Counts
    stopped: str | None = None

    @property
    def failed(self) -> list[Result]:
        """The results that are no success: failed, in_doubt, invalid, stale."""
        well = ("succeeded", "unchanged")
        return [result for result in self.results if result.status not in well]

    def raise_for_failures(self) -> None:
        """Raise UpdatesFailed when an update did not succeed."""
        if failed := self.failed:
            raise UpdatesFailed(failed)


async def update_many(
    updates: Updates, *, client: Any | None = None, **settings: Unpack[Keywords]
) -> BatchResult:
    """Send updates within the quota and return one result for each.

    ``updates``: dicts in the update format (members of UpdateEventTriggerRequest, and optionally
    ``id`` and ``target``), from an iterable or async iterable. ``client``: a ready aiobotocore
    ``customer-profiles`` client to use instead of a new one; its own retries should be off.
    ``settings``: as in the reference of settings, e.g. ``rate=5``. A failed update is a result, not
    an exception. ``remember=True`` starts from the quota that earlier runs found, and keeps what
    this one finds, in the user's state directory. Raises SettingsError, AwsError, CredentialsError.
    """
    batch = _Batch(client, settings)
    results = [result async for result in batch.results(updates)]
    results.sort(key=lambda result: result.line)
    return BatchResult(results=results, counts=batch.counts(), stopped=batch.stopped)


async def iter_updates(
    updates: Updates, *, client: Any | None = None, **settings: Unpack[Keywords]
) -> AsyncGenerator[Result, None]:
    """Send updates and yield each result as it comes; leaving the loop cancels what is in flight.

    Holds a few hundred updates at a time; with several targets up to 50,000, so that a slow one
    does not hold the others back. Arguments and errors as for ``update_many``.
    """
    results = _Batch(client, settings).results(updates)
    try:
        async for result in results:
            yield result
    finally:
        await results.aclose()


class _NoJournal:
    """A Journal that keeps nothing: the caller has the results."""

    async def append(self, result: Result) -> None:
        return None


class _Batch:
    """One call of the library, from settings to results."""

    def __init__(self, client: Any | None, settings: Keywords) -> None:
        refuse_foreign(settings, "library")
        # a library keeps off its user's files unless asked
        self._settings = resolve({"remember": False} | settings)
        self._reader = line_reader(self._settings)
        self._connector = TargetConnector(self._settings, client)
        self._feeds = Feeds(self._settings.known_targets)
        self._clock = SystemClock()
        self._log = logger()
        self._tallies: defaultdict[str, Tally] = defaultdict(Tally)
        self._read = 0
        self._send, self._receive = anyio.create_memory_object_stream[Result](0)
        self._runner = Runner(
            journal=_NoJournal(),
            log=self._log,
            max_failures=self._settings.max_failures,
            on_result=self._send.send,
        )

    @property
    def stopped(self) -> str | None:
        return self._runner.stopped

    def counts(self) -> Counts:
        whole = Tally()
        for tally in self._tallies.values():
            whole.merge(tally)
        return whole.counts(self._read)

    async def results(self, updates: Updates) -> AsyncGenerator[Result, None]:
        # A plain task, so that a consumer may leave this generator from any task and at any time.
        work = asyncio.create_task(self._work(updates))
        try:
            async with self._receive:
                async for result in self._receive:
                    yield result
            await work
        finally:
            work.cancel()
            with anyio.CancelScope(shield=True):
                await asyncio.wait([work])
            if not work.cancelled():
                work.exception()  # told of above, or of no interest to who left early

    async def _work(self, updates: Updates) -> None:
        opened = open_pacers(self._settings, clock=self._clock, log=self._log)
        async with self._send, opened as pacers, AsyncExitStack() as stack:
            lanes = Lanes(self._settings, pacers, clock=self._clock, log=self._log)

            async def feed(tasks: TaskGroup) -> None:
                try:
                    await self._feed(updates, partial(self._open, lanes, stack, tasks), tasks)
                finally:
                    self._feeds.end()

            try:
                await self._runner.run(feed)
            finally:
                pacers.remember()

    async def _feed(
        self,
        updates: Updates,
        open_target: Callable[[str], Coroutine[Any, Any, None]],
        tasks: TaskGroup,
    ) -> None:
        default = self._settings.target
        async for position, update in read_iterable(updates, self._reader):
            self._read = position
            if not isinstance(update, Update):
                message = "; ".join(str(violation) for violation in update)
                invalid = Result.invalid(position, default, message, self._clock.wall())
                await self._runner.keep(self._tallies[default], invalid)
                continue
            if update.target not in self._feeds:
                tasks.start_soon(open_target, update.target)
            if not await self._feeds.put(update):
                return

    async def _open(self, lanes: Lanes, stack: AsyncExitStack, tasks: TaskGroup, name: str) -> None:
        """Connect a target and set its lane to work, while other targets are at work already."""
        feed = self._feeds[name]
        try:
            target = await stack.enter_async_context(self._connector.target(name))
            if self._settings.remember:
                await target.account()
        except (AwsError, SettingsError) as error:
            feed.close()
            self._runner.give_up(name, error)
            return
        lane = lanes.lane(target, feed, self._tallies[name], on_close=feed.close)
        self._runner.start(lane, tasks)
