"""The result of an update that was sent: AWS's answer held against what was asked."""

from collections.abc import Mapping
from typing import Any

from msgspec import UNSET
from msgspec.structs import replace

from batcher.engine.retry_state import RetryState
from batcher.records import Error, Result, Seconds, Update
from batcher.triggers.decision import ChangeOptions, remainder
from batcher.triggers.mismatch import answer_mismatch, collateral_change


def write_result(
    update: Update,
    wrote: RetryState,
    options: ChangeOptions,
    finished_at: str,
    before: Mapping[str, Any] | None = None,
    shown: Mapping[str, Any] | None = None,
) -> Result:
    """What came of an update: it succeeded only when AWS's answer shows just what it asked for.

    ``before``: the image of the trigger that was there; None where nobody looked, or there was
    none. What was sent along from there, to send it whole, nobody asked to change. ``shown``: what
    an update can say of the trigger as it was shown since; None: the answer shows it, if any does.
    """
    result, answer = wrote.result(update, finished_at), wrote.last.answer
    if shown is None:
        if answer is None or (before is None and _is_as_asked(update, answer, options)):
            return result
        shown = options.writable(answer)
    error = answer_mismatch(update.request, shown)
    if before is not None and not options.complete:
        error = _both(collateral_change(update.request, before, shown), error)
    if error is not None:
        return replace(result, status="differs", error=error)
    rest = remainder(update, shown, options, "AWS's answer shows that it keeps what is left out")
    return result if rest is None else replace(result, status="partial", error=rest)


def _is_as_asked(update: Update, answer: Mapping[str, Any], options: ChangeOptions) -> bool:
    """Whether an answer shows what was asked as it stands there, which most do."""
    return not options.complete and answer_mismatch(update.request, answer) is None


def _both(first: Error | None, second: Error | None) -> Error | None:
    if first is None or second is None:
        return first or second
    return replace(first, message=f"{first.message}; {second.message}")


def spent(result: Result, *states: RetryState) -> Result:
    """A result with the time that all those requests took."""
    seconds = sum((state.seconds for state in states), Seconds()).rounded()
    return replace(result, started_at=states[0].started_at, seconds=seconds)


def after(result: Result, earlier: Result | RetryState, **more: Any) -> Result:
    """A result with the time of what went before, from whose start on it counts, and ``more``."""
    seconds = (earlier.seconds + result.seconds).rounded()
    return replace(result, started_at=earlier.started_at, seconds=seconds, **more)


def not_sent(update: Update, looked: RetryState, finished_at: str) -> Result:
    """Of an update that was not sent: what was spent on it was spent on looking."""
    result = looked.result(update, finished_at)
    return replace(result, attempts=0, throttles=0, maybe_applied=UNSET)
