"""Lanes of the engine, and readers with retries, of connected targets."""

from collections.abc import Callable
from functools import partial
from typing import TypeAlias

from structlog.typing import FilteringBoundLogger

from batcher.accounting.denials import Action
from batcher.accounting.tally import Tally
from batcher.accounting.time_breakdown import TimeBreakdown
from batcher.aws.client import AwsTarget
from batcher.config import Settings
from batcher.engine.answer_check import AnswerCheck
from batcher.engine.breaker_gate import BreakerGate, OnBreaker
from batcher.engine.credential_refresh import CredentialSets
from batcher.engine.lane import Lane
from batcher.engine.list_pages import AttachedIntegrations, LastUpdatedTimes
from batcher.engine.no_before_images import NoBeforeImages
from batcher.engine.pacing import Pacer
from batcher.engine.read_back import ReadBack
from batcher.engine.reconciler import MaySend, Reconciler, Settler
from batcher.engine.recreation import Recreation
from batcher.engine.retrying import Retrying, RetryPolicy
from batcher.engine.shared_updates import LaneUpdates
from batcher.engine.trigger_copy import Completion, Requests, TriggerCopy
from batcher.operations import (
    CREATE_TRIGGER,
    DELETE_TRIGGER,
    GET_TRIGGER,
    LIST_INTEGRATIONS,
    LIST_TRIGGERS,
    PUT_INTEGRATION,
    TAG_RESOURCE,
    UPDATE_TRIGGER,
)
from batcher.ports import AttemptMade, BeforeImageStore, Clock, Source
from batcher.records import Result
from batcher.target_identity import TargetIdentity
from batcher.triggers.decision import ChangeOptions
from batcher.wiring.line_readers import installed_update_model
from batcher.wiring.omissions import Omissions
from batcher.wiring.pacers import Pacers

OnAttempt: TypeAlias = Callable[[AttemptMade, TargetIdentity], None]
"""Told of an attempt, and where its target is."""


class Lanes:
    """Makes the lanes of one set of settings. ``on_attempt`` is told of every attempt.

    ``omissions``: what is known of members that updates omit.
    """

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
        self.omissions = Omissions(
            settings, pacers.file, clock=clock, log=log, write=pacers.write_soon
        )
        self._credentials: dict[str, CredentialSets] = {}
        self._gates: dict[str, tuple[AwsTarget, BreakerGate]] = {}

    def reading(self, target: AwsTarget, operation: str, tally: Tally) -> Retrying:
        """What brings reads of a connected target to their answers, at a pace of their own."""
        return _Operations(target, self._pacers, self._log, self._retrying).sent(operation, tally)

    def lane(
        self,
        target: AwsTarget,
        source: Source,
        tally: Tally,
        on_close: Callable[[], None] | None = None,
        *,
        images: BeforeImageStore | None = None,
        force: bool = False,
        complete: bool = False,
        recreate: bool = False,
        listed: bool = False,
        may_send: MaySend | None = None,
        on_interrupted: Callable[[Result], None] | None = None,
        on_breaker: OnBreaker | None = None,
        outage_limit: float | None = None,
        updates: LaneUpdates | None = None,
        sent_since: float | None = None,
    ) -> Lane:
        """The lane of a connected target.

        ``images``: where to keep what each trigger was; None: look at none of them. ``force``,
        ``complete`` and ``recreate``, which needs images, as in ChangeOptions. ``listed``: what was
        planned is first held against a list of its domain; for a run that has sent nothing so far.
        ``on_interrupted`` as in Reconciler. ``on_breaker`` as in BreakerGate; ``outage_limit`` too,
        None: that of the settings. ``updates`` as in Lane, ``sent_since`` as in Reconciler.
        """
        gate = self._gate_of(target, outage_limit)
        gate.observers = [] if on_breaker is None else [on_breaker]
        retrying = partial(self._retrying, gate=gate)
        operations = _Operations(target, self._pacers, self._log, retrying)
        updating = operations.sent(UPDATE_TRIGGER, tally)
        reading = operations.sent(GET_TRIGGER, tally)
        options = self._options(force=force, complete=complete, recreate=recreate)
        reconciler = self._reconciler(
            operations,
            updating,
            reading,
            tally,
            images,
            options,
            listed=listed,
            may_send=may_send,
            on_interrupted=on_interrupted,
            sent_since=sent_since,
        )
        settler: Settler = reconciler
        if options.create_missing:
            settler = TriggerCopy(settler, self._log, self._completion(operations, reading, tally))
        if (sample := self._settings.verify) is not None:
            settler = ReadBack(
                settler,
                fraction=sample.fraction,
                reading=reading,
                writable=options.writable,
                log=self._log,
                on_interrupted=on_interrupted,
            )
        operations.lane = lane = Lane(
            target=target.name,
            source=source,
            pacer=updating.pacer,
            settler=settler,
            tally=tally,
            on_close=on_close,
            gate=gate,
            updates=updates,
            ahead=reconciler.ahead,
            wait_to_look=reconciler.wait_to_look,
        )
        return lane

    def let_go(self, target: str) -> None:
        """Keep nothing of a target that was closed for others to find when it is opened again."""
        self._credentials.pop(target, None)
        self._gates.pop(target, None)

    def _completion(
        self, operations: "_Operations", reading: Retrying, tally: Tally
    ) -> Completion | None:
        if not self._settings.with_integrations:
            return None
        target = operations.target
        requests = Requests(
            integrations=operations.attached_integrations(),
            reading=reading,
            tagging=operations.sent(TAG_RESOURCE, tally),
            putting=operations.sent(PUT_INTEGRATION, tally),
            arn=target.arn,
            members=target.members(PUT_INTEGRATION),
        )
        return Completion(requests, target.identity, self._clock)

    def _options(self, *, force: bool, complete: bool, recreate: bool) -> ChangeOptions:
        return ChangeOptions(
            writable=installed_update_model().writable,
            whole=self._settings.whole,
            create_missing=self._settings.create_missing,
            force=force,
            complete=complete,
            recreate=recreate,
        )

    def _reconciler(
        self,
        operations: "_Operations",
        updating: Retrying,
        reading: Retrying,
        tally: Tally,
        images: BeforeImageStore | None,
        options: ChangeOptions,
        *,
        listed: bool,
        may_send: MaySend | None,
        on_interrupted: Callable[[Result], None] | None,
        sent_since: float | None,
    ) -> Reconciler:
        writing, recreation = {UPDATE_TRIGGER: updating}, None
        if options.create_missing or options.recreate:
            writing[CREATE_TRIGGER] = operations.sent(CREATE_TRIGGER, tally)
        if options.recreate and images is not None:
            recreation = Recreation(
                reading=reading,
                integrations=operations.attached_integrations(),
                deleting=operations.sent(DELETE_TRIGGER, tally),
                creating=writing[CREATE_TRIGGER],
                images=images,
                options=options,
                clock=self._clock,
                log=self._log,
            )
        omitted = self.omissions.of(operations.target)
        return Reconciler(
            look=images is not None or options.whole == "always" or options.create_missing,
            reading=reading,
            writing=writing,
            images=images or NoBeforeImages(),
            options=options,
            check=AnswerCheck(
                reading=reading,
                updating=updating,
                options=options,
                omitted=omitted,
                clock=self._clock,
                log=self._log,
            ),
            omitted=omitted,
            clock=self._clock,
            write_rate=lambda: updating.pacer.limiter.own_rate,
            last_updated=operations.last_updated_times().last_updated if listed else None,
            may_send=may_send,
            on_interrupted=on_interrupted,
            recreation=recreation,
            sent_since=sent_since,
        )

    def _retrying(
        self,
        target: AwsTarget,
        operation: str,
        make_pacer: Callable[[], Pacer],
        tally: Tally | None,
        gate: BreakerGate | None = None,
    ) -> Retrying:
        watch, place = self._on_attempt, target.identity

        def on_attempt(made: AttemptMade) -> None:
            if tally is not None:
                sent = made.attempt.reached != "unsent"
                tally.count_attempt(made.verdict, Action(operation, made.domain), sent=sent)
            if watch is not None:
                watch(made, place)

        return Retrying(
            target=target.name,
            operation=operation,
            caller=target,
            make_pacer=make_pacer,
            policy=RetryPolicy(
                max_attempts=self._settings.max_attempts,
                throttle_limit=self._settings.throttle_limit,
            ),
            clock=self._clock,
            log=self._log,
            on_attempt=on_attempt,
            credentials=self._credentials_of(target),
            gate=None if gate is None else gate.of(operation),
        )

    def _credentials_of(self, target: AwsTarget) -> CredentialSets:
        """The sets of credentials of a connected target, which all of its operations share."""
        known = self._credentials.get(target.name)
        if known is None or known.caller is not target:  # it was opened again
            known = self._credentials[target.name] = CredentialSets(target)
        return known

    def _gate_of(self, target: AwsTarget, limit: float | None) -> BreakerGate:
        """The breaker of a connected target, which all of its lanes share, one after the other."""
        known, gate = self._gates.get(target.name, (None, None))
        if gate is None or known is not target:  # it was opened again
            limit = self._settings.outage_limit if limit is None else limit
            gate = BreakerGate(
                target.name,
                now=self._pacers.control.unpaused,
                clock_now=self._clock.now,
                log=self._log,
                limit=limit,
            )
            self._gates[target.name] = (target, gate)
        return gate


class _Operations:
    """The operations of one lane, each sent at a pace of its own; time counts as the lane's.

    Of a thousand targets most send updates only: a pacer is made when something is to be sent.
    """

    def __init__(
        self,
        target: AwsTarget,
        pacers: Pacers,
        log: FilteringBoundLogger,
        retrying: Callable[[AwsTarget, str, Callable[[], Pacer], Tally | None], Retrying],
    ) -> None:
        self.lane: Lane | None = None
        self.target = target
        self._time_breakdown = TimeBreakdown()
        self._make_pacer = pacers.pacer
        self._log = log
        self._retrying = retrying

    def sent(self, operation: str, tally: Tally | None) -> Retrying:
        """What sends that operation; ``tally`` counts each attempt, None: nobody does."""
        return self._retrying(self.target, operation, partial(self._pacer, operation), tally)

    def _pacer(self, operation: str) -> Pacer:
        pacer = self._make_pacer(self.target, operation, self._time_breakdown)
        pacer.on_full = partial(self._tell_full, operation, pacer.slots)
        if self.lane is not None:
            self.lane.join(pacer)
            if operation == GET_TRIGGER:
                self.lane.reading = pacer
        return pacer

    def _tell_full(self, operation: str, slots: int) -> None:
        name = self.target.name
        self._log.warning("concurrency.reached", target=name, operation=operation, at_most=slots)

    def last_updated_times(self) -> LastUpdatedTimes:
        # who may not list is no worse off for it: every trigger is looked at all the same
        listing = self.sent(LIST_TRIGGERS, None)
        return LastUpdatedTimes(listing, self.target.page_size(LIST_TRIGGERS))

    def attached_integrations(self) -> AttachedIntegrations:
        # who may not list them deletes nothing, and is told so by each result
        listing = self.sent(LIST_INTEGRATIONS, None)
        return AttachedIntegrations(listing, self.target.page_size(LIST_INTEGRATIONS))
