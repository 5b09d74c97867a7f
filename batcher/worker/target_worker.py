"""One target of a worker: opened, worked on until it can't be used, and tried again after a pause.

A message that is released comes again at once, and a queue counts how often: a target that can't be
used must not use up its messages' deliveries. So it releases them once, when it becomes unusable,
for other workers, but for one that it tries again with; what comes after that, among the messages
of other targets, it keeps.
"""

from collections.abc import Callable
from math import inf

import anyio
from anyio.abc import TaskGroup
from structlog.typing import FilteringBoundLogger

from batcher.accounting.tally import Tally
from batcher.aws.client import AwsTarget
from batcher.backoff import Backoff
from batcher.engine.lane import Lane
from batcher.engine.reconciler import DeferringReconciler, Settler
from batcher.engine.runner import Runner
from batcher.errors import BatcherError
from batcher.ports import Clock, ResultStore
from batcher.records import Result, Update
from batcher.sources.feed import Feed
from batcher.wiring.lanes import Lanes
from batcher.wiring.pacers import Pacers
from batcher.wiring.targets import TargetConnector
from batcher.worker.leases import Lease, LeaseTable
from batcher.worker.prefetch import room_of_target

PAUSE, LONGEST_PAUSE = 1.0, 30.0  # seconds before a target is tried again


class TargetWorker:
    """Sends the messages of one target.

    ``unusable``: why the target can't be used, until AWS answers again; ``lane``: while it is open.
    """

    def __init__(
        self,
        name: str,
        connector: TargetConnector,
        pacers: Pacers,
        lanes: Lanes,
        leases: LeaseTable,
        journal: ResultStore,
        *,
        clock: Clock,
        log: FilteringBoundLogger,
        on_result: Callable[[Result], None],
        on_unusable: Callable[[str, str | None], None],
    ) -> None:
        """``on_unusable``: called with the target and why it can't be used; None: it can again."""
        self.name = name
        self.tally = Tally()
        self.unusable: str | None = None
        self.lane: Lane | None = None
        self._connector = connector
        self._pacers = pacers
        self._lanes = lanes
        self._clock = clock
        self._leases = leases
        self._journal = journal
        self._log = log
        self._on_result = on_result
        self._on_unusable = on_unusable
        self._released_at = -inf  # in monotonic seconds; inf while messages are being released
        self._feed: Feed | None = None
        self._runner: Runner | None = None
        self._closing = anyio.Event()
        self._working = anyio.CancelScope()

    def __repr__(self) -> str:
        return f"<TargetWorker {self.name}: {self.unusable or self.lane or 'opening'}>"

    def room(self, ahead: float) -> int:
        """How many messages more it could take and send within ``ahead`` seconds."""
        if self.lane is None:
            return 0
        rate, usable = self.lane.pacer.limiter.own_rate, self.unusable is None
        return room_of_target(rate, ahead, usable=usable, held=self._leases.count(self.name))

    @property
    def is_waiting(self) -> bool:
        """Whether it waits to try its target again, with whatever it holds."""
        return self.unusable is not None and self.lane is None

    def keeps_order(self, requested_at: float) -> bool:
        """Whether a message that was requested at that time overtakes none released since."""
        return requested_at > self._released_at

    def put(self, update: Update) -> None:
        """Take in an update whose message is leased; without an open lane it waits as a lease."""
        if self._feed is not None:
            self._feed.put(update)

    def close(self, reason: str) -> None:
        """Take nothing new, finish what is in flight, and end."""
        self._closing.set()
        if self._runner is not None:
            self._runner.drain(reason)

    def abort(self) -> None:
        """End now; what is in flight is delivered again when its lease expires."""
        self._closing.set()
        self._working.cancel()

    async def run(self) -> None:
        """Work until it is closed."""
        backoff = Backoff(PAUSE, LONGEST_PAUSE)
        while not self._closing.is_set():
            reason = await self._run_lane()
            left = self._leases.pause(self.name)
            if self._closing.is_set():
                break
            if self.unusable is None:
                backoff.reset()
                await self._release(left[1:])
            self._set_unusable(reason)
            wait = backoff.next_pause()
            self._log.warning(
                "target.waiting", target=self.name, reason=reason, seconds=round(wait, 1)
            )
            with anyio.move_on_after(wait):
                await self._closing.wait()
        await self._leases.release(self._leases.of(self.name))

    async def _run_lane(self) -> str | None:
        """Open the target and work to the end of its lane; returns why it can't go on, if so."""
        try:
            with anyio.CancelScope() as self._working:
                return await self._work()
            return None
        except BatcherError as error:  # also a disk that takes no results: it may have room again
            return str(error)
        finally:
            self._feed = self.lane = self._runner = None

    async def _work(self) -> str | None:
        async with self._connector.target(self.name) as target:
            await target.check()
            await target.account()
            if self._closing.is_set():
                return None
            runner = self._runner = Runner(
                journal=self._journal, log=self._log, on_result=self._on_settled
            )
            lane = self._make_lane(target, runner)

            async def open_lane(tasks: TaskGroup) -> None:
                self.lane = lane
                runner.start(lane, tasks)

            try:
                await runner.run(open_lane)
            finally:
                self._pacers.retire(lane.pacers)
            return runner.given_up.get(self.name)

    def _make_lane(self, target: AwsTarget, runner: Runner) -> Lane:
        feed = self._feed = Feed(lambda: None)
        lane = self._lanes.lane(
            target,
            feed,
            self.tally,
            on_close=feed.close,
            may_send=lambda update: self._leases.holds(update.line),
        )
        lane.settler = DeferringReconciler(
            _LeasedOnly(lane.settler, self._leases),
            self.tally,
            lambda reason: runner.give_up(self.name, reason),
        )
        for lease in self._leases.of(self.name):
            if lease.update is not None and not lease.settled:
                feed.put(lease.update)
        return lane

    async def _release(self, leases: list[Lease]) -> None:
        self._released_at = inf
        await self._leases.release(leases)
        self._released_at = self._clock.now()

    def _set_unusable(self, reason: str | None) -> None:
        self.unusable = reason
        self._on_unusable(self.name, reason)

    async def _on_settled(self, result: Result) -> None:
        if self.unusable is not None and result.attempts > result.throttles:
            self._set_unusable(None)
        self._on_result(result)


class _LeasedOnly:
    """A Settler that leaves an update alone when its lease is lost or expired."""

    def __init__(self, settler: Settler, leases: LeaseTable) -> None:
        self._settler = settler
        self._leases = leases

    async def settle(self, update: Update) -> Result | None:
        return await self._settler.settle(update) if self._leases.start(update.line) else None
