"""Lanes of the engine, and readers with retries, of connected targets."""

from collections.abc import Callable
from typing import TypeAlias

from structlog.typing import FilteringBoundLogger

from batcher.accounting.tally import Tally
from batcher.accounting.verdicts import Verdict
from batcher.aws.client import AwsTarget
from batcher.config import Settings
from batcher.engine.lane import Lane
from batcher.engine.list_pages import LastUpdatedTimes
from batcher.engine.pacing import Pacer
from batcher.engine.reconciler import MaySend, NoBeforeImages, Reconciler
from batcher.engine.retrying import Retrying, RetryPolicy
from batcher.operations import CREATE_TRIGGER, GET_TRIGGER, LIST_TRIGGERS, UPDATE_TRIGGER
from batcher.ports import BeforeImageStore, Clock, Source
from batcher.records import Result
from batcher.triggers.decision import ChangeOptions
from batcher.wiring.line_readers import installed_update_model
from batcher.wiring.pacers import Pacers

OnAttempt: TypeAlias = Callable[[str, str, Verdict, float], None]
"""Told of an attempt: target, operation, verdict, seconds from sending to the answer."""


class Lanes:
    """Makes the lanes of one set of settings. ``on_attempt`` is told of every attempt."""

    def __init__(
        self,
        settings: Settings,
        pacers: Pacers,
        *,
        clock: Clock,
        log: FilteringBoundLogger,
        on_attempt: OnAttempt | None = None,
    ) -> None:
        self._settings = settings
        self._pacers = pacers
        self._clock = clock
        self._log = log
        self._on_attempt = on_attempt

    def reading(self, target: AwsTarget, operation: str, tally: Tally) -> Retrying:
        """What brings reads of a connected target to their answers, at a pace of their own."""
        pacer = self._pacers.pacer(target, operation)
        return self._retrying(target, operation, pacer, tally.count_attempt)

    def lane(
        self,
        target: AwsTarget,
        source: Source,
        tally: Tally,
        on_close: Callable[[], None] | None = None,
        *,
        images: BeforeImageStore | None = None,
        force: bool = False,
        whole: bool = False,
        listed: bool = False,
        may_send: MaySend | None = None,
        on_interrupted: Callable[[Result], None] | None = None,
    ) -> Lane:
        """The lane of a connected target.

        ``images``: where to keep what each trigger was; None: look at none of them. ``force`` and
        ``whole`` as in ChangeOptions. ``listed``: what was planned is first held against a list of
        its domain; for a run that has sent nothing so far. ``on_interrupted`` as in Reconciler.
        """
        settings, pacer = self._settings, self._pacers.pacer(target, UPDATE_TRIGGER)
        reading = self._pacers.pacer(target, GET_TRIGGER, pacer.time_breakdown)
        writing = {
            UPDATE_TRIGGER: self._retrying(target, UPDATE_TRIGGER, pacer, tally.count_attempt)
        }
        more = [reading]
        if settings.create_missing:
            creating = self._pacers.pacer(target, CREATE_TRIGGER, pacer.time_breakdown)
            writing[CREATE_TRIGGER] = self._retrying(
                target, CREATE_TRIGGER, creating, tally.count_attempt
            )
            more.append(creating)
        last_updated = None
        if listed:
            listing = self._pacers.pacer(target, LIST_TRIGGERS, pacer.time_breakdown)
            more.append(listing)
            # who may not list is no worse off for it: every trigger is looked at all the same
            retrying = self._retrying(target, LIST_TRIGGERS, listing, lambda verdict: None)
            last_updated = LastUpdatedTimes(retrying, target.page_size(LIST_TRIGGERS)).last_updated
        settler = Reconciler(
            look=images is not None or settings.merge or settings.create_missing,
            reading=self._retrying(target, GET_TRIGGER, reading, tally.count_read),
            writing=writing,
            images=images or NoBeforeImages(),
            options=ChangeOptions(
                writable=installed_update_model().writable,
                merge=settings.merge,
                create_missing=settings.create_missing,
                force=force,
                whole=whole,
            ),
            clock=self._clock,
            write_rate=lambda: pacer.limiter.own_rate,
            last_updated=last_updated,
            may_send=may_send,
            on_interrupted=on_interrupted,
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
        self, target: AwsTarget, operation: str, pacer: Pacer, count: Callable[[Verdict], None]
    ) -> Retrying:
        watch = self._on_attempt

        def on_attempt(verdict: Verdict, seconds: float) -> None:
            count(verdict)
            if watch is not None:
                watch(target.name, operation, verdict, seconds)

        return Retrying(
            target=target.name,
            operation=operation,
            caller=target,
            pacer=pacer,
            policy=RetryPolicy(
                max_attempts=self._settings.max_attempts,
                throttle_limit=self._settings.throttle_limit,
            ),
            clock=self._clock,
            log=self._log,
            on_attempt=on_attempt,
        )
