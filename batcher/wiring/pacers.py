"""The pacer of each operation of a target, by what is known of its quota.

From what earlier runs found, and together with other processes where the settings say so.
"""

import os
from collections import Counter, defaultdict
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager
from dataclasses import KW_ONLY, dataclass, field
from functools import partial
from itertools import chain
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

from structlog.typing import FilteringBoundLogger

from batcher.accounting.time_breakdown import TimeBreakdown
from batcher.aws.client import AwsTarget
from batcher.config import Settings, TargetSettings
from batcher.engine.pace_control import PaceControl, PaceGate
from batcher.engine.pacing import Pacer
from batcher.gathered_call import GatheredCall
from batcher.limiters.bucket_settings import BucketSettings, lower_of
from batcher.limiters.factory import open_fleet
from batcher.limiters.local import LocalLimiter
from batcher.limiters.spaced_starts import SpacedStarts
from batcher.limiters.turns import InTurns
from batcher.operations import GET_TRIGGER, UPDATE_TRIGGER, WRITES
from batcher.ports import Clock
from batcher.quota.estimated_quota import EstimatedQuota
from batcher.quota.estimator import RateEstimator
from batcher.quota.probe import SaturationProbe
from batcher.quota.single_token import ShortestLatency
from batcher.records import FleetMember
from batcher.storage.quota_file import QuotaFile, QuotaKey, Remembered
from batcher.storage.state_directory import state_directory
from batcher.triggers.decision import reading_first_pays
from batcher.wiring.places import TriggerPlace, trigger_place

if TYPE_CHECKING:
    from batcher.limiters.redis_fleet import RedisFleet
    from batcher.limiters.shared import SharedLimiter

WRITES_APART = 0.5  # seconds from one write of what was learned to the next
Limiter: TypeAlias = "LocalLimiter | SharedLimiter"


class QuotaPace(NamedTuple):
    """Requests per second: ``rate`` of all processes together, ``own_rate`` of this one.

    ``quota``: what AWS is thought to allow. None while nothing is known. ``bucket``: that several
    have between them, also in this process; None: its own. ``bound``: at most, as this process was
    told while it works, where that is less than it may expect; the rates keep to it.
    """

    rate: float | None
    own_rate: float | None
    quota: float | None
    bucket: str | None
    bound: float | None = None

    @classmethod
    def of(cls, limiter: Limiter, bucket: str | None, bound: float | None = None) -> "QuotaPace":
        """The pace of a limiter; a quota that is a guess is not told."""
        learned = limiter.learned
        quota = learned.rate if learned.doubt < 1 else None
        return cls(limiter.rate, limiter.own_rate, quota, bucket).bounded(bound)

    def bounded(self, bound: float | None) -> "QuotaPace":
        """With a bound on this process, whose part of what all have together is smaller by it."""
        own, most = self.own_rate, lower_of(self.own_rate, bound)
        if most is None or most == own:
            return self
        together = most if self.rate is None or own is None else self.rate - own + most
        return self._replace(rate=together, own_rate=most, bound=most)


class Pacers:
    """Makes pacers, and knows what they learned.

    ``fleet``: the buckets shared with other processes; None: this one keeps its own. ``warn`` is
    told, in words, where the file of quotas can't be used. ``control``: what the process is told
    about its pace meanwhile; measurements know none of it. ``file``: None: nothing is remembered.
    """

    def __init__(
        self,
        settings: Settings,
        *,
        clock: Clock,
        warn: Callable[[str], None],
        fleet: "RedisFleet | None" = None,
        control: PaceControl | None = None,
    ) -> None:
        self._clock = clock
        self._fleet = fleet
        self.control = control or PaceControl(clock)
        self.file = QuotaFile(state_directory(os.environ), warn) if settings.remember else None
        self._write = GatheredCall(self.file.write, WRITES_APART) if self.file else None
        self._quotas: dict[tuple[QuotaKey, TriggerPlace], _SharedQuota] = {}
        self._places = Counter[QuotaKey]()  # of these, so many endpoints each
        self._of: dict[Pacer, _SharedQuota] = {}
        # one for each operation of a Region, or of another endpoint: the way there is the same
        self._shortest: defaultdict[tuple[str, str | None, str], ShortestLatency]
        self._shortest = defaultdict(ShortestLatency)
        self._starts = SpacedStarts(clock)

    def pacer(
        self, target: AwsTarget, operation: str, time_breakdown: TimeBreakdown | None = None
    ) -> Pacer:
        """The pacer of one operation of a connected target, from what is remembered of that quota.

        Reading goes at ``read_rate``, without a burst of its own. All targets of one account and
        Region have one quota, whatever they are called: of their rates the lowest counts.
        """
        bounds, key = _bounds(target.settings, operation), _quota_key(target, operation)
        # at another endpoint than AWS's the quota is that one's own
        at = key, trigger_place(target)
        if (quota := self._quotas.get(at)) is None:
            known = self.remembered(target, operation)
            start = known.learned(self._clock.wall()) if known else None
            shortest = self._shortest[at[1].region, at[1].other, operation]
            limiter = self._limiter(key, bounds, start, shortest)
            gate = PaceGate(
                self.control, quota=partial(_quota_of, limiter), takes_rate=operation in WRITES
            )
            quota = self._quotas[at] = _SharedQuota(at, bounds, limiter, gate)
            self._places[key] += 1
        else:
            self._lower(quota, bounds)
        return self._paced_by(quota, target, time_breakdown)

    def measuring(self, target: AwsTarget, operation: str, probe: SaturationProbe) -> Pacer:
        """The pacer of a measurement, from nothing that is remembered, and together with nobody."""
        limiter = LocalLimiter(probe, clock=self._clock, rate=None, burst=1.0)
        at = _quota_key(target, operation), trigger_place(target)
        bounds = BucketSettings(rate=None, burst=1.0)
        return self._paced_by(_SharedQuota(at, bounds, limiter, None), target, None)

    def _limiter(
        self,
        key: QuotaKey,
        bounds: BucketSettings,
        start: EstimatedQuota | None,
        shortest: ShortestLatency | None = None,
    ) -> Limiter:
        rate, burst, share = bounds.rate, bounds.burst, bounds.share
        if self._fleet is not None:
            return self._fleet.limiter(
                str(key), rate=rate, burst=burst, share=share, remembered=start
            )
        estimate = RateEstimator(
            now=self._clock.now(),
            ceiling=rate,
            burst=burst,
            share=share,
            remembered=start,
            shortest=shortest,
        )
        return LocalLimiter(
            estimate, clock=self._clock, rate=rate, burst=burst or 1.0, starts=self._starts
        )

    def _lower(self, quota: "_SharedQuota", bounds: BucketSettings) -> None:
        """Have another target use a quota: of two that are at odds the lower settings count."""
        lowered = quota.bounds.lowered(bounds)
        if lowered == quota.bounds:
            return
        quota.bounds = lowered
        if isinstance(quota.limiter, LocalLimiter):
            quota.limiter.lower(lowered.rate, lowered.burst, lowered.share)
        else:
            self._limiter(quota.key, lowered, None)

    def _paced_by(
        self, quota: "_SharedQuota", target: AwsTarget, time_breakdown: TimeBreakdown | None
    ) -> Pacer:
        pacer = Pacer(quota.limiter, target.slots, self._clock, time_breakdown, quota.gate)
        self._of[pacer] = quota
        quota.add(pacer, target.name)
        return pacer

    def learned(self, pacer: Pacer) -> EstimatedQuota:
        """What a pacer that was made here has learned by now."""
        return self._of[pacer].limiter.learned

    def pace_of(self, pacer: Pacer) -> Callable[[], QuotaPace]:
        """What tells the pace at which a pacer's quota is used, also when it was let go of."""
        return partial(self._pace, self._of[pacer])

    def own_rate_of(self, pacer: Pacer) -> Callable[[], float | None]:
        """What tells ``own_rate`` of that pace at less cost."""
        quota = self._of[pacer]
        return lambda: lower_of(quota.limiter.own_rate, quota.bound)

    def _pace(self, quota: "_SharedQuota") -> QuotaPace:
        is_shared = self.is_shared or quota.is_of_several
        bucket = str(quota.key) if is_shared else None
        return QuotaPace.of(quota.limiter, bucket, quota.bound)

    def retire(self, pacers: Iterable[Pacer]) -> None:
        """Let go of pacers that are done; what they learned is written down, soon."""
        done = [(pacer, self._of.pop(pacer)) for pacer in pacers]
        if self.file is not None:
            used = dict.fromkeys(quota for _, quota in done)
            self.file.note(self._learned(used), self._clock.wall())
            self.write_soon()
        for pacer, quota in done:
            del quota.pacers[pacer]
            unused = not (quota.pacers or quota.resting)
            if unused and self._quotas.get(quota.at) is quota:
                del self._quotas[quota.at]
                self._places[quota.key] -= 1

    def rest(self, pacers: Iterable[Pacer]) -> None:
        """Let go of pacers whose target will be opened again: what they learned stays here."""
        for pacer in pacers:
            quota = self._of.pop(pacer)
            quota.resting.add(quota.pacers.pop(pacer))

    def remembered(self, target: AwsTarget, operation: str) -> Remembered | None:
        """What earlier runs found out about that quota; None: nothing, or it is not to be used."""
        return None if self.file is None else self.file.recall(_quota_key(target, operation))

    def known_rate(self, target: AwsTarget, operation: str) -> float | None:
        """Requests per second that are known to go through; None where nobody knows.

        For changes that takes a quota that was found: a ceiling says how fast they may go, not how
        fast they can. Reads go no faster than theirs, whatever the quota.
        """
        found = self.remembered(target, operation)
        quota = None if found is None or found.is_guess else found.rate
        if operation != GET_TRIGGER and quota is None:
            return None
        settings = target.settings
        ceiling = settings.read_ceiling if operation == GET_TRIGGER else settings.ceiling
        return lower_of(ceiling, quota)

    def slow_reading(self, target: AwsTarget) -> tuple[float, float] | None:
        """Reads and updates a second, where they are known and to look first does not pay."""
        reading = self.known_rate(target, GET_TRIGGER)
        writing = self.known_rate(target, UPDATE_TRIGGER)
        if reading is None or writing is None or reading_first_pays(reading, writing):
            return None
        return reading, writing

    @property
    def is_shared(self) -> bool:
        """Whether other processes may share the quotas."""
        return self._fleet is not None

    async def members(self) -> list[FleetMember] | None:
        """The processes that share the quotas; None where none do, or nobody can tell now."""
        return None if self._fleet is None else await self._fleet.members()

    def write_soon(self) -> None:
        """Have what is noted in the file written; of a thousand targets each may note something."""
        if self._write is not None:
            self._write.want()

    def remember(self) -> bool:
        """Write down what the pacers made here have learned; whether that was wanted and done."""
        if self.file is None:
            return False
        quotas = dict.fromkeys(self._of.values())
        return self.file.remember(self._learned(quotas), self._clock.wall())

    def _learned(self, quotas: Iterable["_SharedQuota"]) -> list[tuple[QuotaKey, EstimatedQuota]]:
        """What was learned of quotas: a guess where several endpoints go by one key."""
        found = ((quota.key, quota.limiter.learned) for quota in quotas)
        # of several endpoints that go by one account each has a quota of its own
        return [(key, each.as_guess() if self._places[key] > 1 else each) for key, each in found]


@dataclass(eq=False)
class _SharedQuota:
    """One quota, and all that use it in this process: of one target, or of several.

    ``bounds``: the lowest of their settings; ``gate``: None for a measurement; ``pacers``: each
    with the name of its target; ``resting``: names of targets that had one, and will again.
    """

    at: tuple[QuotaKey, TriggerPlace]
    bounds: BucketSettings
    limiter: Limiter
    gate: PaceGate | None
    _: KW_ONLY
    pacers: dict[Pacer, str] = field(default_factory=dict)
    resting: set[str] = field(default_factory=set)
    turns: InTurns | None = None

    @property
    def key(self) -> QuotaKey:
        return self.at[0]

    @property
    def bound(self) -> float | None:
        """Requests per second at most, as this process was told while it works; None: any."""
        gate = self.gate
        return None if gate is None or gate.control.is_silent else gate.rate

    @property
    def is_of_several(self) -> bool:
        """Whether several targets use it."""
        names = chain(self.pacers.values(), self.resting)
        first = next(names, None)
        return any(each != first for each in names)

    def add(self, pacer: Pacer, target: str) -> None:
        """Have one more pacer use it; several take their turns, the most urgent first."""
        self.pacers[pacer] = target
        self.resting.discard(target)
        if len(self.pacers) > 1 and isinstance(self.limiter, LocalLimiter):
            self.turns = self.turns or InTurns(self.limiter)
            for each in self.pacers:
                each.limiter = self.turns


@asynccontextmanager
async def open_pacers(
    settings: Settings,
    *,
    clock: Clock,
    log: FilteringBoundLogger,
    warn: Callable[[str], None] | None = None,
    control: PaceControl | None = None,
) -> AsyncIterator[Pacers]:
    """Pacers that keep to the quotas together with others, where the settings say so.

    ``warn`` is told, in words, of what is wrong and no reason to stop; by default the log is;
    ``control`` as in Pacers. Raises SettingsError for a limiter that can't be.
    """
    warn = warn or (lambda text: log.warning("quotas.unusable", reason=text))
    async with open_fleet(settings.limiter, clock=clock, log=log, warn=warn) as fleet:
        pacers = Pacers(settings, clock=clock, warn=warn, fleet=fleet, control=control)
        try:
            yield pacers
        finally:
            if pacers.file is not None:  # what was noted last may not be written yet
                pacers.file.write()


def _quota_of(limiter: Limiter) -> float | None:
    """The requests per second of which a share is meant: of the quota, once that is found."""
    learned, rate, own = limiter.learned, limiter.rate, limiter.own_rate
    if rate is None or own is None:
        return None
    return own if learned.is_guess else learned.rate * own / rate


def _bounds(settings: TargetSettings, operation: str) -> BucketSettings:
    """What the settings of a target say of the quota of an operation."""
    rate: float | None = settings.read_ceiling
    burst: float | None = None
    if operation in WRITES:
        rate, burst = settings.ceiling, settings.burst
    return BucketSettings(rate=rate, burst=burst, share=settings.share.fraction)


def _quota_key(target: AwsTarget, operation: str) -> QuotaKey:
    return QuotaKey(account=target.quota_owner, region=target.region, operation=operation)
