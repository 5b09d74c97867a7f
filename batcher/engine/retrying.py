"""One update brought to its one result: attempts, backoff, and when to give up.

The only retry layer there is. Which answer means what is in ``rules.verdicts``; who may send when
is in ``pacing``.
"""

import random
from collections.abc import Callable
from typing import TypeAlias

import anyio
import tenacity
from msgspec import Struct
from structlog.typing import FilteringBoundLogger

from batcher.accounting.verdicts import Verdict, judge
from batcher.engine.pacing import Draining, Pacer, Permit
from batcher.errors import CredentialsError
from batcher.ports import Caller, Clock
from batcher.records import Attempt, Error, Result, Seconds, Status, Update

USELESS = 2  # sets of credentials in a row that may be of no use before the run is stopped
RENEWALS = 2  # times that credentials are fetched anew for one update


MaySend: TypeAlias = Callable[[Update], bool]
"""Asked when an update's turn has come, which can be long after it was taken up."""


class RetryPolicy(Struct, frozen=True, kw_only=True):
    """How often and how long to try. Seconds."""

    max_attempts: int = 8  # charged: errors and lost connections, not throttles
    throttle_limit: float = 900.0  # from an update's first throttle on
    # before the second charged attempt at most this, doubled with each one more
    backoff: float = 0.5
    backoff_cap: float = 20.0


class RetryState:
    """What was spent on one update so far."""

    def __init__(self, update: Update, started_at: str) -> None:
        self.update = update
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

    def result(self, finished_at: str) -> Result:
        """The result that this effort came to."""
        update = self.update
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
    """Settles updates of one target."""

    def __init__(
        self,
        *,
        caller: Caller,
        pacer: Pacer,
        policy: RetryPolicy,
        clock: Clock,
        log: FilteringBoundLogger,
        on_attempt: Callable[[Verdict, float], None],
        may_send: MaySend | None = None,
        uniform: Callable[[float, float], float] = random.uniform,
    ) -> None:
        self._caller = caller
        self.pacer = pacer
        self._policy = policy
        self._clock = clock
        self._log = log
        self._on_attempt = on_attempt
        self._may_send = may_send
        self._uniform = uniform
        self._refresh = CredentialRefresh(caller)
        self._retrying = tenacity.AsyncRetrying(
            sleep=pacer.back_off,
            retry=tenacity.retry_if_result(lambda verdict: verdict.retryable),
            stop=self._given_up,
            wait=self._wait,
            before_sleep=self._back_off,
            retry_error_callback=lambda state: state.outcome and state.outcome.result(),
        )

    async def settle(self, update: Update) -> Result | None:
        """Try until there is a result.

        None when draining came before anything was sent that may have had an effect, or when it may
        not be sent any more. Raises CredentialsError.
        """
        effort = await self.run_attempts(update)
        return None if effort is None else effort.result(self._clock.wall())

    async def run_attempts(self, update: Update) -> RetryState | None:
        """The same, as the effort that it took, with its last answer."""
        effort = RetryState(update, self._clock.wall())
        try:
            effort.verdict = await self._attempt(effort)
            # most updates need no more than one attempt, and no policy
            if effort.verdict.retryable:
                effort.verdict = await self._retrying.copy()(self._next, effort)
        except Draining:
            return None
        return effort

    async def _next(self, effort: RetryState) -> Verdict:
        """What tenacity makes attempts with: the first one was made."""
        if effort.policed:
            return await self._attempt(effort)
        effort.policed = True
        return effort.verdict

    async def _attempt(self, effort: RetryState) -> Verdict:
        refused = 0
        while True:
            verdict, generation = await self._send(effort)
            if verdict is not Verdict.CREDENTIALS:
                return verdict
            refused += 1
            if refused > RENEWALS and self._refresh.proved:
                return verdict  # others are accepted: it is this update that AWS refuses
            await self._refresh.renew(generation, effort.last)

    async def _send(self, effort: RetryState) -> tuple[Verdict, int]:
        permit = await self.pacer.enter(
            begun=effort.attempts > 0, must_finish=effort.lost or effort.answered
        )
        if self._may_send is not None and not self._may_send(effort.update):
            self.pacer.leave(permit, Verdict.UNSENT, None)
            raise Draining
        generation = self._refresh.generation
        attempt, verdict = None, Verdict.LOST
        try:
            attempt = await self._caller.call(effort.update)
            verdict = judge(attempt)
        finally:
            self.pacer.leave(permit, verdict, attempt.retry_after if attempt else None)
        if verdict is Verdict.ACCEPTED:
            self._refresh.accepted(generation)
        effort.book(attempt, verdict, permit, self._clock.now())
        self._on_attempt(verdict, attempt.seconds)
        self._say_attempt(effort, attempt, verdict, permit)
        return verdict, generation

    # policies: each reads the effort that the attempts are made for

    def _given_up(self, state: tenacity.RetryCallState) -> bool:
        effort: RetryState = state.args[0]
        first, limit = effort.first_throttle, self._policy.throttle_limit
        throttled_too_long = first is not None and self._clock.now() - first >= limit
        return effort.charged >= self._policy.max_attempts or throttled_too_long

    def _wait(self, state: tenacity.RetryCallState) -> float:
        """Full jitter, so that updates that failed together do not come back together; what AWS
        asks for at least.
        """
        effort: RetryState = state.args[0]
        asked = (effort.last and effort.last.retry_after) or 0.0
        if state.outcome and state.outcome.result() is Verdict.THROTTLED:
            return asked  # the pacer does the slowing down
        ceiling = min(self._policy.backoff_cap, self._policy.backoff * 2.0 ** (effort.charged - 1))
        return max(asked, self._uniform(0.0, ceiling))

    def _say_attempt(
        self, effort: RetryState, attempt: Attempt, verdict: Verdict, permit: Permit
    ) -> None:
        self._log.info(
            "attempt.throttled" if verdict is Verdict.THROTTLED else "attempt.answered",
            id=effort.update.id,
            target=effort.update.target,
            attempt=effort.attempts,
            verdict=verdict.value,
            code=attempt.code,
            http_status=attempt.http_status,
            request_id=attempt.request_id,
            seconds=round(attempt.seconds, 4),
            token_seconds=round(permit.token, 4),
        )

    def _back_off(self, state: tenacity.RetryCallState) -> None:
        effort: RetryState = state.args[0]
        effort.backoff += state.upcoming_sleep
        self._log.info(
            "retry.scheduled",
            id=effort.update.id,
            target=effort.update.target,
            wait_seconds=round(state.upcoming_sleep, 3),
            charged=effort.charged,
            throttles=effort.throttles,
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
