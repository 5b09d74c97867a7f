"""An update settled with care: looked at first, its image kept, AWS's answer held against what was
asked.

Reads as: look → decide → keep the image → send → check. Who decides is ``rules.decision``; retries
are ``retrying``'s.
"""

from collections.abc import Awaitable, Callable, Mapping
from functools import partial
from typing import Any, Protocol, TypeAlias

import anyio
import msgspec

from batcher.accounting.tally import Tally
from batcher.accounting.verdicts import Verdict, why_inconclusive
from batcher.engine.retry_state import RetryState
from batcher.engine.retrying import Retrying
from batcher.error_codes import RESOURCE_NOT_FOUND
from batcher.operations import CREATE_TRIGGER, UPDATE_TRIGGER
from batcher.ports import BeforeImageStore, Clock
from batcher.records import Attempt, Result, Update
from batcher.triggers.decision import (
    ChangeOptions,
    Decision,
    Finish,
    Send,
    answer_mismatch,
    decide,
    stale_by_time,
)
from batcher.triggers.diff import digest, same

MaySend: TypeAlias = Callable[[Update], bool]
"""Whether an update may be sent, asked when its turn has come."""

# how far reading may be ahead of writing: an image should not be old when the update is sent
AHEAD_SECONDS = 3.0
AHEAD_LEAST = 4  # updates


class Settler(Protocol):
    """Brings an update to its result; None when draining came first."""

    async def settle(self, update: Update) -> Result | None: ...


class NoBeforeImages:
    """The BeforeImageStore port of who keeps none."""

    def kept(self, update: Update) -> bool:
        return False

    async def keep(self, update: Update, image: dict[str, Any]) -> None:
        return None


class Reconciler:
    """A Settler that looks before it writes.

    ``look``: at every trigger; else only where an update is based on a state. ``writing``: the
    Retrying of each operation that may be sent. ``pace``: requests per second of writing at
    present, or None while it is not known. ``listed``: AWS's time of the last change of an update's
    trigger, from a list, or None where it is not known. ``on_interrupted``: told the result, in
    doubt, of an update that may have been changed when its settling ended without one.
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
        pace: Callable[[], float | None],
        listed: Callable[[Update], Awaitable[float | None]] | None = None,
        may_send: MaySend | None = None,
        on_interrupted: Callable[[Result], None] | None = None,
    ) -> None:
        self._look = look
        self._reading = reading
        self._writing = writing
        self._images = images
        self._wishes = options
        self._clock = clock
        self._pace = pace
        self._listed = listed
        self._may_send = may_send
        self._on_interrupted = on_interrupted
        self._ahead = anyio.CapacityLimiter(AHEAD_LEAST)

    async def settle(self, update: Update) -> Result | None:
        if not self._look and update.based_on is None:
            wrote = await self._write(UPDATE_TRIGGER, update, update.request)
            return None if wrote is None else self._checked(update, update.request, wrote)
        if (outdated := await self._outdated(update)) is not None:
            return self._settled(update, RetryState(update.id, self._clock.wall()), outdated)
        self._ahead.total_tokens = AHEAD_LEAST + round(AHEAD_SECONDS * (self._pace() or 0.0))
        async with self._ahead:
            looked = await self._reading.run_attempts_for(update)
            if looked is None or looked.last is None:
                return None
            match self._decide(update, looked, looked.last):
                case Finish() as settled:
                    return self._settled(update, looked, settled)
                case Send() as send:
                    return await self._send(update, looked, send)

    async def _outdated(self, update: Update) -> Finish | None:
        """Stale, where a list says so already: that costs no look."""
        if (
            self._listed is None
            or update.based_on is None
            or update.based_on.last_updated_at is None
        ):
            return None
        return stale_by_time(
            update, await self._listed(update), kept=self._images.kept(update), options=self._wishes
        )

    def _decide(self, update: Update, looked: RetryState, last: Attempt) -> Decision:
        if last.code is not None and last.code != RESOURCE_NOT_FOUND:
            # it could not be looked at, so nothing was sent
            return Finish(status="failed", error=looked.error)
        return decide(update, last.answer, kept=self._images.kept(update), options=self._wishes)

    async def _send(self, update: Update, looked: RetryState, decision: Send) -> Result | None:
        if decision.image is not None:
            await self._images.keep(update, decision.image)
        wrote = await self._write(decision.operation, update, decision.request)
        if wrote is None:
            return None
        if (
            decision.operation == CREATE_TRIGGER
            and wrote.verdict is Verdict.REJECTED
            and wrote.charged > 1
        ):
            return await self._seen_again(update, looked, wrote)
        answer = wrote.last.answer if wrote.last else None
        return msgspec.structs.replace(
            self._checked(update, decision.request, wrote),
            started_at=looked.started_at,
            seconds=(looked.seconds + wrote.seconds).rounded(),
            digest=msgspec.UNSET if answer is None else digest(answer),
        )

    async def _write(
        self, operation: str, update: Update, members: Mapping[str, Any]
    ) -> RetryState | None:
        may_send = None if self._may_send is None else partial(self._may_send, update)
        return await self._writing[operation].run_attempts(
            update.id, members, may_send, partial(self._interrupted, update)
        )

    def _interrupted(self, update: Update, wrote: RetryState) -> None:
        if self._on_interrupted is None:
            return
        if (result := wrote.interrupted(update, self._clock.wall())) is not None:
            self._on_interrupted(result)

    async def _seen_again(
        self, update: Update, looked: RetryState, wrote: RetryState
    ) -> Result | None:
        """Of a creation that AWS refused after an attempt without a good answer: it refuses what
        that attempt has created.
        """
        found = None
        try:
            found = await self._reading.run_attempts_for(update)
        finally:
            if found is None:
                self._interrupted(update, wrote)
        if found is None or found.last is None:
            return None
        result = msgspec.structs.replace(
            wrote.result(update, self._clock.wall()),
            started_at=looked.started_at,
            seconds=(looked.seconds + wrote.seconds + found.seconds).rounded(),
        )
        current = found.last.answer
        if current is None or not same(update.request, current):
            return result
        return msgspec.structs.replace(
            result, status="succeeded", error=None, digest=digest(current)
        )

    def _checked(self, update: Update, asked: Mapping[str, Any], wrote: RetryState) -> Result:
        """The result of an update that was sent: it succeeded only when AWS's answer shows what
        was asked for.
        """
        result = wrote.result(update, self._clock.wall())
        if wrote.last is None or wrote.last.answer is None:
            return result
        if (error := answer_mismatch(asked, wrote.last.answer)) is None:
            return result
        return msgspec.structs.replace(result, status="failed", error=error)

    def _settled(self, update: Update, looked: RetryState, settled: Finish) -> Result:
        """The result of an update that was not sent: what was spent on it was spent on looking."""
        return msgspec.structs.replace(
            looked.result(update, self._clock.wall()),
            status=settled.status,
            error=settled.error,
            attempts=0,
            throttles=0,
        )


class DeferringReconciler:
    """A Settler that waits for better times; ``on_trouble`` is told why.

    ``tally``: of the target.
    """

    def __init__(self, settler: Settler, tally: Tally, on_trouble: Callable[[str], None]) -> None:
        self._settler = settler
        self._tally = tally
        self._on_trouble = on_trouble

    async def settle(self, update: Update) -> Result | None:
        result = await self._settler.settle(update)
        if (
            result is None
            or (why := why_inconclusive(result, ever_accepted=self._tally.ever_accepted)) is None
        ):
            return result
        self._on_trouble(why)
        return None
