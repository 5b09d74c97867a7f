"""One update brought to its one result: attempts, backoff, and when to give up.

The only retry layer there is. Which answer means what is in ``rules.verdicts``; who may send when is in ``pacing``.
"""

import random
from collections.abc import Callable

import tenacity
from msgspec import Struct
from structlog.typing import FilteringBoundLogger

from batcher.engine.pacing import Draining, Pacer, Permit
from batcher.errors import CredentialsError
from batcher.ports import Caller, Clock
from batcher.records import Attempt, Error, Result, Seconds, Status, Update
from batcher.rules.verdicts import Verdict, judge


class RetryPolicy(Struct, frozen=True, kw_only=True):
    """How often and how long to try. Seconds."""

    max_attempts: int = 8  # charged: errors and lost connections, not throttles
    throttle_limit: float = 900.0  # from an update's first throttle on
    backoff: float = 0.5  # before the second charged attempt at most this, doubled with each one more
    backoff_cap: float = 20.0


class Effort:
    """What was spent on one update so far."""

    def __init__(self, update: Update, taken: float, started_at: str) -> None:
        self.update = update
        self.taken = taken
        self.started_at = started_at
        self.attempts = 0
        self.throttles = 0
        self.charged = 0
        self.answered = False  # by anything but a throttle, which says nothing about the update
        self.lost = False  # at least one attempt left and was never answered
        self.first_throttle: float | None = None
        self.queued = self.token = self.backoff = self.calling = 0.0
        self.last: Attempt | None = None

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
        on_attempt: Callable[[Verdict], None],
        uniform: Callable[[float, float], float] = random.uniform,
    ) -> None:
        self._caller = caller
        self._pacer = pacer
        self._policy = policy
        self._clock = clock
        self._log = log
        self._on_attempt = on_attempt
        self._uniform = uniform
        self._access = _Access(caller)
        self._retrying = tenacity.AsyncRetrying(
            sleep=clock.sleep,
            retry=tenacity.retry_if_result(lambda verdict: verdict.retryable),
            stop=self._given_up,
            wait=self._wait,
            before_sleep=self._back_off,
            retry_error_callback=lambda state: state.outcome and state.outcome.result(),
        )

    async def settle(self, update: Update) -> Result | None:
        """Try until there is a result.

        None when draining came before anything was sent that may have had an effect. Raises CredentialsError.
        """
        effort = Effort(update, self._clock.now(), self._clock.wall())
        try:
            verdict: Verdict = await self._retrying.copy()(self._attempt, effort)
        except Draining:
            return None
        return self._result(effort, verdict)

    async def _attempt(self, effort: Effort) -> Verdict:
        refused = False
        while True:
            verdict, generation = await self._send(effort)
            if verdict is not Verdict.CREDENTIALS:
                return verdict
            await self._access.renew(generation, effort.last, again=refused)
            refused = True

    async def _send(self, effort: Effort) -> tuple[Verdict, int]:
        permit = await self._pacer.enter(begun=effort.attempts > 0, must_finish=effort.lost or effort.answered)
        generation = self._access.generation
        attempt, verdict = None, Verdict.LOST
        try:
            attempt = await self._caller.call(effort.update)
            verdict = judge(attempt)
        finally:
            self._pacer.leave(permit, verdict, attempt.retry_after if attempt else None)
        if verdict is Verdict.ACCEPTED:
            self._access.proved(generation)
        effort.book(attempt, verdict, permit, self._clock.now())
        self._on_attempt(verdict)
        self._say_attempt(effort, attempt, verdict, permit)
        return verdict, generation

    # policies: each reads the effort that the attempts are made for

    def _given_up(self, state: tenacity.RetryCallState) -> bool:
        effort: Effort = state.args[0]
        first, limit = effort.first_throttle, self._policy.throttle_limit
        throttled_too_long = first is not None and self._clock.now() - first >= limit
        return effort.charged >= self._policy.max_attempts or throttled_too_long

    def _wait(self, state: tenacity.RetryCallState) -> float:
        """Full jitter, so that updates that failed together do not come back together; what AWS asks for at least."""
        effort: Effort = state.args[0]
        asked = (effort.last and effort.last.retry_after) or 0.0
        if state.outcome and state.outcome.result() is Verdict.THROTTLED:
            return asked  # the pacer does the slowing down
        ceiling = min(self._policy.backoff_cap, self._policy.backoff * 2.0 ** (effort.charged - 1))
        return max(asked, self._uniform(0.0, ceiling))

    # what came of it

    def _result(self, effort: Effort, verdict: Verdict) -> Result:
        update, last = effort.update, effort.last
        assert last is not None
        return Result(
            id=update.id,
            line=update.line,
            target=update.target,
            domain=update.domain,
            trigger=update.trigger,
            status=_status(effort, verdict),
            attempts=effort.attempts,
            throttles=effort.throttles,
            error=None if last.code is None else Error(code=last.code, message=last.message, http_status=last.http_status),
            request_id=last.request_id,
            started_at=effort.started_at,
            finished_at=self._clock.wall(),
            seconds=Seconds(queued=effort.queued, token=effort.token, backoff=effort.backoff, calling=effort.calling).rounded(),
        )

    def _say_attempt(self, effort: Effort, attempt: Attempt, verdict: Verdict, permit: Permit) -> None:
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
        effort: Effort = state.args[0]
        effort.backoff += state.upcoming_sleep
        self._log.info(
            "retry.scheduled",
            id=effort.update.id,
            target=effort.update.target,
            wait_seconds=round(state.upcoming_sleep, 3),
            charged=effort.charged,
            throttles=effort.throttles,
        )


def _status(effort: Effort, verdict: Verdict) -> Status:
    if verdict is Verdict.ACCEPTED:
        return "succeeded"
    return "in_doubt" if effort.lost and not effort.answered else "failed"


class _Access:
    """Whether the credentials are any good. They are fetched anew when they are refused, for as long as that helps."""

    def __init__(self, caller: Caller) -> None:
        self._caller = caller
        self.generation = 0
        self._proved = False

    def proved(self, generation: int) -> None:
        """AWS accepted those credentials."""
        if generation == self.generation:
            self._proved = True

    async def renew(self, generation: int, refused: Attempt | None, *, again: bool) -> None:
        """Return when there are credentials newer than those of ``generation``, which were refused.

        ``again``: to an update that had been refused before. Raises CredentialsError when nothing else was accepted.
        """
        if generation < self.generation:
            return  # somebody else renewed them while this request was under way
        if again and not self._proved:
            raise CredentialsError(_hopeless(refused))
        self.generation += 1
        self._proved = False
        if not await self._caller.refresh():
            raise CredentialsError(_hopeless(refused))


def _hopeless(refused: Attempt | None) -> str:
    said = f"{refused.code}: {refused.message}" if refused else "none found"
    return (
        f"AWS does not accept the credentials, also after fetching them anew ({said}). "
        "Renew them (aws sso login, a new session, --profile) and run the same command again: it resumes."
    )
