"""Where ports meet adapters: one lane of the engine for one target, from settings.

Doors call this and nothing deeper.
"""

import os
from collections import Counter
from collections.abc import Callable, Iterable
from contextlib import AsyncExitStack
from dataclasses import replace
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

from botocore.loaders import Loader
from structlog.typing import FilteringBoundLogger

from batcher.accounting.tally import Tally
from batcher.accounting.time_breakdown import TimeBreakdown
from batcher.accounting.verdicts import Verdict
from batcher.aws.client import AwsTarget, OperationCaller
from batcher.aws.service_model import installed_service_model
from batcher.config import Settings, target_settings
from batcher.engine.list_pages import LastUpdatedTimes
from batcher.engine.pacing import Pacer
from batcher.engine.reconciler import NoBeforeImages, Reconciler
from batcher.engine.retrying import MaySend, Retrying, RetryPolicy
from batcher.engine.runner import Lane
from batcher.errors import AwsError
from batcher.limiters.factory import LOCAL, open_fleet
from batcher.limiters.local import LocalLimiter
from batcher.ports import BeforeImageStore, Clock, Source
from batcher.quota.estimator import EstimatedQuota, RateEstimator
from batcher.quota.probe import SaturationProbe
from batcher.storage.quota_file import QuotaFile, QuotaKey, Remembered, state_directory
from batcher.task_groups import open_task_group
from batcher.triggers.decision import CREATE, ChangeOptions
from batcher.updates.domain_map import MappedReader, domain_map
from batcher.updates.line_reader import LineReader
from batcher.updates.redaction import Redactor
from batcher.updates.update_model import OPERATION, UpdateModel

if TYPE_CHECKING:
    from batcher.limiters.redis_fleet import RedisFleet
    from batcher.limiters.shared import SharedLimiter

GET, LIST = "GetEventTrigger", "ListEventTriggers"

OnAttempt: TypeAlias = Callable[[str, str, Verdict, float], None]
"""Told of an attempt: target, operation, verdict, seconds from sending to the answer."""


class Connected(NamedTuple):
    """Targets that can be used, and why others can't; in the order in which they were named."""

    targets: dict[str, AwsTarget]
    unusable: dict[str, AwsError]


class Workshop:
    """What every lane of a run shares: settings, the model, redaction, clock and logger, quotas of
    earlier runs and of others.

    ``warn`` is told, in words, of what is wrong and no reason to stop; ``on_attempt`` of every
    attempt. To be entered as an async context manager before anything is sent: it then keeps to the
    quotas together with others, where the settings say so.
    """

    def __init__(
        self,
        settings: Settings,
        *,
        clock: Clock,
        log: FilteringBoundLogger,
        warn: Callable[[str], None] | None = None,
        on_attempt: OnAttempt | None = None,
    ) -> None:
        self.settings = settings
        self.clock = clock
        self.log = log
        self._on_attempt = on_attempt
        self._loader = Loader()
        self.model = UpdateModel.from_service_model(installed_service_model(self._loader))
        self.redactor = Redactor(self.model)
        self._warn = warn or (lambda text: log.warning("quotas.unusable", reason=text))
        self._book = (
            QuotaFile(state_directory(os.environ), self._warn) if settings.remember else None
        )
        self._paced: dict[Pacer, tuple[QuotaKey, LocalLimiter | SharedLimiter]] = {}
        self._stack = AsyncExitStack()
        self._fleet: RedisFleet | None = None

    async def __aenter__(self) -> "Workshop":
        opened = open_fleet(self.settings.limiter, clock=self.clock, log=self.log, warn=self._warn)
        self._fleet = await self._stack.enter_async_context(opened)
        return self

    async def __aexit__(self, *exception: Any) -> bool | None:
        self._fleet = None
        return await self._stack.__aexit__(*exception)

    def reader(self, *, any_target: bool = False) -> LineReader:
        """What reads the lines of an input.

        ``any_target``: it may name targets that the settings don't know.
        """
        known = None if any_target else self.settings.known_targets
        domains = domain_map(self.settings.domain_map)
        if not domains:
            return LineReader(self.model, self.settings.target, known)
        return MappedReader(self.model, self.settings.target, known, domains)

    def target(self, name: str, client: Any | None = None) -> AwsTarget:
        """The target of that name, not yet connected."""
        return AwsTarget(
            name,
            target_settings(self.settings, name),
            redact=self.redactor.message,
            connect_timeout=self.settings.connect_timeout,
            read_timeout=self.settings.read_timeout,
            loader=self._loader,
            client=client,
        )

    async def connect(self, names: Iterable[str], stack: AsyncExitStack) -> Connected:
        """Open the clients of those targets and ask which account each is, side by side.

        Raises SettingsError, and the AwsError of the first target when none can be used.
        """
        usable: dict[str, AwsTarget] = {}
        unusable: dict[str, AwsError] = {}

        async def open_client(name: str) -> None:
            try:
                target = await stack.enter_async_context(self.target(name))
                await target.check()
            except AwsError as error:
                unusable[name] = error
            else:
                await target.account()
                usable[name] = target

        names = list(names)
        async with open_task_group() as tasks:
            for name in names:
                tasks.start_soon(open_client, name)
        if not usable and unusable:
            raise next(unusable[name] for name in names)
        return Connected(
            targets={name: usable[name] for name in names if name in usable},
            unusable={name: unusable[name] for name in names if name in unusable},
        )

    def reading(self, target: AwsTarget, operation: str, tally: Tally) -> Retrying:
        """What brings one reading operation of a connected target to its answer, at a pace of
        its own.
        """
        return self._retrying(target, operation, self.pacer(target, operation), tally.answered)

    def lane(
        self,
        target: AwsTarget,
        source: Source,
        tally: Tally,
        on_close: Callable[[], None] | None = None,
        *,
        images: BeforeImageStore | None = None,
        force: bool = False,
        listed: bool = False,
        may_send: MaySend | None = None,
    ) -> Lane:
        """The lane of a connected target.

        ``images``: where to keep what each trigger was; None: look at none of them.

        ``listed``: what was planned is first held against a list of its domain; for a run that has
        sent nothing so far.
        """
        pacer = self.pacer(target, OPERATION)
        reading = self.pacer(target, GET, pacer.time_breakdown)
        writing = {OPERATION: self._retrying(target, OPERATION, pacer, tally.answered, may_send)}
        more = [reading]
        if self.settings.create_missing:
            creating = self.pacer(target, CREATE, pacer.time_breakdown)
            writing[CREATE] = self._retrying(target, CREATE, creating, tally.answered, may_send)
            more.append(creating)
        changed_at = None
        if listed:
            listing = self.pacer(target, LIST, pacer.time_breakdown)
            more.append(listing)
            # who may not list is no worse off for it: every trigger is looked at all the same
            retrying = self._retrying(target, LIST, listing, lambda verdict: None)
            changed_at = LastUpdatedTimes(retrying, target.page_size(LIST)).last_updated
        settler = Reconciler(
            look=images is not None or self.settings.merge or self.settings.create_missing,
            reading=self._retrying(target, GET, reading, tally.looked),
            writing=writing,
            images=images or NoBeforeImages(),
            options=ChangeOptions(
                merge=self.settings.merge, create_missing=self.settings.create_missing, force=force
            ),
            clock=self.clock,
            pace=lambda: pacer.limiter.own_rate,
            listed=changed_at,
        )
        return Lane(
            target=target.name,
            source=source,
            pacer=pacer,
            more_pacers=more,
            settler=settler,
            tally=tally,
            on_close=on_close,
        )

    def _retrying(
        self,
        target: AwsTarget,
        operation: str,
        pacer: Pacer,
        count: Callable[[Verdict], None],
        may_send: MaySend | None = None,
    ) -> Retrying:
        watch = self._on_attempt

        def on_attempt(verdict: Verdict, seconds: float) -> None:
            count(verdict)
            if watch is not None:
                watch(target.name, operation, verdict, seconds)

        return Retrying(
            caller=target if operation == OPERATION else OperationCaller(target, operation),
            pacer=pacer,
            policy=RetryPolicy(
                max_attempts=self.settings.max_attempts, throttle_limit=self.settings.throttle_limit
            ),
            clock=self.clock,
            log=self.log,
            on_attempt=on_attempt,
            may_send=may_send,
        )

    def measuring(self, target: AwsTarget, operation: str, pressing: SaturationProbe) -> Pacer:
        """The pacer of a measurement, from nothing that is remembered, and together with nobody."""
        limiter = LocalLimiter(pressing, clock=self.clock, rate=None, burst=1.0)
        return self._paced_by(limiter, target, operation, None)

    def pacer(
        self, target: AwsTarget, operation: str, time_breakdown: TimeBreakdown | None = None
    ) -> Pacer:
        """The pacer of one operation of a connected target, from what is remembered of that quota.

        Reading goes at ``read_rate``, without a burst of its own.
        """
        pace = target.settings
        asked, burst = (
            (pace.rate, pace.burst) if operation in (OPERATION, CREATE) else (pace.read_rate, None)
        )
        rate = None if asked == "auto" else asked
        known = self.remembered(target, operation)
        remembered = known.learned(self.clock.wall()) if known else None
        limiter: LocalLimiter | SharedLimiter
        assert self._fleet is not None or self.settings.limiter == LOCAL, (
            "a workshop that was not entered"
        )
        if self._fleet is None:
            estimate = RateEstimator(
                now=self.clock.now(), ceiling=rate, share=pace.fraction, remembered=remembered
            )
            limiter = LocalLimiter(estimate, clock=self.clock, rate=rate, burst=burst or 1.0)
        else:
            limiter = self._fleet.limiter(
                _bucket(_key(target, operation)),
                rate=rate,
                burst=burst or 1.0,
                share=pace.fraction,
                remembered=remembered,
            )
        return self._paced_by(limiter, target, operation, time_breakdown)

    def _paced_by(
        self,
        limiter: "LocalLimiter | SharedLimiter",
        target: AwsTarget,
        operation: str,
        time_breakdown: TimeBreakdown | None,
    ) -> Pacer:
        pacer = Pacer(limiter, target.settings.concurrency, self.clock, time_breakdown)
        self._paced[pacer] = (_key(target, operation), limiter)
        return pacer

    def retire(self, lane: Lane) -> None:
        """Let go of a lane that has ended; what it learned is written down."""
        self.remember()
        for pacer in lane.pacers:
            del self._paced[pacer]

    def learned(self, pacer: Pacer) -> EstimatedQuota:
        """What a pacer that was made here has learned by now."""
        return self._paced[pacer][1].learned

    def remembered(self, target: AwsTarget, operation: str) -> Remembered | None:
        """What earlier runs found out about that quota; None: nothing, or it is not to be used."""
        return None if self._book is None else self._book.recall(_key(target, operation))

    def known_rate(self, target: AwsTarget, operation: str) -> float | None:
        """Requests per second of that operation as far as they are given or remembered; None
        when neither.
        """
        asked = target.settings.rate if operation == OPERATION else target.settings.read_rate
        found = self.remembered(target, operation)
        known = [rate for rate in (asked, found and found.rate) if isinstance(rate, float | int)]
        return min(known, default=None)

    def remember(self) -> bool:
        """Write down what the pacers made here have learned by now.

        Whether that was wanted and done.
        """
        if self._book is None:
            return False
        paced = self._paced.values()
        users = Counter(key for key, limiter in paced if isinstance(limiter, LocalLimiter))
        return self._book.remember(
            # of several targets of one account and Region each found but its part
            [
                (key, replace(limiter.learned, doubt=1.0) if users[key] > 1 else limiter.learned)
                for key, limiter in paced
            ],
            self.clock.wall(),
        )


def _key(target: AwsTarget, operation: str) -> QuotaKey:
    return QuotaKey(
        account=target.account_id or target.endpoint_url, region=target.region, operation=operation
    )


def _bucket(key: QuotaKey) -> str:
    return f"{key.account}/{key.region}/{key.operation}"
