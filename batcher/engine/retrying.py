"""One update brought to its one result: attempts, backoff, and when to give up.

The only retry layer there is. Which answer means what is in ``rules.verdicts``; who may send when
is in ``pacing``.
"""

import random
from collections.abc import Awaitable, Callable, Mapping
from functools import partial
from typing import Any, TypeAlias

import anyio
import tenacity
from msgspec import Struct
from structlog.typing import FilteringBoundLogger

from batcher.accounting.verdicts import Verdict, judge
from batcher.engine.pacing import Draining, Pacer, Permit
from batcher.errors import CredentialsError
from batcher.operations import members_for
from batcher.ports import Caller, Clock
from batcher.records import Attempt, Error, Result, Seconds, Status, Update

USELESS = 2  # sets of credentials in a row that may be of no use before the run is stopped
RENEWALS = 2  # times that credentials are fetched anew for one update

_Send: TypeAlias = Callable[[], Awaitable[tuple[Verdict, int]]]


class RetryPolicy(Struct, frozen=True, kw_only=True):
    """How often and how long to try. Seconds."""

    max_attempts: int = 8  # charged: errors and lost connections, not throttles
    throttle_limit: float = 900.0  # from an update's first throttle on
    # before the second charged attempt at most this, doubled with each one more
    backoff: float = 0.5
    backoff_cap: float = 20.0


class RetryState:
    """What was spent on one request so far. ``id``: what logs call it."""

    def __init__(self, id: str, started_at: str) -> None:
        self.id = id
        self.started_at = started_at
        self.attempts = 0
        self.throttles = 0
        self.charged = 0
        self.answered = False  # by anything but a throttle, which says nothing about the update
        self.lost = False  # at least one attempt left and was never answered
        self.first_throttle: float | None = None
        self.queued = self.token = self.backoff = self.calling = 0.0
        self.policed = False  # a retry policy decides what comes next
        self.last: Attempt | None = None
        self.verdict = Verdict.UNSENT

    @property
    def seconds(self) -> Seconds:
        return Seconds(
            queued=self.queued, token=self.token, backoff=self.backoff, calling=self.calling
        )

    @property
    def status(self) -> Status:
        if self.verdict is Verdict.ACCEPTED:
            return "succeeded"
        return "in_doubt" if self.lost and not self.answered else "failed"

    @property
    def error(self) -> Error | None:
        last = self.last
        if last is None or last.code is None:
            return None
        return Error(code=last.code, message=last.message, http_status=last.http_status)

    def result(self, update: Update, finished_at: str) -> Result:
        """The result of an update that these attempts were made for."""
        return Result(
            id=update.id,
            line=update.line,
            target=update.target,
            domain=update.domain,
            trigger=update.trigger,
            status=self.status,
            attempts=self.attempts,
            throttles=self.throttles,
            error=self.error,
            request_id=None if self.last is None else self.last.request_id,
            started_at=self.started_at,
            finished_at=finished_at,
            seconds=self.seconds.rounded(),
        )

    def book(self, attempt: Attempt, verdict: Verdict, permit: Permit, now: float) -> None:
        """Add one attempt to the books."""
        self.last = attempt
        self.queued += permit.queued
        self.token += permit.token
        self.calling += attempt.seconds
        self.attempts += attempt.reached != "unsent"
        if verdict is Verdict.THROTTLED:
            self.throttles += 1
            self.first_throttle = now if self.first_throttle is None else self.first_throttle
            return
        self.charged += verdict is not Verdict.CREDENTIALS
        self.answered |= attempt.reached == "answered" and verdict is not Verdict.CREDENTIALS
        self.lost |= verdict is Verdict.LOST


class Retrying:
    """Brings requests of one operation of a target to their answers."""

    def __init__(
        self,
        *,
        target: str,
        operation: str,
        caller: Caller,
        pacer: Pacer,
        policy: RetryPolicy,
        clock: Clock,
        log: FilteringBoundLogger,
        on_attempt: Callable[[Verdict, float], None],
        uniform: Callable[[float, float], float] = random.uniform,
    ) -> None:
        self._target = target
        self._operation = operation
        self._caller = caller
        self.pacer = pacer
        self._policy = policy
        self._clock = clock
        self._log = log
        self._on_attempt = on_attempt
        self._uniform = uniform
        self._refresh = CredentialRefresh(caller)
        self._retrying = tenacity.AsyncRetrying(
            sleep=pacer.back_off,
            retry=tenacity.retry_if_result(lambda verdict: verdict.retryable),
            stop=self._given_up,
            wait=self._wait,
            before_sleep=self._back_off,
            retry_error_callback=lambda call: call.outcome and call.outcome.result(),
        )

    async def run_attempts_for(self, update: Update) -> RetryState | None:
        """What ``run_attempts`` does, with those members of the update that the operation takes."""
        return await self.run_attempts(update.id, members_for(self._operation, update.request))

    async def run_attempts(
        self, id: str, members: Mapping[str, Any], may_send: Callable[[], bool] | None = None
    ) -> RetryState | None:
        """Send a request until its answer is final, or it is given up; returns what it took.

        ``id``: what logs call it. ``may_send``: asked whenever its turn has come, which can be long
        after it was taken up. None when it may not be sent, or when draining came before anything
        was sent that may have had an effect. Raises CredentialsError.
        """
        state = RetryState(id, self._clock.wall())
        send = partial(self._send, state, members, may_send)
        try:
            state.verdict = await self._attempt(state, send)
            # most requests need no more than one attempt, and no policy
            if state.verdict.retryable:
                state.verdict = await self._retrying.copy()(self._next, state, send)
        except Draining:
            return None
        return state

    async def _next(self, state: RetryState, send: _Send) -> Verdict:
        """What tenacity makes attempts with: the first one was made."""
        if state.policed:
            return await self._attempt(state, send)
        state.policed = True
        return state.verdict

    async def _attempt(self, state: RetryState, send: _Send) -> Verdict:
        refused = 0
        while True:
            verdict, generation = await send()
            if verdict is not Verdict.CREDENTIALS:
                return verdict
            refused += 1
            if refused > RENEWALS and self._refresh.proved:
                return verdict  # others are accepted: it is this update that AWS refuses
            await self._refresh.renew(generation, state.last)

    async def _send(
        self, state: RetryState, members: Mapping[str, Any], may_send: Callable[[], bool] | None
    ) -> tuple[Verdict, int]:
        permit = await self.pacer.enter(
            begun=state.attempts > 0, must_finish=state.lost or state.answered
        )
        if may_send is not None and not may_send():
            self.pacer.leave(permit, Verdict.UNSENT, None)
            raise Draining
        generation = self._refresh.generation
        attempt, verdict = None, Verdict.LOST
        try:
            attempt = await self._caller.call(self._operation, members)
            verdict = judge(attempt)
        finally:
            self.pacer.leave(permit, verdict, attempt.retry_after if attempt else None)
        if verdict is Verdict.ACCEPTED:
            self._refresh.accepted(generation)
        state.book(attempt, verdict, permit, self._clock.now())
        self._on_attempt(verdict, attempt.seconds)
        self._say_attempt(state, attempt, verdict, permit)
        return verdict, generation

    # policies: each reads the state that the attempts are made for

    def _given_up(self, call: tenacity.RetryCallState) -> bool:
        state: RetryState = call.args[0]
        first, limit = state.first_throttle, self._policy.throttle_limit
        throttled_too_long = first is not None and self._clock.now() - first >= limit
        return state.charged >= self._policy.max_attempts or throttled_too_long

    def _wait(self, call: tenacity.RetryCallState) -> float:
        """Full jitter, so that updates that failed together do not come back together; what AWS
        asks for at least.
        """
        state: RetryState = call.args[0]
        asked = (state.last and state.last.retry_after) or 0.0
        if call.outcome and call.outcome.result() is Verdict.THROTTLED:
            return asked  # the pacer does the slowing down
        ceiling = min(self._policy.backoff_cap, self._policy.backoff * 2.0 ** (state.charged - 1))
        return max(asked, self._uniform(0.0, ceiling))

    def _say_attempt(
        self, state: RetryState, attempt: Attempt, verdict: Verdict, permit: Permit
    ) -> None:
        self._log.info(
            "attempt.throttled" if verdict is Verdict.THROTTLED else "attempt.answered",
            id=state.id,
            target=self._target,
            attempt=state.attempts,
            verdict=verdict.value,
            code=attempt.code,
            http_status=attempt.http_status,
            request_id=attempt.request_id,
            seconds=round(attempt.seconds, 4),
            token_seconds=round(permit.token, 4),
        )

    def _back_off(self, call: tenacity.RetryCallState) -> None:
        state: RetryState = call.args[0]
        state.backoff += call.upcoming_sleep
        self._log.info(
            "retry.scheduled",
            id=state.id,
            target=self._target,
            wait_seconds=round(call.upcoming_sleep, 3),
            charged=state.charged,
            throttles=state.throttles,
        )


class CredentialRefresh:
    """Whether the credentials are any good.

    They are fetched anew when they are refused, for as long as that helps.
    """

    def __init__(self, caller: Caller) -> None:
        self._caller = caller
        self._renewing = anyio.Lock()
        self._useless = 0  # sets of credentials in a row with which nothing was accepted
        self.generation = 0
        self.proved = False  # AWS accepted something that was signed with the present ones

    def accepted(self, generation: int) -> None:
        """AWS accepted something that was signed with those credentials."""
        if generation == self.generation:
            self.proved = True
            self._useless = 0

    async def renew(self, generation: int, refused: Attempt | None) -> None:
        """Return when there are credentials newer than those of ``generation``, which were refused.

        Raises CredentialsError when there are none, or when nothing was accepted with two sets in a
        row.
        """
        async with self._renewing:
            if generation < self.generation:
                return  # somebody else renewed them while this request was under way
            self._useless += not self.proved
            if self._useless >= USELESS or not await self._caller.refresh():
                raise CredentialsError(_hopeless(refused))
            self.generation += 1
            self.proved = False


def _hopeless(refused: Attempt | None) -> str:
    said = f"{refused.code}: {refused.message}" if refused else "none found"
    return (
        f"AWS does not accept the credentials, also after fetching them anew ({said}). Renew them"
        " (aws sso login, a new session, --profile) and run the same command again: it resumes."
    )
