"""What the log says of attempts at requests of one operation of a target."""

from logging import INFO

from structlog.typing import FilteringBoundLogger

from batcher.accounting.verdicts import THROTTLED
from batcher.engine.pacing import Permit
from batcher.engine.retry_state import RetryState
from batcher.records import Attempt


class AttemptLog:
    """Logs each attempt, and each wait for another."""

    def __init__(self, target: str, operation: str, log: FilteringBoundLogger) -> None:
        self._target = target
        self._operation = operation
        self._log = log
        self._told_of_cap = False

    def answered(self, state: RetryState, attempt: Attempt, permit: Permit) -> None:
        """Log an attempt that has come back."""
        if not self._log.is_enabled_for(INFO):
            return
        throttled = state.verdict is THROTTLED
        self._log.info(
            "attempt.throttled" if throttled else "attempt.answered",
            id=state.id,
            target=self._target,
            operation=self._operation,
            attempt=state.attempts,
            verdict=state.verdict._value_,
            code=attempt.code,
            http_status=attempt.http_status,
            request_id=attempt.request_id,
            seconds=int(attempt.seconds * 10_000 + 0.5) / 10_000,  # as ``round`` does, in a third
            token_seconds=permit.token and round(permit.token, 4),  # most often none
        )

    def scheduled(self, state: RetryState, wait: float) -> None:
        """Log the wait for another attempt, and once that a server asks for a longer one."""
        self._warn_of_cap(state.last.retry_after or 0.0, wait)
        self._log.info(
            "retry.scheduled",
            id=state.id,
            target=self._target,
            operation=self._operation,
            wait_seconds=round(wait, 3),
            charged=state.charged,
            throttles=state.throttles,
        )

    def _warn_of_cap(self, asked: float, taken: float) -> None:
        if asked <= taken or self._told_of_cap:
            return
        self._told_of_cap = True
        self._log.warning(
            "retry.asked_too_long",
            target=self._target,
            operation=self._operation,
            asked_seconds=round(asked, 3),
            taken_seconds=round(taken, 3),
        )
