"""A request brought to its final answer: the only retry layer there is.

Which answer means what is in ``accounting.verdicts``, when to give up in ``retry_policies``, who
may send when in ``pacing``.
"""

import random
from collections.abc import Awaitable, Callable, Mapping
from functools import cached_property
from typing import Any, TypeAlias

import tenacity
from msgspec import Struct
from structlog.typing import FilteringBoundLogger
from tenacity import RetryCallState

from batcher.accounting.verdicts import ACCEPTED, CREDENTIALS, LOST, UNSENT, Verdict, judge
from batcher.engine.attempt_log import AttemptLog
from batcher.engine.breaker_gate import OperationGate, StoppedInOutage
from batcher.engine.credential_refresh import CredentialRefresh, CredentialSets
from batcher.engine.pacing import Draining, Pacer, Permit
from batcher.engine.retry_policies import (
    retry_while_worth,
    stop_after_charged_attempts,
    stop_after_denials,
    stop_after_refusals,
    stop_after_throttled_for,
    wait_as_asked,
    wait_full_jitter,
    wait_longest,
)
from batcher.engine.retry_state import RetryState
from batcher.errors import (
    AwsError,
    CredentialsError,
    NotSentError,
    OutageError,
    WrongAccountError,
)
from batcher.operations import members_for
from batcher.ports import AttemptMade, Caller, Clock
from batcher.records import Update

StillWanted: TypeAlias = Callable[[RetryState], Awaitable[bool]]
"""Whether to send, after what came of the attempts so far."""

RENEWALS = 2  # times in a row that credentials are fetched anew for one request
DENIALS = 3  # in which others tell whether it is the request, or all that was allowed before


class RetryPolicy(Struct, frozen=True, kw_only=True):
    """How often and how long to try. Seconds."""

    # charged: errors and lost connections, not throttles; of those that never left so many in a row
    max_attempts: int = 8
    throttle_limit: float = 900.0  # from a request's first throttle on
    # before the second charged attempt at most this, doubled with each one more
    backoff: float = 0.5
    backoff_cap: float = 20.0
    # that AWS asks to wait: a wrong header must not put an update to sleep for days
    longest_asked: float = 300.0


class Retrying:
    """Brings requests of one operation of a target to their final answers.

    ``make_pacer`` is called for the first request. ``on_attempt`` is told of every attempt.
    ``gate``: where requests wait while the target is away; None: each is tried by itself until it
    is given up.
    """

    def __init__(
        self,
        *,
        target: str,
        operation: str,
        caller: Caller,
        make_pacer: Callable[[], Pacer],
        policy: RetryPolicy,
        clock: Clock,
        log: FilteringBoundLogger,
        on_attempt: Callable[[AttemptMade], None],
        credentials: CredentialSets | None = None,
        gate: OperationGate | None = None,
        uniform: Callable[[float, float], float] = random.uniform,
    ) -> None:
        self._make_pacer = make_pacer
        self._gate = gate
        self._target = target
        self._operation = operation
        self._caller = caller
        self._clock = clock
        self._log = AttemptLog(target, operation, log)
        self._on_attempt = on_attempt
        self._credentials = CredentialRefresh(credentials or CredentialSets(caller))
        self._max_unsent = policy.max_attempts
        self._policy, self._uniform = policy, uniform

    @cached_property
    def pacer(self) -> Pacer:
        """What paces its requests."""
        pacer = self._make_pacer()
        pacer.outage_gate = self._gate
        return pacer

    @cached_property
    def _retrying(self) -> tenacity.Retrying:
        """What says what is next: made for the first request that is not accepted at once.

        Who waits for that is here, so that all requests can share it.
        """
        policy = self._policy
        retrying = tenacity.Retrying(
            retry=retry_while_worth(),
            stop=stop_after_charged_attempts(policy.max_attempts)
            | stop_after_denials(DENIALS)
            | stop_after_throttled_for(policy.throttle_limit)
            | stop_after_refusals(RENEWALS, self._credentials),
            wait=wait_longest(
                wait_full_jitter(policy.backoff, policy.backoff_cap, self._uniform),
                wait_as_asked(policy.longest_asked, policy.throttle_limit),
            ),
            retry_error_callback=lambda call: None,  # what is given up is no error here
        )
        retrying.begin()
        return retrying

    def run_attempts_for(
        self,
        update: Update,
        *,
        still_wanted: StillWanted | None = None,
        must_finish: bool = False,
    ) -> Awaitable[RetryState | None]:
        """What ``run_attempts`` does, with those members of the update that the operation takes."""
        members = members_for(self._operation, update.request)
        return self.run_attempts(
            update.id,
            members,
            still_wanted=still_wanted,
            must_finish=must_finish,
            urgency=update.urgency,
        )

    async def run_attempts(
        self,
        id: str,
        members: Mapping[str, Any],
        may_send: Callable[[], bool] | None = None,
        on_interrupted: Callable[[RetryState], None] | None = None,
        still_wanted: StillWanted | None = None,
        *,
        must_finish: bool = False,
        urgency: int = 0,
    ) -> RetryState | None:
        """Send a request until its answer is final, or it is given up; returns what it took.

        ``id``: what logs call it. ``may_send``: asked whenever its turn has come, which can be long
        after it was taken up. None when it may not be sent, or when draining came before anything
        was sent that may have had an effect, or while the target is away. Raises CredentialsError,
        NotSentError when too many attempts in a row never left, OutageError when the target is away
        for too long, and AwsError where a redirect answers. ``on_interrupted``: told what came of
        the attempts so far when this raises, is cancelled, or ends while the target is away.
        ``still_wanted``: asked like ``may_send``, with the permit in hand. ``must_finish``: also
        while draining. ``urgency``: as in Pacer.
        """
        state = RetryState(id, self._clock.wall(), finishes=must_finish, urgency=urgency)
        try:
            await self._try(state, members, may_send, still_wanted)
        except Draining as draining:
            if isinstance(draining, StoppedInOutage):
                if must_finish:
                    raise OutageError(str(draining)) from draining
                if on_interrupted is not None:
                    on_interrupted(state)
            return None
        except BaseException:
            if on_interrupted is not None:
                on_interrupted(state)
            raise
        return state

    async def _try(
        self,
        state: RetryState,
        members: Mapping[str, Any],
        may_send: Callable[[], bool] | None,
        still_wanted: StillWanted | None,
    ) -> None:
        """Make attempts, with waits between them, until the policies say that it is enough."""
        call: RetryCallState | None = None  # what policies are asked with, once they are
        gate = self._gate
        while True:
            if call and gate is not None and gate.is_refused_alone(state, _domain_in(members)):
                state.held = False  # it is allowed to others
                verdict = state.verdict
            else:
                try:
                    verdict = await self._send(state, members, may_send, still_wanted)
                finally:
                    if gate is not None:
                        gate.leave()
            if verdict is ACCEPTED:  # as nearly all: no policy has anything to say
                return
            call = call or RetryCallState(self._retrying, None, (state,), {})
            call.set_result(verdict)
            wait = self._retrying.iter(call)
            if not isinstance(wait, tenacity.DoSleep):
                return
            await self._prepare_next(state, wait)
            call.prepare_for_next_attempt()
            await self.pacer.back_off(wait)

    async def _send(
        self,
        state: RetryState,
        members: Mapping[str, Any],
        may_send: Callable[[], bool] | None,
        still_wanted: StillWanted | None,
    ) -> Verdict:
        permit = await self._permit(state, may_send, still_wanted)
        pacer, gate = self.pacer, self._gate
        state.credentials = self._credentials.generation
        attempt, verdict = None, LOST
        try:
            state.under_way = True
            attempt = await self._caller.call(self._operation, members)
            verdict = judge(attempt)
        finally:
            pacer.leave(permit, verdict, attempt)
        if verdict is ACCEPTED:
            self._credentials.mark_accepted(state.credentials)
        state.record(attempt, verdict, permit, pacer.unpaused())
        domain = _domain_in(members)
        self._on_attempt(
            AttemptMade(
                id=state.id,
                target=self._target,
                operation=self._operation,
                domain=domain,
                number=state.attempts,
                verdict=verdict,
                attempt=attempt,
                queued=permit.queued,
                token=permit.token,
            )
        )
        if gate is not None:
            gate.note(state, domain, attempt, verdict)
        self._log.answered(state, attempt, permit)
        if verdict is Verdict.REDIRECTED:
            raise AwsError(f"target {self._target}: {self._operation}: {attempt.message}")
        return verdict

    async def _permit(
        self,
        state: RetryState,
        may_send: Callable[[], bool] | None,
        still_wanted: StillWanted | None,
    ) -> Permit:
        """The permit for an attempt that is wanted, of a target that is not away by then."""
        pacer, gate, must_finish = self.pacer, self._gate, state.must_finish
        while True:
            permit = await pacer.enter(
                begun=state.attempts > 0, must_finish=must_finish, urgency=state.urgency
            )
            wanted = goes = False
            try:
                wanted = may_send is None or may_send()
                if wanted and still_wanted is not None:
                    wanted = await still_wanted(state)
                    # a newer look may have taken long
                    wanted = wanted and (may_send is None or may_send())
                goes = wanted and pacer.lets_go(must_finish=must_finish)
                goes = goes and (gate is None or gate.is_open_to_me)
            finally:
                if not goes:
                    pacer.leave(permit, UNSENT, None)
            if goes:
                return permit
            if not wanted:
                raise Draining

    async def _renew(self, state: RetryState) -> None:
        """Fetch credentials anew; where that is no use any more, the target is away."""
        gate = self._gate
        try:
            await self._credentials.renew(state.credentials, state.last)
        except WrongAccountError:
            raise
        except CredentialsError as error:
            if gate is None or not gate.note_refused(state, str(error)):
                raise
            self._credentials.begin_anew()
        else:
            if gate is not None:
                gate.note_renewed()

    async def _prepare_next(self, state: RetryState, wait: float) -> None:
        if state.verdict is CREDENTIALS:
            await self._renew(state)
            return
        mid_run = self._gate is not None and self._gate.is_mid_run
        if state.verdict is UNSENT and state.unsent >= self._max_unsent and not mid_run:
            tried = "once" if state.unsent == 1 else f"{state.unsent} times"
            raise NotSentError(
                f"target {self._target}: nothing can be sent, tried {tried} in"
                f" {state.unsent_for:.0f} s: {state.last.message}"
            )
        state.waited(wait)
        self._log.scheduled(state, wait)


def _domain_in(members: Mapping[str, Any]) -> str:
    return str(members.get("DomainName", ""))
