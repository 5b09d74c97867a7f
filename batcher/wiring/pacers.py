"""The pacer of each operation of a target, by what is known of its quota.

From what earlier runs found, and together with other processes where the settings say so.
"""

import os
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager
from functools import partial
from typing import TYPE_CHECKING, TypeAlias

from structlog.typing import FilteringBoundLogger

from batcher.accounting.time_breakdown import TimeBreakdown
from batcher.aws.client import AwsTarget
from batcher.config import Settings
from batcher.engine.pace_control import PaceControl, PaceGate
from batcher.engine.pacing import Pacer
from batcher.limiters.factory import open_fleet
from batcher.limiters.local import LocalLimiter
from batcher.operations import GET_TRIGGER, UPDATE_TRIGGER, WRITES
from batcher.ports import Clock
from batcher.quota.estimated_quota import EstimatedQuota
from batcher.quota.estimator import RateEstimator
from batcher.quota.probe import SaturationProbe
from batcher.records import FleetMember
from batcher.storage.quota_file import QuotaFile, QuotaKey, Remembered
from batcher.storage.state_directory import state_directory
from batcher.triggers.decision import reading_first_pays

if TYPE_CHECKING:
    from batcher.limiters.redis_fleet import RedisFleet
    from batcher.limiters.shared import SharedLimiter

Limiter: TypeAlias = "LocalLimiter | SharedLimiter"


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
        self._limiters: dict[Pacer, tuple[QuotaKey, Limiter]] = {}

    def pacer(
        self, target: AwsTarget, operation: str, time_breakdown: TimeBreakdown | None = None
    ) -> Pacer:
        """The pacer of one operation of a connected target, from what is remembered of that quota.

        Reading goes at ``read_rate``, without a burst of its own.
        """
        settings, key = target.settings, _quota_key(target, operation)
        rate, burst, share = settings.read_ceiling, 1.0, settings.share.fraction
        if operation in WRITES:
            rate, burst = settings.ceiling, settings.burst or 1.0
        known, now = self.remembered(target, operation), self._clock.now()
        start = known.learned(self._clock.wall()) if known else None
        if self._fleet is None:
            estimate = RateEstimator(now=now, ceiling=rate, share=share, remembered=start)
            limiter: Limiter = LocalLimiter(estimate, clock=self._clock, rate=rate, burst=burst)
        else:
            limiter = self._fleet.limiter(
                str(key), rate=rate, burst=burst, share=share, remembered=start
            )
        gate = PaceGate(
            self.control,
            quota=partial(_quota_of, limiter),
            takes_rate=operation in WRITES,
        )
        return self._paced_by(limiter, target, key, time_breakdown, gate)

    def measuring(self, target: AwsTarget, operation: str, probe: SaturationProbe) -> Pacer:
        """The pacer of a measurement, from nothing that is remembered, and together with nobody."""
        limiter = LocalLimiter(probe, clock=self._clock, rate=None, burst=1.0)
        return self._paced_by(limiter, target, _quota_key(target, operation), None)

    def _paced_by(
        self,
        limiter: Limiter,
        target: AwsTarget,
        key: QuotaKey,
        time_breakdown: TimeBreakdown | None,
        gate: PaceGate | None = None,
    ) -> Pacer:
        pacer = Pacer(limiter, target.slots, self._clock, time_breakdown, gate)
        self._limiters[pacer] = (key, limiter)
        return pacer

    def learned(self, pacer: Pacer) -> EstimatedQuota:
        """What a pacer that was made here has learned by now."""
        return self._limiters[pacer][1].learned

    def shared_bucket(self, pacer: Pacer) -> str | None:
        """The bucket that a pacer has with others, also of this process; None: its own."""
        return str(self._limiters[pacer][0]) if self.is_shared else None

    def retire(self, pacers: Iterable[Pacer]) -> None:
        """Let go of pacers that are done; what they learned is written down."""
        self.remember()
        for pacer in pacers:
            del self._limiters[pacer]

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
        return min((rate for rate in (ceiling, quota) if rate is not None), default=None)

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

    def remember(self) -> bool:
        """Write down what the pacers made here have learned; whether that was wanted and done."""
        if self.file is None:
            return False
        limiters = self._limiters.values()
        users = Counter(key for key, limiter in limiters if isinstance(limiter, LocalLimiter))
        return self.file.remember(
            # of several targets of one account and Region each found but its part
            [
                (key, limiter.learned.as_guess() if users[key] > 1 else limiter.learned)
                for key, limiter in limiters
            ],
            self._clock.wall(),
        )


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
        yield Pacers(settings, clock=clock, warn=warn, fleet=fleet, control=control)


def _quota_of(limiter: Limiter) -> float | None:
    """The requests per second of which a share is meant: of the quota, once that is found."""
    learned, rate, own = limiter.learned, limiter.rate, limiter.own_rate
    if rate is None or own is None:
        return None
    return own if learned.is_guess else learned.rate * own / rate


def _quota_key(target: AwsTarget, operation: str) -> QuotaKey:
    return QuotaKey(account=target.quota_owner, region=target.region, operation=operation)
