"""An update settled with care: its trigger is looked at first, and AWS's answer held against it.

Reads as: look, decide, save the before image, write, check. Who decides is ``triggers.decision``;
retries are in ``retrying``.
"""

from collections.abc import Awaitable, Callable, Mapping
from functools import partial
from typing import Any, Protocol, TypeAlias, assert_never

import anyio
from msgspec.structs import replace

from batcher.accounting.verdicts import Verdict
from batcher.engine.recreation import Recreation
from batcher.engine.retry_state import RetryState
from batcher.engine.retrying import Retrying, StillWanted
from batcher.engine.write_result import not_sent, spent, write_result
from batcher.error_codes import RESOURCE_NOT_FOUND
from batcher.operations import CREATE_TRIGGER, UPDATE_TRIGGER
from batcher.ports import BeforeImageStore, Clock
from batcher.records import OPEN, BasedOn, Result, Update
from batcher.triggers.decision import (
    ChangeOptions,
    Decision,
    Finish,
    Recreate,
    Send,
    decide,
    same_action,
    stale_by_time,
)
from batcher.triggers.diff import digest, same

MaySend: TypeAlias = Callable[[Update], bool]
"""Whether an update may be sent, asked when its turn has come."""

# how far reading may be ahead of writing: an image should not be old when the update is sent
AHEAD_SECONDS = 3.0
AHEAD_LEAST = 4  # updates
# seconds; a look that is older when its update may be sent is taken anew: more than what lies
# between the two when nothing is in the way, less than somebody needs to change the trigger by hand
LOOK_OLD_AFTER = 5.0


class Settler(Protocol):
    """Brings an update to its result; None when draining came first."""

    async def settle(self, update: Update) -> Result | None: ...


class NoBeforeImages:
    """The BeforeImageStore port of who keeps none."""

    def kept(self, update: Update) -> bool:
        return False

    def before(self, update: Update) -> Mapping[str, Any] | None:
        return None

    def lost(self, update: Update) -> dict[str, Any] | None:
        return None

    async def keep(self, update: Update, image: dict[str, Any]) -> None:
        return None


class _Look:
    """What a look found, when (monotonic seconds), and a newer one that asks for something else."""

    def __init__(self, state: RetryState, at: float) -> None:
        self.state = state
        self.at = at
        self.newer: RetryState | None = None


class Reconciler:
    """A Settler that looks before it writes.

    ``look``: at every trigger; else only where an update is based on a state. ``writing``: the
    Retrying of each operation that may be sent. ``write_rate``: requests per second of writing at
    present, None while it is not known. ``last_updated``: when the trigger of an update was changed
    last, in epoch seconds, without a look at it; None where it is not known. ``on_interrupted``:
    told the result, in doubt, of an update that may have been changed when its settling ended
    without one. ``recreation``: what does a Recreate, which the ``options`` have to allow.
    """

    def __init__(
        self,
        *,
        look: bool,
        reading: Retrying,
        writing: Mapping[str, Retrying],
        images: BeforeImageStore,
        options: ChangeOptions,
        clock: Clock,
        write_rate: Callable[[], float | None],
        last_updated: Callable[[Update], Awaitable[float | None]] | None = None,
        may_send: MaySend | None = None,
        on_interrupted: Callable[[Result], None] | None = None,
        recreation: Recreation | None = None,
    ) -> None:
        self._look = look
        self._reading = reading
        self._writing = writing
        self._images = images
        self._options = options
        self._clock = clock
        self._write_rate = write_rate
        self._last_updated = last_updated
        self._may_send = may_send
        self._on_interrupted = on_interrupted
        self._recreation = recreation
        self._ahead = anyio.CapacityLimiter(AHEAD_LEAST)

    async def settle(self, update: Update) -> Result | None:
        if not self._look and update.based_on is None:
            wrote = await self._write(UPDATE_TRIGGER, update, update.request)
            return None if wrote is None else self._result(update, wrote)
        if (stale := await self._stale_by_list(update)) is not None:
            return self._unsent(update, RetryState(update.id, self._clock.wall()), stale)
        self._ahead.total_tokens = AHEAD_LEAST + round(AHEAD_SECONDS * (self._write_rate() or 0.0))
        async with self._ahead:
            if (looked := await self._reading.run_attempts_for(update)) is None:
                return None
            return await self._settle_as(update, looked)

    async def _settle_as(self, update: Update, looked: RetryState) -> Result | None:
        """Do what the look says, and where a newer one says something else, what that says."""
        while True:
            look = _Look(looked, self._clock.now())
            match decision := self.decide(update, looked):
                case Finish():
                    return self._unsent(update, looked, decision)
                case Recreate():
                    assert self._recreation is not None
                    result, look.newer = await self._recreation.recreate(
                        update, looked, decision, self.decide
                    )
                case Send():
                    result = await self._send(update, look, decision)
                case _:
                    assert_never(decision)
            if result is not None or look.newer is None:
                return result
            looked = look.newer

    async def _still_wanted(
        self, update: Update, look: "_Look", send: Send, wrote: RetryState
    ) -> bool:
        """Whether the trigger is as it was; looked at again where the look is old by now."""
        if wrote.may_have_acted or self._clock.now() - look.at < LOOK_OLD_AFTER:
            return True
        if (looked := await self._reading.run_attempts_for(update)) is None:
            return False
        look.at = self._clock.now()
        if same_action(self.decide(update, looked), send):
            return True
        look.newer = looked
        return False

    async def _stale_by_list(self, update: Update) -> Finish | None:
        """Stale, where a list says so already: that costs no look."""
        base = update.based_on
        if self._last_updated is None or base is None or base.last_updated_at is None:
            return None
        moment, kept = await self._last_updated(update), self._images.kept(update)
        return stale_by_time(update, moment, kept=kept, options=self._options)

    def decide(self, update: Update, looked: RetryState) -> Decision:
        """What to do about an update after that look."""
        if looked.last.code not in (None, RESOURCE_NOT_FOUND):
            return Finish(status="failed", error=looked.error)
        return decide(
            update,
            looked.last.answer,
            kept=self._images.kept(update),
            before=self._images.before(update),
            lost=self._images.lost(update),
            options=self._options,
        )

    async def _send(self, update: Update, look: "_Look", send: Send) -> Result | None:
        if send.image is not None:
            await self._images.keep(update, send.image)
        looked, still_wanted = look.state, partial(self._still_wanted, update, look, send)
        wrote = await self._write(send.operation, update, send.request, still_wanted)
        if wrote is None:
            return None
        refused_again = wrote.verdict is Verdict.REJECTED and wrote.charged > 1
        if send.operation == CREATE_TRIGGER and refused_again:
            return await self._look_again(update, looked, wrote)
        result = spent(self._result(update, wrote, send.image), looked, wrote)
        if (answer := wrote.last.answer) is not None:
            result = replace(result, digest=digest(answer, self._options.writable))
        return self._with_base(result, answer or looked.last.answer)

    def _with_base(self, result: Result, shown: Mapping[str, Any] | None) -> Result:
        """Of an update that did not succeed, with the state that its trigger was shown in last."""
        if shown is None or result.status not in OPEN:
            return result
        return replace(result, based_on=BasedOn(sha256=digest(shown, self._options.writable)))

    async def _write(
        self,
        operation: str,
        update: Update,
        members: Mapping[str, Any],
        still_wanted: StillWanted | None = None,
    ) -> RetryState | None:
        may_send = None if self._may_send is None else partial(self._may_send, update)
        return await self._writing[operation].run_attempts(
            update.id, members, may_send, partial(self._interrupted, update), still_wanted
        )

    def _interrupted(self, update: Update, wrote: RetryState) -> None:
        if self._on_interrupted is None:
            return
        if (result := wrote.interrupted(update, self._clock.wall())) is not None:
            self._on_interrupted(result)

    async def _look_again(
        self, update: Update, looked: RetryState, wrote: RetryState
    ) -> Result | None:
        """Of a creation refused after an attempt without a good answer, which may have done it."""
        found = None
        try:
            found = await self._reading.run_attempts_for(update)
        finally:
            if found is None:
                self._interrupted(update, wrote)
        if found is None:
            return None
        result = spent(wrote.result(update, self._clock.wall()), looked, wrote, found)
        current, writable = found.last.answer, self._options.writable
        if current is None or not same(update.request, writable(current)):
            return result
        sha256 = digest(current, writable)
        return replace(result, status="succeeded", error=None, digest=sha256)

    def _result(
        self, update: Update, wrote: RetryState, before: Mapping[str, Any] | None = None
    ) -> Result:
        return write_result(update, wrote, self._options, self._clock.wall(), before)

    def _unsent(self, update: Update, looked: RetryState, finish: Finish) -> Result:
        result = not_sent(update, looked, self._clock.wall())
        result = replace(result, status=finish.status, error=finish.error)
        answer = looked.last.answer
        if finish.status not in ("succeeded", "differs") or answer is None:
            return result
        result = replace(result, digest=digest(answer, self._options.writable))
        lost = self._images.lost(update)
        return result if lost is None else replace(result, lost=sorted(lost))
