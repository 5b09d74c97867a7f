"""The library door: ``update_many`` and ``iter_updates``.

No global state, no signal handlers, silent unless the logger ``batcher`` is configured. Usable in any asyncio program.
"""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterable, AsyncIterator, Iterable, Mapping
from contextlib import AsyncExitStack
from typing import Any, Unpack

import anyio
from anyio.abc import TaskGroup
from anyio.streams.memory import MemoryObjectReceiveStream, MemoryObjectSendStream
from msgspec import Struct

from batcher.clock import SystemClock
from batcher.config import Keywords, resolve
from batcher.engine.runner import Runner
from batcher.errors import UpdatesFailed
from batcher.logs import logger
from batcher.records import Counts, Error, Result, Update
from batcher.rules.lines import LineReader
from batcher.rules.tally import Tally
from batcher.sources.iterable import IterableSource
from batcher.wiring import Workshop

Updates = Iterable[Mapping[str, Any]] | AsyncIterable[Mapping[str, Any]]

AHEAD = 100  # updates read ahead of each target; what bounds the memory of iter_updates


class BatchResult(Struct, frozen=True, kw_only=True):
    """What became of a batch. ``results``: one for each update that was taken up, in input order.

    ``stopped`` says why the batch ended early (``max_failures``, every call refused), else None.
    """

    results: list[Result]
    counts: Counts
    stopped: str | None = None

    @property
    def failed(self) -> list[Result]:
        """Those that did not succeed: failed, in_doubt, invalid, stale."""
        return [result for result in self.results if result.status not in ("succeeded", "unchanged")]

    def raise_for_failures(self) -> None:
        """Raise UpdatesFailed when an update did not succeed."""
        if failed := self.failed:
            raise UpdatesFailed(failed)


async def update_many(updates: Updates, *, client: Any | None = None, **settings: Unpack[Keywords]) -> BatchResult:
    """Send updates within the quota and return one result for each.

    ``updates``: dicts in the update format (members of UpdateEventTriggerRequest, and optionally ``id`` and ``target``),
    from an iterable or async iterable. ``client``: a ready aiobotocore ``customer-profiles`` client to use instead of a
    new one; its own retries should be off. ``settings``: as in the reference of settings, e.g. ``rate=5``. A failed
    update is a result, not an exception. Raises SettingsError, AwsError, CredentialsError.
    """
    batch = _Batch(client, settings)
    results = [result async for result in batch.results(updates)]
    results.sort(key=lambda result: result.line)
    return BatchResult(results=results, counts=batch.counts(), stopped=batch.stopped)


async def iter_updates(
    updates: Updates, *, client: Any | None = None, **settings: Unpack[Keywords]
) -> AsyncGenerator[Result, None]:
    """Send updates and yield each result as it comes; holds nothing. Arguments and errors as for ``update_many``.

    Leaving the loop early cancels what is in flight.
    """
    results = _Batch(client, settings).results(updates)
    try:
        async for result in results:
            yield result
    finally:
        await results.aclose()


class _NoJournal:
    """The caller keeps the results."""

    async def append(self, result: Result) -> None:
        return None


class _Feed:
    """The updates of one target, handed over as they are read: a Source that can't look back."""

    looks_back = False

    def __init__(self) -> None:
        self.send: MemoryObjectSendStream[Update]
        self._receive: MemoryObjectReceiveStream[Update]
        self.send, self._receive = anyio.create_memory_object_stream[Update](AHEAD)

    async def __aiter__(self) -> AsyncIterator[Update]:
        async with self._receive:
            async for update in self._receive:
                yield update

    def again(self, line: int) -> Update:
        raise LookupError(line)


class _Batch:
    """One call of the library, from settings to results."""

    def __init__(self, client: Any | None, settings: Keywords) -> None:
        self._client = client
        self._settings = resolve(settings)
        self._clock = SystemClock()
        self._log = logger()
        self._tallies: dict[str, Tally] = {}
        self._runner: Runner | None = None
        self._read = 0

    @property
    def stopped(self) -> str | None:
        return self._runner.stopped if self._runner else None

    def counts(self) -> Counts:
        whole = Tally()
        for tally in self._tallies.values():
            whole.merge(tally)
        return whole.counts(self._read)

    async def results(self, updates: Updates) -> AsyncGenerator[Result, None]:
        send, receive = anyio.create_memory_object_stream[Result](0)
        # A plain task, so that a consumer may leave this generator from any task and at any time.
        work = asyncio.create_task(self._work(updates, send))
        try:
            async with receive:
                async for result in receive:
                    yield result
            await work
        finally:
            work.cancel()
            await asyncio.wait([work])

    async def _work(self, updates: Updates, send: MemoryObjectSendStream[Result]) -> None:
        self._runner = Runner(
            journal=_NoJournal(), log=self._log, max_failures=self._settings.max_failures, on_result=send.send
        )
        async with send, AsyncExitStack() as stack:
            shop = Workshop(self._settings, clock=self._clock, log=self._log)
            feeds: dict[str, _Feed] = {}

            async def feed(tasks: TaskGroup) -> None:
                try:
                    await self._feed(updates, shop, feeds, stack, tasks)
                finally:
                    for each in feeds.values():
                        each.send.close()

            await self._runner.run(feed)

    async def _feed(
        self, updates: Updates, shop: Workshop, feeds: dict[str, _Feed], stack: AsyncExitStack, tasks: TaskGroup
    ) -> None:
        runner = self._runner
        assert runner is not None
        reader = LineReader(shop.model, self._settings.target, shop.known_targets)
        async for position, update in IterableSource(updates, reader):
            self._read = position
            if not isinstance(update, Update):
                await runner.keep(self._tally(self._settings.target), self._invalid(position, update))
                continue
            if update.target not in feeds:
                feeds[update.target] = _Feed()
                target = await stack.enter_async_context(shop.target(update.target, self._client))
                runner.start(shop.lane(target, feeds[update.target], self._tally(update.target)), tasks)
            try:
                await feeds[update.target].send.send(update)
            except anyio.BrokenResourceError:
                return  # the lane has stopped taking

    def _tally(self, target: str) -> Tally:
        return self._tallies.setdefault(target, Tally())

    def _invalid(self, position: int, faults: list[Any]) -> Result:
        now = self._clock.wall()
        return Result(
            id=str(position),
            line=position,
            target=self._settings.target,
            domain=None,
            trigger=None,
            status="invalid",
            error=Error(code="Invalid", message="; ".join(str(fault) for fault in faults)),
            started_at=now,
            finished_at=now,
        )
