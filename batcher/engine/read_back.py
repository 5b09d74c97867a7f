"""A sample of the updates that AWS accepted, read back and held against what was sent.

Whoever answers can say what he likes: only GetEventTrigger after the answer shows what the trigger
is. It says nothing about whether the update was accepted, so nothing is ever failed by it.
"""

from collections.abc import Callable
from fractions import Fraction
from math import ceil

from msgspec import UNSET
from msgspec.structs import replace
from structlog.typing import FilteringBoundLogger

from batcher.engine.reconciler import Settler
from batcher.engine.retry_state import RetryState
from batcher.engine.retrying import Retrying
from batcher.error_codes import RESOURCE_NOT_FOUND
from batcher.errors import AwsError
from batcher.records import Result, Update
from batcher.triggers.diff import Writable
from batcher.triggers.mismatch import read_back_mismatch


class ReadBack:
    """A Settler of one target that reads back the first accepted update, and ``fraction`` of all.

    The trigger is read before its next update has its turn. ``reading``: GetEventTrigger, at
    reading's own pace; ``on_interrupted``: told the result, unread, when reading was ended.
    """

    def __init__(
        self,
        settler: Settler,
        *,
        fraction: float,
        reading: Retrying,
        writable: Writable,
        log: FilteringBoundLogger,
        on_interrupted: Callable[[Result], None] | None = None,
    ) -> None:
        self._settler = settler
        self._fraction = Fraction(fraction).limit_denominator(10**11)
        self._reading = reading
        self._writable = writable
        self._log = log
        self._on_interrupted = on_interrupted
        self._accepted = 0

    async def settle(self, update: Update) -> Result | None:
        result = await self._settler.settle(update)
        if result is None or not self._is_due(result):
            return result
        try:
            state = await self._reading.run_attempts_for(update)
        except AwsError as error:  # what it means for the target, the next update finds out
            self._log.warning("read_back.unread", id=update.id, reason=str(error))
            state = None
        except BaseException:
            if self._on_interrupted is not None:
                self._on_interrupted(replace(result, read_back="unread"))
            raise
        return self._compared(update, result, state)

    def _is_due(self, result: Result) -> bool:
        """Whether it was accepted, and is one of the sample: spread evenly, from the first on."""
        if result.status not in ("succeeded", "partial") or not result.attempts:
            return False
        before, self._accepted = self._accepted, self._accepted + 1
        return ceil(self._accepted * self._fraction) > ceil(before * self._fraction)

    def _compared(self, update: Update, result: Result, state: RetryState | None) -> Result:
        if state is None or state.last.code not in (None, RESOURCE_NOT_FOUND):
            return replace(result, read_back="unread")
        shown = None if result.digest is UNSET else result.digest
        error = read_back_mismatch(update.request, state.last.answer, shown, self._writable)
        if error is None:
            return replace(result, read_back="as_asked")
        self._log.warning(
            "update.differs",
            id=result.id,
            line=result.line,
            target=result.target,
            domain=result.domain,
            trigger=result.trigger,
            reason=error.message,
        )
        return replace(result, status="differs", read_back="differs", error=error)
