"""Policies for tenacity: whether to try again, when to give up, how long to wait in between.

Each reads the RetryState that the attempts are made with, their first argument.
"""

from collections.abc import Callable

from tenacity import RetryCallState
from tenacity.retry import retry_base
from tenacity.stop import stop_base
from tenacity.wait import wait_base

from batcher.accounting.verdicts import Verdict
from batcher.engine.credential_refresh import CredentialRefresh
from batcher.engine.retry_state import RetryState


def state_of(call: RetryCallState) -> RetryState:
    """What came of the attempts so far."""
    state: RetryState = call.args[0]
    return state


class retry_while_worth(retry_base):
    """Try again what may end otherwise: with new credentials, or when its target is there again."""

    def __call__(self, call: RetryCallState) -> bool:
        if call.outcome is None or call.outcome.failed:
            return False
        state = state_of(call)
        return state.held or state.verdict.retryable or state.verdict is Verdict.CREDENTIALS


class stop_after_denials(stop_base):
    """Stop after so many refusals of an action that was allowed before: it is of the request."""

    def __init__(self, limit: int) -> None:
        self._limit = limit

    def __call__(self, call: RetryCallState) -> bool:
        state = state_of(call)
        return state.verdict is Verdict.DENIED and state.charged >= self._limit


class stop_after_charged_attempts(stop_base):
    """Stop after so many errors and lost connections; throttles are not charged."""

    def __init__(self, limit: int) -> None:
        self._limit = limit

    def __call__(self, call: RetryCallState) -> bool:
        return state_of(call).charged >= self._limit


class stop_after_throttled_for(stop_base):
    """Stop so many seconds after the first throttle."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds

    def __call__(self, call: RetryCallState) -> bool:
        state = state_of(call)
        return state.first_throttle is not None and state.throttled_for >= self._seconds


class stop_after_refusals(stop_base):
    """Stop after more refusals of its credentials than that, where AWS accepts them of others."""

    def __init__(self, limit: int, credentials: CredentialRefresh) -> None:
        self._limit = limit
        self._credentials = credentials

    def __call__(self, call: RetryCallState) -> bool:
        return state_of(call).refusals > self._limit and self._credentials.accepted


class wait_full_jitter(wait_base):
    """Wait at random up to a ceiling, so that what failed together does not come back together.

    The ceiling doubles with each charged or unsent attempt, from ``first`` up to ``longest``
    seconds. There is no wait after a throttle, for which the pacer slows down, nor before new
    credentials.
    """

    def __init__(
        self, first: float, longest: float, uniform: Callable[[float, float], float]
    ) -> None:
        self._first = first
        self._longest = longest
        self._uniform = uniform

    def __call__(self, call: RetryCallState) -> float:
        state = state_of(call)
        if state.verdict in (Verdict.THROTTLED, Verdict.CREDENTIALS):
            return 0.0
        ceiling = min(self._longest, self._first * 2.0 ** (state.charged + state.unsent - 1))
        return self._uniform(0.0, ceiling)


class wait_as_asked(wait_base):
    """Wait for as long as AWS's last answer asked for; new credentials need no wait.

    No longer than ``longest`` seconds, and of all attempts at a request together no longer than
    ``limit``: whatever a server asks for, it holds an update up for no longer than throttles may.
    """

    def __init__(self, longest: float, limit: float) -> None:
        self._longest = longest
        self._limit = limit

    def __call__(self, call: RetryCallState) -> float:
        state = state_of(call)
        if state.verdict is Verdict.CREDENTIALS:
            return 0.0
        left = self._limit - max(state.backoff, state.throttled_for)
        return max(0.0, min(state.last.retry_after or 0.0, self._longest, left))


class wait_longest(wait_base):
    """Wait for the longest of several."""

    def __init__(self, *waits: wait_base) -> None:
        self._waits = waits

    def __call__(self, call: RetryCallState) -> float:
        return max(wait(call) for wait in self._waits)
