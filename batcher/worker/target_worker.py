"""One target of a worker: opened, worked on until it can't be used, and tried again after a pause.

A message that is released comes again at once, and a queue counts how often: a target that can't be
used must not use up its messages' deliveries. So it releases them once, when it becomes unusable,
for other workers, but for one that it tries again with; what comes after that, among the messages
of other targets, it keeps. What waits for these messages under other names of its place it releases
with them, so that a queue that keeps an order can keep it.

One that has had nothing to do for a while rests: it has no client, no credentials and no lane, and
opens its target anew for the next message.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from math import inf
from typing import TypeAlias

import anyio
from anyio.abc import TaskGroup
from msgspec.structs import replace
from structlog.typing import FilteringBoundLogger

from batcher.accounting.tally import Tally
from batcher.accounting.verdicts import is_denied
from batcher.aws.client import AwsTarget
from batcher.backoff import Backoff
from batcher.engine.breaker_gate import Away
from batcher.engine.deferring_reconciler import DeferringReconciler
from batcher.engine.lane import Lane
from batcher.engine.reconciler import Settler
from batcher.engine.runner import Runner
from batcher.errors import BatcherError
from batcher.ports import Clock, ResultStore
from batcher.records import Result, Update
from batcher.resettable_event import ResettableEvent
from batcher.sources.feed import Feed
from batcher.sources.trigger_turns import Expected, TriggerTurns
from batcher.status.snapshot import LaneSnapshot
from batcher.wiring.lane_snapshot import lane_snapshot
from batcher.wiring.lanes import Lanes
from batcher.wiring.pacers import Pacers, QuotaPace
from batcher.wiring.places import trigger_place
from batcher.wiring.targets import TargetConnector
from batcher.worker.health import Health, part_of_target
from batcher.worker.leases import Lease, LeaseTable
from batcher.worker.letter_bases import LetterBases
from batcher.worker.message_images import MessageImages
from batcher.worker.prefetch import room_of_target

PAUSE, LONGEST_PAUSE = 1.0, 30.0  # seconds before a target is tried again
_Key: TypeAlias = str | tuple[str, str]
"""The name of a target, or account and Region of several."""


class Releases:
    """When messages were released last. The workers of a session have one."""

    def __init__(self) -> None:
        self._at: dict[_Key, float] = {}  # monotonic seconds
        self._under_way = Counter[_Key]()

    def begin(self, keys: Sequence[_Key]) -> None:
        self._under_way.update(keys)

    def end(self, keys: Sequence[_Key], now: float) -> None:
        self._under_way.subtract(keys)
        self._at.update(dict.fromkeys(keys, now))

    def latest(self, keys: Sequence[_Key] | None = None) -> float:
        """When the latest of these ended, inf while one is under way; None: of all."""
        if any(self._under_way[key] for key in (self._under_way if keys is None else keys)):
            return inf
        return max((self._at.get(key, -inf) for key in (keys or self._at)), default=-inf)


@dataclass(eq=False, repr=False, kw_only=True)
class TargetWorker:
    """Sends the messages of one target.

    ``unusable``: why the target can't be used, until AWS answers again: one message shows it. As
    health has it, no longer than until it is open, where that was in the way. ``lane``: while it is
    open.
    ``outage_limit``: seconds for which an open lane waits for it; ``on_away`` is told when it does.
    ``turns``: what has the order of triggers among several targets; None: there is one.
    ``releases``: what the workers of a session know of what they released.
    """

    name: str
    connector: TargetConnector
    pacers: Pacers
    lanes: Lanes
    images: MessageImages
    leases: LeaseTable
    results: ResultStore
    health: Health
    clock: Clock
    log: FilteringBoundLogger
    on_result: Callable[[Result], None]
    outage_limit: float = inf
    on_away: Callable[[Away], None] = lambda away: None
    turns: TriggerTurns | None = None
    releases: Releases = field(default_factory=Releases)

    def __post_init__(self) -> None:
        self.unusable = self.health.reason(self._part)  # in the session before this one
        self._unopened = True  # why it can't be used is known from opening it, or from that session
        self.lane: Lane | None = None
        self._was_open = False  # in the latest of its lanes
        self._rests = False  # from its coming to rest until it is open again
        self._rested: LaneSnapshot | None = None  # its lane, as that was when it came to rest
        # of the quota of its updates, once it was open
        self._own_rate: Callable[[], float | None] | None = None
        self._pace: Callable[[], QuotaPace] | None = None
        self._token_seconds = 0.0  # of the lanes that have ended
        self._called = ResettableEvent()
        self._tally = Tally()  # of all its lanes
        self._bases = LetterBases()
        self._refusals = Counter[int]()  # of updates that others don't explain, by line
        self._deferring: DeferringReconciler | None = None
        self._feed: Feed | None = None
        self._runner: Runner | None = None
        self._closing = anyio.Event()
        self._working = anyio.CancelScope()

    def __repr__(self) -> str:
        instead = "resting" if self._rests else "opening"
        return f"<TargetWorker {self.name}: {self.unusable or self.lane or instead}>"

    def room(self, ahead: float, held_up: int = 0) -> int:
        """How many messages more it could take and send within ``ahead`` seconds.

        ``held_up``: how many of its messages wait for a target that can't be used.
        """
        if self._own_rate is None or (self.lane is None and not self._rests):
            return 0
        usable = self.unusable is None
        # what waits for others to tell about it must not keep them out
        waiting = held_up if self._deferring is None else held_up + self._deferring.held
        held = self.leases.count(self.name) - waiting
        return room_of_target(self._own_rate(), ahead, usable=usable, held=held)

    def lane_snapshots(self) -> Iterator[LaneSnapshot]:
        """Its lane at this moment, if one is open or at rest."""
        if self.lane is not None:
            yield self._snapshot(self.lane)
        elif self._rested is not None and self._pace is not None:
            pace = self._pace()  # others may use its quota meanwhile
            yield replace(
                self._rested,
                rate=pace.rate,
                bound=pace.bound,
                quota=pace.quota,
                bucket=pace.bucket,
            )

    def _snapshot(self, lane: Lane) -> LaneSnapshot:
        why = self.images.why_none.get(self.name)
        found = lane_snapshot(self.pacers, lane, self._tally, no_images=why)
        return replace(found, token_seconds=found.token_seconds + self._token_seconds)

    @property
    def is_waiting(self) -> bool:
        """Whether it waits to try its target again, with whatever it holds."""
        return self.unusable is not None and self.lane is None

    def keeps_order(self, requested_at: float) -> bool:
        """Whether a message that was requested at that time overtakes none released since.

        Also none of another name of its place: what came with it may be one of these.
        """
        anywhere = self.turns is not None and self._where is None  # where any of them is
        return requested_at > self.releases.latest(None if anywhere else self._keys)

    @property
    def _keys(self) -> list[_Key]:
        return [key for key in (self.name, self._where) if key is not None]

    @property
    def _where(self) -> Expected:
        return None if self.turns is None else self.turns.where(self.name)

    def held_up(self) -> Iterator[Lease]:
        """The leases of other names of its place that wait for its own."""
        if self.turns is None:
            return
        for lease in self.leases.of(self.name):
            behind = () if lease.update is None else self.turns.behind(lease.update)
            yield from filter(None, (self.leases.get(each.line) for each in behind))

    def put(self, update: Update) -> None:
        """Take in an update whose message is leased; without an open lane it waits as a lease."""
        if self._feed is not None:
            self._feed.put(update)
        self._called.set()

    def rest(self) -> None:
        """Let go of the target until the next message, unless there is something to do."""
        if self._feed is not None and self.unusable is None and not self.leases.count(self.name):
            self._rests = True
            self._feed.end()
            self._feed = None

    def close(self, reason: str) -> None:
        """Take nothing new, finish what is in flight, and end; of an opening nothing is."""
        self._closing.set()
        self._called.set()
        if self._runner is not None:
            self._runner.drain(reason)
        else:
            self._working.cancel()

    def abort(self) -> None:
        """End now; what is in flight is delivered again when its lease expires."""
        self._closing.set()
        self._called.set()
        self._working.cancel()

    async def run(self) -> None:
        """Work until it is closed."""
        backoff = Backoff(PAUSE, LONGEST_PAUSE)
        while not self._closing.is_set():
            if (reason := self.health.stopped(self._part)) is not None:
                await self._stay_stopped(reason)
                break
            reason = await self._run_lane()
            if self._rests and reason is None:
                await self._wait_for_message()
                continue
            self._rests, self._rested = False, None
            if self.turns is not None and not self.turns.is_open(self.name):
                self.turns.leave_out(self.name)
            left = self.leases.pause(self.name)
            if (more := self._tally.more_than_asked) is not None:
                self.health.stop_for_good(self._part, more)
                continue
            if self._closing.is_set():
                break
            if self.unusable is None:
                backoff.reset()
                await self._release(left[:1])
            self._unopened = not self._was_open
            self._set_unusable(reason)
            wait = backoff.next_pause()
            self.log.warning(
                "target.waiting", target=self.name, reason=reason, seconds=round(wait, 1)
            )
            with anyio.move_on_after(wait):
                await self._closing.wait()
        if self.turns is None:  # else when all have ended, as some may wait for others' in flight
            await self.leases.release(self.leases.of(self.name))

    @property
    def _part(self) -> str:
        return part_of_target(self.name)

    async def _wait_for_message(self) -> None:
        self.log.info("target.resting", target=self.name)
        while not (self._closing.is_set() or self.leases.count(self.name)):
            await self._called.wait_and_clear()

    async def _stay_stopped(self, reason: str) -> None:
        """Send nothing more: each next update might change what nobody asked for, too."""
        self.unusable = reason
        await self._release()
        await self._closing.wait()

    async def _run_lane(self) -> str | None:
        """Open the target and work to the end of its lane; returns why it can't go on, if so."""
        self._was_open = False
        try:
            with anyio.CancelScope() as self._working:
                return await self._work()
            return None
        except BatcherError as error:  # also a disk that takes no results: it may have room again
            return str(error)
        finally:
            self._feed = self.lane = self._runner = self._deferring = None

    async def _work(self) -> str | None:
        async with self.connector.target(self.name) as target:
            await target.check()
            await target.account()
            if self.turns is not None:
                self.turns.open(self.name, trigger_place(target))
            if self._closing.is_set():
                return None
            runner = self._runner = Runner(
                journal=self.results, log=self.log, on_result=self._on_settled
            )
            lane = self._make_lane(target, runner)

            async def open_lane(tasks: TaskGroup) -> None:
                self.lane, self._rests, self._was_open = lane, False, True
                if self._unopened:  # no message may come that tells
                    self.health.mark_target(self.name, None)
                self._own_rate = self.pacers.own_rate_of(lane.pacer)
                self._pace = self.pacers.pace_of(lane.pacer)
                runner.start(lane, tasks)

            try:
                await runner.run(open_lane)
            finally:
                self._let_go(lane)
            return runner.given_up.get(self.name)

    def _let_go(self, lane: Lane) -> None:
        """Keep of a lane that has ended what the next one, or who asks for its state, needs."""
        if self._rests:
            self._rested = self._snapshot(lane)
            self.pacers.rest(lane.pacers)
            self.lanes.let_go(self.name)
        else:
            self.pacers.retire(lane.pacers)
        self._token_seconds += lane.pacer.time_breakdown.token_seconds

    def _make_lane(self, target: AwsTarget, runner: Runner) -> Lane:
        feed = self._feed = Feed(lambda: None)
        lane = self.lanes.lane(
            target,
            feed,
            self._tally,
            on_close=feed.close,
            images=self.images.of_target(target, self.pacers),
            may_send=lambda update: self.leases.holds(update.line),
            on_breaker=self._on_breaker,
            outage_limit=self.outage_limit,
        )
        lane.settler = _LeasedOnly(lane.settler, self.leases, self._bases)
        self._deferring = DeferringReconciler(
            lane, lambda reason: runner.give_up(self.name, reason), self._refusals
        )
        for lease in self.leases.of(self.name):
            if lease.update is not None and not lease.settled and self._may_take(lease.update):
                feed.put(lease.update)
        return lane

    async def _release(self, kept: Sequence[Lease] = ()) -> None:
        """Release its messages but those, and what waits for any of them under other names."""
        own = [lease for lease in self.leases.of(self.name) if lease not in kept]
        leases = {lease.line: lease for lease in (*own, *self.held_up())}
        if not leases:
            return
        keys = self._keys
        self.releases.begin(keys)
        try:
            await self.leases.release(leases.values())
        finally:
            self.releases.end(keys, self.clock.now())

    def _may_take(self, update: Update) -> bool:
        return self.turns is None or self.turns.is_out(update)

    def _on_breaker(self, _: str, reason: str | None) -> None:
        """While it is away the messages that it holds stay leased, and no more are asked for."""
        self._set_unusable(reason)
        away = None if self.lane is None or self.lane.gate is None else self.lane.gate.away
        if reason is not None and away is not None:
            self.on_away(away)

    def _set_unusable(self, reason: str | None) -> None:
        self.unusable = reason
        self.health.mark_target(self.name, reason)

    async def _on_settled(self, result: Result) -> None:
        looked = result.status in ("unchanged", "succeeded", "stale")
        answered = looked or result.attempts > result.throttles
        is_away = self.lane is not None and self.lane.gate is not None and self.lane.gate.outage
        if self.unusable is not None and answered and not (is_denied(result) or is_away):
            self._set_unusable(None)
        self.on_result(result)


class _LeasedOnly:
    """A Settler that leaves an update alone when its lease is lost or expired."""

    def __init__(self, settler: Settler, leases: LeaseTable, bases: LetterBases) -> None:
        self._settler = settler
        self._bases = bases
        self.leases = leases

    async def settle(self, update: Update) -> Result | None:
        if not self.leases.start(update.line):
            return None
        result = await self._settler.settle(self._bases.current(update))
        self._bases.note(update, result)
        return result
