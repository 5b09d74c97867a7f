"""The run: updates taken in order, worked on side by side, each result kept before anything depends on it.

Reads as: intake → settle → journal → next of the same trigger. Several lanes, one a target, that share nothing but the
journal.
"""

from array import array
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable

import anyio
from anyio.abc import TaskGroup
from structlog.typing import FilteringBoundLogger

from batcher.engine.pacing import Pacer
from batcher.engine.retrying import Retrying
from batcher.ports import Journal, Source
from batcher.records import Result, Update
from batcher.rules.tally import Tally, stop_reason

WORKERS_PER_SLOT = 4  # an update that backs off, or waits for the disk, holds a worker but no slot
PARKED_AT_MOST = 10_000  # updates held in memory behind a busy trigger, for a source that can't look back


class Intake:
    """Hands out the updates of a source in order, at most one at a time of each trigger."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self._updates: AsyncIterator[Update] = aiter(source)
        self._reading = anyio.Lock(fast_acquire=True)
        self._parked: dict[tuple[str, str], _Parked] = {}
        self._ready: deque[Update] = deque()
        self._parked_whole = 0
        self._exhausted = False
        self._changed = anyio.Event()
        self.closed = False

    async def take(self) -> Update | None:
        """The next update whose trigger nobody works on; None when there is none left, or the intake is closed."""
        async with self._reading:
            while not self.closed:
                if self._ready:
                    return self._ready.popleft()
                if self._exhausted and not self._waiting:
                    return None
                if self._exhausted or self._parked_whole >= PARKED_AT_MOST:
                    await self._changed.wait()
                    self._changed = anyio.Event()
                    continue
                if (update := await anext(self._updates, None)) is None:
                    self._exhausted = True
                elif self._admit(update):
                    return update
        return None

    def settled(self, update: Update) -> None:
        """The trigger of that update is free again: its next update, if one is parked, goes first."""
        key = (update.domain, update.trigger)
        parked = self._parked[key]
        if not len(parked):
            del self._parked[key]
        else:
            self._ready.append(self._recall(parked))
        self._changed.set()

    def close(self) -> None:
        self.closed = True
        self._changed.set()

    @property
    def _waiting(self) -> bool:
        return any(len(parked) for parked in self._parked.values())

    def _admit(self, update: Update) -> bool:
        key = (update.domain, update.trigger)
        if (parked := self._parked.get(key)) is None:
            self._parked[key] = _Parked()
            return True
        if self._source.looks_back:
            parked.lines.append(update.line)
        else:
            parked.whole.append(update)
            self._parked_whole += 1
        return False

    def _recall(self, parked: "_Parked") -> Update:
        if parked.whole:
            self._parked_whole -= 1
            return parked.whole.popleft()
        return self._source.again(parked.next_line())


class _Parked:
    """Updates that wait for their trigger: whole ones, or only their lines (4 bytes each)."""

    __slots__ = ("at", "lines", "whole")

    def __init__(self) -> None:
        self.whole: deque[Update] = deque()
        self.lines = array("L")
        self.at = 0

    def __len__(self) -> int:
        return len(self.whole) + len(self.lines) - self.at

    def next_line(self) -> int:
        self.at += 1
        return self.lines[self.at - 1]


class Lane:
    """One target at work: its source, its pacer, its retrying, its tally."""

    def __init__(self, *, target: str, source: Source, pacer: Pacer, retrying: Retrying, tally: Tally) -> None:
        self.target = target
        self.intake = Intake(source)
        self.pacer = pacer
        self.retrying = retrying
        self.tally = tally

    def close(self) -> None:
        """Take in nothing new and turn away who waits for a first attempt."""
        self.intake.close()
        self.pacer.drain()

    def __repr__(self) -> str:
        return f"<Lane {self.target}: {self.tally.done} done, {self.pacer!r}>"


class Runner:
    """Runs lanes side by side to their end, until something says stop."""

    def __init__(
        self,
        *,
        journal: Journal,
        log: FilteringBoundLogger,
        max_failures: str | None = None,
        on_result: Callable[[Result], Awaitable[None]] | None = None,
    ) -> None:
        self.lanes: list[Lane] = []
        self.stopped: str | None = None
        self._journal = journal
        self._log = log
        self._max_failures = max_failures
        self._on_result = on_result
        self._scope = anyio.CancelScope()
        self._feeding = anyio.CancelScope()

    async def run(self, feed: Callable[[TaskGroup], Awaitable[None]]) -> None:
        """Work until every lane that ``feed`` starts is empty, drained or aborted.

        Raises what ends a run: JournalError, InputError, CredentialsError.
        """
        try:
            with self._scope:
                async with anyio.create_task_group() as tasks:
                    with self._feeding:
                        await feed(tasks)
        except BaseExceptionGroup as group:
            raise cause_of(group) from None

    def start(self, lane: Lane, tasks: TaskGroup) -> None:
        """Set workers on a lane."""
        self.lanes.append(lane)
        if self.stopped is not None:
            lane.close()
        for _ in range(WORKERS_PER_SLOT * lane.pacer.slots):
            tasks.start_soon(self._work, lane)

    def drain(self, reason: str) -> None:
        """Take nothing new, finish what is in flight."""
        if self.stopped is None:
            self.stopped = reason
            self._log.warning("run.draining", reason=reason)
        self._feeding.cancel()
        for lane in self.lanes:
            lane.close()

    def abort(self) -> None:
        """Stop now. What is in flight gets no result, and is sent again by a resume."""
        self._scope.cancel()

    async def _work(self, lane: Lane) -> None:
        while (update := await lane.intake.take()) is not None:
            result = await lane.retrying.settle(update)
            if result is not None:
                await self.keep(lane.tally, result)
            lane.intake.settled(update)

    async def keep(self, tally: Tally, result: Result) -> None:
        """Make a result durable, count it, tell of it, and stop the run when it says so."""
        await self._journal.append(result)
        tally.add(result)
        self._say(result)
        if self._on_result is not None:
            await self._on_result(result)
        if self.stopped is None and (reason := stop_reason(tally, self._max_failures)):
            self.drain(reason)

    def _say(self, result: Result) -> None:
        say = self._log.info if result.status in ("succeeded", "unchanged") else self._log.warning
        say(
            "update.settled",
            id=result.id,
            line=result.line,
            target=result.target,
            domain=result.domain,
            trigger=result.trigger,
            status=result.status,
            attempts=result.attempts,
            throttles=result.throttles,
            code=result.error.code if result.error else None,
        )


def cause_of(group: BaseExceptionGroup[BaseException]) -> BaseException:
    """The first error of a group that ended a run: all its workers tend to fail of the same."""
    first = group.exceptions[0]
    return cause_of(first) if isinstance(first, BaseExceptionGroup) else first
