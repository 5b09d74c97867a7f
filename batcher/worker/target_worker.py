"""One target at work in a worker: opened, worked at until it can't go on, and tried again after a
while.

What is given back to a queue comes again at once, and a queue counts how often: a target that can't
be used must not wear its messages out. So it gives them back when its trouble begins, for other
workers, but for one that it tries again with; what comes after that, among the messages of other
targets, it keeps.
"""

from collections.abc import Callable
from math import ceil, inf

import anyio
from anyio.abc import TaskGroup
from structlog.typing import FilteringBoundLogger

from batcher.accounting.tally import Tally
from batcher.backoff import Backoff
from batcher.engine.lane import Lane
from batcher.engine.reconciler import DeferringReconciler, Settler
from batcher.engine.runner import Runner
from batcher.errors import BatcherError
from batcher.ports import Clock, Journal
from batcher.records import Result, Update
from batcher.sources.feed import Feed
from batcher.wiring.lanes import Lanes
from batcher.wiring.pacers import Pacers
from batcher.wiring.targets import TargetConnector
from batcher.worker.leases import Leases

UNKNOWN_PACE = 10  # messages held while nobody knows how fast they can be sent
PAUSE, LONGEST_PAUSE = 1.0, 30.0  # seconds before a target is tried again


class TargetWorker:
    """The place of one target.

    ``trouble``: why it can't send, until AWS answers again; ``lane``: while it is open.
    """

    def __init__(
        self,
        name: str,
        connector: TargetConnector,
        pacers: Pacers,
        lanes: Lanes,
        leases: Leases,
        journal: Journal,
        *,
        clock: Clock,
        log: FilteringBoundLogger,
        on_result: Callable[[Result], None],
        on_trouble: Callable[[str, str | None], None],
    ) -> None:
        """``on_trouble`` is told of a target and why it can't be used, or None when it can
        again.
        """
        self.name = name
        self.tally = Tally()
        self.trouble: str | None = None
        self.lane: Lane | None = None
        self._connector = connector
        self._pacers = pacers
        self._lanes = lanes
        self._clock = clock
        self._leases = leases
        self._journal = journal
        self._log = log
        self._on_result = on_result
        self._on_trouble = on_trouble
        self._gave_back = -inf  # when it last did, in monotonic seconds; inf: it is about it
        self._feed: Feed | None = None
        self._runner: Runner | None = None
        self._closing = anyio.Event()
        self._working = anyio.CancelScope()

    def __repr__(self) -> str:
        return f"<TargetWorker {self.name}: {self.trouble or self.lane or 'opening'}>"

    def room(self, ahead: float) -> int:
        """How many messages more it could take and send within ``ahead`` seconds."""
        if self.lane is None:
            return 0
        rate = self.lane.pacer.limiter.own_rate
        could = UNKNOWN_PACE if rate is None else max(1, ceil(rate * ahead))
        if self.trouble is not None:
            could = 1  # one tells whether AWS takes them again
        return max(0, could - self._leases.held(self.name))

    @property
    def stuck(self) -> bool:
        """Whether it waits for better times, with whatever it holds."""
        return self.trouble is not None and self.lane is None

    def in_order(self, asked: float) -> bool:
        """Whether what the queue was asked for then can be held: older messages were not given
        back since.
        """
        return asked > self._gave_back

    def put(self, update: Update) -> None:
        """Take in an update that was lent; while the target is not open, or can't be used, it
        waits among the loans.
        """
        if self._feed is not None:
            self._feed.put(update)

    def close(self, reason: str) -> None:
        """Take nothing new, finish what is in flight, and end."""
        self._closing.set()
        if self._runner is not None:
            self._runner.drain(reason)

    def abort(self) -> None:
        """End now; what is in flight is lent to somebody else later."""
        self._closing.set()
        self._working.cancel()

    async def serve(self) -> None:
        """Work until it is closed."""
        backoff = Backoff(PAUSE, LONGEST_PAUSE)
        while not self._closing.is_set():
            reason = None
            try:
                with anyio.CancelScope() as self._working:
                    reason = await self._work()
            # also a disk that takes no results: it may have room again
            except BatcherError as error:
                reason = str(error)
            finally:
                self._feed = self.lane = self._runner = None
            left = self._leases.pause(self.name)
            if self._closing.is_set():
                break
            if self.trouble is None:
                backoff.reset()
                self._gave_back = inf
                await self._leases.give_back(left[1:])
                self._gave_back = self._clock.now()
            self._set_trouble(reason)
            wait = backoff.next_pause()
            self._log.warning(
                "target.waiting", target=self.name, reason=self.trouble, seconds=round(wait, 1)
            )
            with anyio.move_on_after(wait):
                await self._closing.wait()
        await self._leases.give_back(self._leases.of(self.name))

    async def _work(self) -> str | None:
        """From opening the target to the end of its lane; returns why it can't go on, if that is
        the reason.
        """
        async with self._connector.target(self.name) as target:
            await target.check()
            await target.account()
            if self._closing.is_set():
                return None
            self._feed = Feed(lambda: None)
            runner = self._runner = Runner(
                journal=self._journal, log=self._log, on_result=self._told
            )
            lane = self._lanes.lane(
                target,
                self._feed,
                self.tally,
                on_close=self._feed.close,
                may_send=lambda update: self._leases.has(update.line),
            )
            held = _OnlyHeld(lane.settler, self._leases)
            lane.settler = DeferringReconciler(
                held, self.tally, lambda reason: runner.give_up(self.name, reason)
            )

            async def open_lane(tasks: TaskGroup) -> None:
                self.lane = lane
                runner.start(lane, tasks)

            for lease in self._leases.of(self.name):
                if lease.update is not None and not lease.settled:
                    self._feed.put(lease.update)
            try:
                await runner.run(open_lane)
            finally:
                self._pacers.retire(lane.pacers)
            return runner.given_up.get(self.name)

    def _set_trouble(self, reason: str | None) -> None:
        self.trouble = reason
        self._on_trouble(self.name, reason)

    async def _told(self, result: Result) -> None:
        if self.trouble is not None and result.attempts > result.throttles:
            self._set_trouble(None)
        self._on_result(result)


class _OnlyHeld:
    """A Settler that leaves alone what is no longer lent to this worker."""

    def __init__(self, settler: Settler, leases: Leases) -> None:
        self._settler = settler
        self._leases = leases

    async def settle(self, update: Update) -> Result | None:
        return await self._settler.settle(update) if self._leases.begin(update.line) else None
