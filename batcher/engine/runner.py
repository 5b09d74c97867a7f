"""The workers of a run: each takes an update, settles it, keeps the result, releases the trigger.

Lanes, one a target, share nothing but the journal. What becomes of one update is not decided here.
"""

from collections.abc import Awaitable, Callable, Coroutine
from logging import INFO
from typing import Any, TypeAlias

import anyio
from anyio.abc import TaskGroup
from structlog.typing import FilteringBoundLogger

from batcher.accounting.limit import Limit
from batcher.accounting.tally import Tally, stop_reason
from batcher.engine.lane import Lane
from batcher.engine.shared_updates import SharedUpdates
from batcher.errors import AwsError, BatcherError, InputError
from batcher.ports import ResultStore
from batcher.records import Result
from batcher.task_groups import open_task_group
from batcher.updates.target_causes import reasons_text

WORKERS_PER_SLOT = 4  # an update that backs off, or waits for the disk, holds a worker but no slot
WORKERS_AT_MOST = 1024  # a lane; each is a task
WORKERS_AT_FIRST = 2  # a lane; more are started when none of them waits to send
# a lane whose target seems to be away: one of their updates tells whether it is only some others
WORKERS_IN_OUTAGE = 16
# a lane, that wait for what a look at another update finds out; some updates need not wait for it
WORKERS_FINDING_OUT = 16


class Runner:
    """Runs lanes side by side to their end, until something says stop.

    ``given_up``: why a target's lane was closed before its end; the others go on. ``stopped``: why
    the run ended early.
    """

    def __init__(
        self,
        *,
        journal: ResultStore,
        log: FilteringBoundLogger,
        max_failures: Limit | None = None,
        on_result: Callable[[Result], Awaitable[None]] | None = None,
    ) -> None:
        self.lanes: list[Lane] = []
        self.given_up: dict[str, str] = {}
        self.stopped: str | None = None
        self._errors: dict[str, BatcherError] = {}
        self._unreadable: InputError | None = None
        self._journal = journal
        self._log = log
        self._max_failures = max_failures
        self._on_result = on_result
        self._scope = anyio.CancelScope()
        self._feeding = anyio.CancelScope()

    async def run(self, feed: Callable[[TaskGroup], Awaitable[None]]) -> None:
        """Work until every lane that ``feed`` starts is empty, closed, drained or aborted.

        Raises what ends a run: JournalError at once, InputError when what is in flight is finished,
        and AwsError when there was no other target.
        """
        with self._scope:
            async with open_task_group() as tasks:
                with self._feeding:
                    await feed(tasks)
        if self._unreadable is not None:
            raise self._unreadable
        self._conclude()

    def start(self, lane: Lane, tasks: TaskGroup) -> None:
        """Set workers on a lane."""
        self.lanes.append(lane)
        if self.stopped is not None or lane.target in self.given_up:
            lane.close()
        pool = _WorkerPool(lane, self._worker, tasks)
        lane.on_empty(pool.refill)
        lane.add_worker = pool.add
        pool.begin()

    def start_reading(self, updates: SharedUpdates, tasks: TaskGroup) -> None:
        """Have updates read that several lanes take from."""
        tasks.start_soon(self._read, updates)

    def drain(self, reason: str) -> None:
        """Take nothing new, finish what is in flight; who feeds the lanes is cancelled."""
        self.close_lanes(reason)
        self._feeding.cancel()

    def close_lanes(self, reason: str) -> None:
        """Take nothing new, finish what is in flight; who feeds a lane learns of it from that."""
        if self.stopped is None:
            self.stopped = reason
            self._log.warning("run.draining", reason=reason)
        for lane in self.lanes:
            lane.close()

    def give_up(self, target: str, reason: str | BatcherError) -> None:
        """Close a target's lanes: what is in flight is finished. Those of others go on."""
        if target in self.given_up:
            return
        self.given_up[target] = str(reason)
        if isinstance(reason, BatcherError):
            self._errors[target] = reason
        self._log.warning("target.stopped", target=target, reason=str(reason))
        for lane in self.lanes:
            if lane.target == target:
                lane.close()

    def abort(self) -> None:
        """Stop now. What is in flight gets no result from here."""
        self._scope.cancel()

    def _conclude(self) -> None:
        """A run of one target ends as its target does; of several it says which ones stopped."""
        if self.stopped is not None or not self.given_up:
            return
        if len(self.given_up.keys() | {lane.target for lane in self.lanes}) > 1:
            self.stopped = reasons_text(self.given_up)
            return
        ((target, self.stopped),) = self.given_up.items()
        if target in self._errors:
            raise self._errors[target]

    async def _worker(self, lane: Lane, pool: "_WorkerPool") -> None:
        try:
            await self._work(lane, pool)
        except InputError as error:
            self._end_of_input(error)
        finally:
            pool.leave()

    async def _read(self, updates: SharedUpdates) -> None:
        try:
            await updates.read()
        except InputError as error:
            self._end_of_input(error)

    def _end_of_input(self, error: InputError) -> None:
        """End the run in order where the input can't be read any more."""
        self._unreadable = error
        self.drain(str(error))

    async def _work(self, lane: Lane, pool: "_WorkerPool") -> None:
        while (update := await lane.updates.take()) is not None:
            pool.busy += 1
            pool.refill()
            try:
                result = await lane.settler.settle(update)
            except AwsError as error:
                self.give_up(lane.target, error)
                result = None
            if result is not None:
                await self.keep(lane.tally, result)
                lane.updates.release(update)
            else:
                lane.updates.give_back(update)
            pool.busy -= 1
            if pool.has_enough:
                pool.dismiss()
                return

    async def keep(self, tally: Tally, result: Result) -> None:
        """Make a result durable, count it, give its target up when that is due, and tell of it."""
        await self._journal.append(result)
        tally.add(result)
        self._log_result(result)
        if self.stopped is None and (reason := stop_reason(tally, self._max_failures)):
            self.give_up(result.target, reason)
        if self._on_result is not None:  # last: whoever is told may take his time
            await self._on_result(result)

    def _log_result(self, result: Result) -> None:
        done = result.status in ("succeeded", "unchanged")
        if done and not self._log.is_enabled_for(INFO):
            return
        log = self._log.info if done else self._log.warning
        log(
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


class _WorkerPool:
    """The workers of a lane: how many were started, are at work, and may still be started.

    A lane that waits for its quota has a few, and one that can send many at once has as many: each
    holds an update.
    """

    def __init__(self, lane: Lane, work: "_Work", tasks: TaskGroup) -> None:
        self.started = self.busy = 0
        self.left = min(WORKERS_PER_SLOT * lane.pacer.slots, WORKERS_AT_MOST)
        self._present = 0
        self._lane = lane
        self._work = work
        self._tasks = tasks

    def begin(self) -> None:
        """Start the first ones; the lane's time counts until the last one leaves."""
        self._lane.pacer.time_breakdown.begin(self._lane.pacer.clock.now())
        for _ in range(WORKERS_AT_FIRST):
            self.start()

    def leave(self) -> None:
        """Note that one has come to an end."""
        self._present -= 1
        if not self._present:
            self._lane.pacer.time_breakdown.end(self._lane.pacer.clock.now())
            self._lane.on_end()

    @property
    def has_enough(self) -> bool:
        """Whether one that is done can go: nothing is under way, and others wait to send next.

        Of thousands of targets that wait for their quotas each waiting worker is memory.
        """
        if self.started <= WORKERS_AT_FIRST or self._lane.pacer.in_flight:
            return False
        ahead = self._lane.ahead
        return ahead.is_full if ahead and ahead.is_used else self._lane.pacer.has_line

    def dismiss(self) -> None:
        """Have one fewer, which may be started again."""
        self.started -= 1
        self.left += 1

    def add(self) -> None:
        """Start one beyond what there may be."""
        self.left += 1
        self.start()

    def refill(self) -> None:
        """Start one more where all are at work and nobody waits to send next."""
        if self.busy == self.started and (self._is_short or not self._has_waiting):
            self.start()

    @property
    def _has_waiting(self) -> bool:
        ahead = self._lane.ahead
        if ahead is not None and ahead.is_waited_for:
            return True
        if self._lane.wait_to_look() >= WORKERS_FINDING_OUT:
            return True
        return any(pacer.is_waited_for for pacer in self._lane.pacers)

    @property
    def _is_short(self) -> bool:
        """Whether the target seems to be away, by the updates of few workers."""
        gate = self._lane.gate
        return gate is not None and gate.outage is not None and self.started < WORKERS_IN_OUTAGE

    def start(self) -> None:
        """Start one more, if there may be one."""
        if self.left:
            self.left -= 1
            self.started += 1
            self._present += 1
            self._tasks.start_soon(self._work, self._lane, self)


_Work: TypeAlias = Callable[[Lane, _WorkerPool], Coroutine[Any, Any, None]]
