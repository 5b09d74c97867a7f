"""An update settled with care: its trigger is looked at first, and AWS's answer held against it.

Reads as: look, decide, save the before image, write, check. Who decides is ``triggers.decision``;
retries are in ``retrying``.
"""

from collections.abc import Awaitable, Callable, Mapping
from functools import partial
from typing import Any, Protocol, TypeAlias, assert_never

from msgspec import UNSET
from msgspec.structs import replace

from batcher.accounting.verdicts import ACCEPTED, DENIED, REJECTED
from batcher.engine.answer_check import LOOK_OLD_AFTER, AnswerCheck, Checked
from batcher.engine.look_ahead import LookAhead
from batcher.engine.omitted_members import NO_TURN, OmittedMembers, Turn
from batcher.engine.recreation import Recreation
from batcher.engine.retry_state import RetryState
from batcher.engine.retrying import Retrying, StillWanted
from batcher.engine.write_result import after, not_sent
from batcher.error_codes import RESOURCE_NOT_FOUND
from batcher.number_text import several
from batcher.operations import CREATE_TRIGGER, GET_TRIGGER, UPDATE_TRIGGER
from batcher.ports import BeforeImageStore, Clock
from batcher.records import OPEN, BasedOn, Error, Result, Update
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
from batcher.triggers.diff import digest, image, is_changed_since, is_created_since
from batcher.triggers.omission import at_risk

MaySend: TypeAlias = Callable[[Update], bool]
"""Whether an update may be sent, asked when its turn has come."""

# how far reading may be ahead of writing: an image should not be old when the update is sent
AHEAD_SECONDS = 2.0
AHEAD_AT_FIRST, AHEAD_LEAST = 4, 2  # updates; until it is known how fast they can be sent
# seconds from a newer look to the update where that is refused right after it: looks may take their
# tokens from the same bucket, and then the only one. Doubled each time, up to the longest, which
# leaves a second until that look is old, too; times so much each time that it is not refused then,
# as looks may have a bucket of their own again, or others may have left
APART_AT_FIRST, APART_AT_MOST = 0.25, LOOK_OLD_AFTER - 1
APART_FALLS = 0.9


class Settler(Protocol):
    """Brings an update to its result; None when draining came first."""

    async def settle(self, update: Update) -> Result | None: ...


class _Look:
    """What a look found, when (monotonic seconds), and a newer one that asks for something else.

    ``whole``: by what was known when it was decided on, updates are sent whole. ``throttles``: of
    its update when it was taken anew last; None: it was not.
    """

    def __init__(self, state: RetryState, at: float) -> None:
        self.state = state
        self.at = at
        self.whole = False
        self.newer: _Look | None = None
        self.throttles: int | None = None

    def again(self) -> "_Look":
        """A look that found this, to be decided on anew."""
        return _Look(self.state, self.at)


class Reconciler:
    """A Settler that looks before it writes.

    ``look``: at every trigger; else only where an update is based on a state. ``writing``: the
    Retrying of each operation that may be sent. ``write_rate``: requests per second of writing at
    present, None while it is not known. ``last_updated``: when the trigger of an update was changed
    last, in epoch seconds, without a look at it; None where it is not known. ``on_interrupted``:
    told the result, in doubt, of an update that may have been changed when its settling ended
    without one. ``recreation``: what does a Recreate, which the ``options`` have to allow.
    ``check``: of answers to updates; ``omitted``: what is known of members that updates omit.
    ``sent_since``: since when, in epoch seconds, earlier sessions may have sent updates without an
    image: what is as asked and was changed since then is taken as their work; None: they did not.
    """

    def __init__(
        self,
        *,
        look: bool,
        reading: Retrying,
        writing: Mapping[str, Retrying],
        images: BeforeImageStore,
        options: ChangeOptions,
        check: AnswerCheck,
        omitted: OmittedMembers,
        clock: Clock,
        write_rate: Callable[[], float | None],
        last_updated: Callable[[Update], Awaitable[float | None]] | None = None,
        may_send: MaySend | None = None,
        on_interrupted: Callable[[Result], None] | None = None,
        recreation: Recreation | None = None,
        sent_since: float | None = None,
    ) -> None:
        self._look = look
        self._reading = reading
        self._writing = writing
        self._images = images
        self._options = options
        self._check = check
        self._omitted = omitted
        self._clock = clock
        self._write_rate = write_rate
        self._last_updated = last_updated
        self._may_send = may_send
        self._on_interrupted = on_interrupted
        self._recreation = recreation
        self._sent_since = sent_since
        self.ahead = LookAhead(AHEAD_AT_FIRST)
        self._look_seconds = 0.0  # that the last one took
        self._apart = 0.0  # seconds from a newer look to the update

    async def settle(self, update: Update) -> Result | None:
        if not (self._look or update.based_on is not None or self._omitted.sends_whole):
            if self._finds_out(update):
                return await self._find_out(update)
            return await self._send_unseen(update)
        if update.based_on is not None and (stale := await self._stale_by_list(update)):
            return self._unsent(update, RetryState(update.id, self._clock.wall()), stale)
        self.ahead.resize(self._places_ahead())
        if not self.ahead.take(update.urgency):
            await self.ahead.enter(update.urgency)
        try:
            if (looked := await self._reading.run_attempts_for(update)) is None:
                return None
            if looked.verdict is ACCEPTED:
                self._look_seconds = looked.last.seconds
            return await self._settle_as(update, _Look(looked, self._clock.now()))
        finally:
            self.ahead.leave(update.urgency)

    def _places_ahead(self) -> int:
        """Places for updates that are looked at, wait to be sent, or are on their way."""
        sent = self._writing[UPDATE_TRIGGER].pacer.in_flight
        return sent + _ahead_at_most(self._write_rate(), self._look_seconds)

    async def _find_out(self, update: Update) -> Result | None:
        """Send what is given after a look, where one is needed to find out what that clears."""
        async with self._omitted.look():
            looked = None
            if self._finds_out(update):
                if (looked := await self._reading.run_attempts_for(update)) is None:
                    return None
                if looked.verdict is DENIED:
                    self._omitted.give_up_finding_out()
        if looked is not None:
            decision = self.decide(update, looked)
            tells = isinstance(decision, Send) and at_risk(decision.request, decision.image or {})
            self._omitted.note_look(tells=bool(tells))
            if tells:
                return await self._settle_as(update, _Look(looked, self._clock.now()))
        if self._omitted.sends_whole:
            return await self.settle(update)
        return await self._send_unseen(update)

    def wait_to_look(self) -> int:
        """How many updates wait for what a look at another one finds out."""
        return self._omitted.wait_to_look

    def _finds_out(self, update: Update) -> bool:
        return self._omitted.may_be_found_out_by(update.request)

    async def _settle_as(self, update: Update, look: _Look) -> Result | None:
        """Do what the look says, and where a newer one says something else, what that says."""
        while True:
            look.whole = self._omitted.sends_whole
            match decision := self.decide(update, look.state):
                case Finish():
                    return self._unsent(update, look.state, decision)
                case Recreate():
                    assert self._recreation is not None
                    result, newer = await self._recreation.recreate(
                        update, look.state, decision, self.decide
                    )
                    look.newer = None if newer is None else _Look(newer, self._clock.now())
                case Send():
                    result = await self._send_in_turn(update, look, decision)
                case _:
                    assert_never(decision)
            if result is not None or look.newer is None:
                return result
            look = look.newer

    def _send_in_turn(self, update: Update, look: _Look, send: Send) -> Awaitable[Result | None]:
        risk = frozenset[str]()
        if not self._options.complete:
            risk = at_risk(send.request, send.image or {}, self._omitted.effects)
        if not self._omitted.is_probe(risk):  # most are none, and need not wait
            return self._send(update, look, send, NO_TURN)
        return self._send_as_probe(update, look, send, risk)

    async def _send_as_probe(
        self, update: Update, look: _Look, send: Send, risk: frozenset[str]
    ) -> Result | None:
        async with self._omitted.turn(risk) as turn:
            if self._omitted.sends_whole != look.whole:  # an answer meanwhile has shown it
                look.newer = look.again()
                return None
            return await self._send(update, look, send, turn)

    async def _still_wanted(
        self, update: Update, look: _Look, send: Send, turn: Turn, wrote: RetryState
    ) -> bool:
        """Whether the trigger is as it was; looked at again where the look is old by now."""
        if wrote.charged:  # it fails, and that holds up no other
            turn.give_back()
        if wrote.may_have_acted:
            return True
        if self._omitted.sends_whole != look.whole:
            look.newer = look.again()
            return False
        if self._clock.now() - look.at < LOOK_OLD_AFTER:
            return True
        if (looked := await self._reading.run_attempts_for(update)) is None:
            return False
        newer = _Look(looked, self._clock.now())
        if not same_action(self.decide(update, looked), send):
            look.newer = newer
            return False
        look.at = newer.at
        await self._stay_apart(look, wrote.throttles)
        return True

    async def _stay_apart(self, look: _Look, throttles: int) -> None:
        """Wait after a newer look, where the update was refused right after the one before."""
        if look.throttles is not None and throttles == look.throttles + 1:
            self._apart = min(APART_AT_MOST, max(APART_AT_FIRST, 2 * self._apart))
        look.throttles = throttles
        if self._apart:
            await self._clock.sleep(self._apart)

    def _come_closer(self) -> None:
        """Wait for less after the next newer look, as an update was not refused after its own."""
        closer = APART_FALLS * self._apart
        self._apart = closer if closer >= APART_AT_FIRST else 0.0

    async def _stale_by_list(self, update: Update) -> Finish | None:
        """Stale, where a list says so already: that costs no look."""
        base = update.based_on
        if self._last_updated is None or base is None or base.last_updated_at is None:
            return None
        moment, kept = await self._last_updated(update), self._images.kept(update)
        return stale_by_time(update, moment, kept=kept, options=self._options)

    def decide(self, update: Update, looked: RetryState) -> Decision:
        """What to do about an update after that look."""
        if not _has_looked(looked):
            return Finish(status="failed", error=_of_look(looked))
        kept = self._images.kept(update)
        return decide(
            update,
            looked.last.answer,
            kept=kept,
            before=self._images.before(update) if kept else None,
            lost=self._images.lost(update) if kept else None,
            options=self._options,
            effects=self._omitted.effects,
        )

    async def _send_unseen(self, update: Update) -> Result | None:
        """Send what is given, without having looked."""
        if (wrote := await self._write(UPDATE_TRIGGER, update, update.request)) is None:
            return None
        send = Send(operation=UPDATE_TRIGGER, request=update.request, image=None)
        return (await self._checked(update, wrote, send)).result

    async def _send(self, update: Update, look: _Look, send: Send, turn: Turn) -> Result | None:
        if send.image is not None and not send.restores:
            await self._images.keep(update, send.image)
        looked, still_wanted = look.state, partial(self._still_wanted, update, look, send, turn)
        wrote = await self._write(send.operation, update, send.request, still_wanted)
        if wrote is None:
            return None
        if wrote.throttles == look.throttles:
            self._come_closer()
        checked = await self._checked(update, wrote, send)
        if (earlier := self._applied_before(update, send, checked.shown)) is not None:
            await self._images.keep(update, earlier)
            applied = replace(send, request=update.request, image=earlier)
            checked = await self._checked(update, wrote, applied)
        writable = self._options.writable if send.image is None else dict
        shown = UNSET if checked.shown is None else digest(checked.shown, writable)
        result = after(checked.result, looked, digest=shown)
        if send.operation == CREATE_TRIGGER and result.status in ("succeeded", "differs"):
            result = replace(result, created="without_integration")
        if send.restores and result.status == "succeeded":
            result = replace(result, restored=list(send.restores))
        return self._with_base(result, checked.shown or looked.last.answer)

    def _applied_before(
        self, update: Update, send: Send, shown: Mapping[str, Any] | None
    ) -> dict[str, Any] | None:
        """The image of an earlier session, where what was sent has changed nothing.

        Then that session has applied the update, and AWS has made something else of it.
        """
        earlier, found, writable = self._images.before(update), send.image, self._options.writable
        if earlier is None or found is None or shown is None or send.restores:
            return None
        if digest(shown, writable) != digest(found, writable):
            return None
        return image(earlier, writable)

    async def _checked(self, update: Update, wrote: RetryState, send: Send) -> Checked:
        refused_again = wrote.verdict is REJECTED and wrote.charged > 1
        try:
            if send.operation == CREATE_TRIGGER and refused_again:
                return await self._check.refused_creation(update, wrote)
            return await self._check.check(update, wrote, sent=send.request, before=send.image)
        except BaseException:
            self._interrupted(update, wrote)
            raise

    def _with_base(self, result: Result, shown: Mapping[str, Any] | None) -> Result:
        """Of an update that did not succeed, with the state that its trigger was shown in last."""
        if shown is None or result.status not in OPEN:
            return result
        return replace(result, based_on=BasedOn(sha256=digest(shown, self._options.writable)))

    def _write(
        self,
        operation: str,
        update: Update,
        members: Mapping[str, Any],
        still_wanted: StillWanted | None = None,
    ) -> Awaitable[RetryState | None]:
        may_send = None if self._may_send is None else partial(self._may_send, update)
        return self._writing[operation].run_attempts(
            update.id,
            members,
            may_send,
            partial(self._interrupted, update),
            still_wanted,
            urgency=update.urgency,
        )

    def _interrupted(self, update: Update, wrote: RetryState) -> None:
        if self._on_interrupted is None:
            return
        if (result := wrote.interrupted(update, self._clock.wall())) is not None:
            self._on_interrupted(result)

    def _unsent(self, update: Update, looked: RetryState, finish: Finish) -> Result:
        result = not_sent(update, looked, self._clock.wall())
        result = replace(result, status=finish.status, error=finish.error)
        answer = looked.last.answer
        if finish.status == "unchanged" and answer is not None:
            result = self._as_sent_before(result, answer)
        if finish.status == "failed" and self._images.kept(update) and not _has_looked(looked):
            result = replace(result, maybe_applied=True)  # by an earlier session
        if result.status not in ("succeeded", "differs") or answer is None:
            return result
        result = replace(result, digest=digest(answer, self._options.writable))
        lost = self._images.lost(update)
        return result if lost is None else replace(result, lost=sorted(lost))

    def _as_sent_before(self, result: Result, live: Mapping[str, Any]) -> Result:
        """Of a trigger that is as asked: as the work of an earlier session, where it is taken so.

        By AWS's times; an update that is to be all of its trigger never is.
        """
        since = self._sent_since
        if since is None or self._options.complete or not is_changed_since(live, since):
            return result
        if is_created_since(live, since):
            return replace(result, status="succeeded", created="without_integration")
        return replace(result, status="succeeded")


def _has_looked(looked: RetryState) -> bool:
    """Whether a look found the trigger, or that there is none."""
    return looked.last.code in (None, RESOURCE_NOT_FOUND)


def _of_look(looked: RetryState) -> Error | None:
    """The error of a look, which no count of attempts of the update has in it."""
    if (error := looked.error) is None:
        return None
    tried = several(looked.attempts, "attempt")
    where = f"of {GET_TRIGGER}, the look before an update, after {tried}: no update was sent"
    return replace(error, message=f"{error.message} ({where})" if error.message else where)


def _ahead_at_most(write_rate: float | None, look_seconds: float) -> int:
    """How many updates may be looked at, which takes so long, and not be sent yet."""
    if write_rate is None:
        return AHEAD_AT_FIRST
    return max(AHEAD_LEAST, round((AHEAD_SECONDS + look_seconds) * write_rate))
