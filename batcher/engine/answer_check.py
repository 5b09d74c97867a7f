"""AWS's answer to an update that it accepted: held against what was asked, and put right.

An answer that is not whole proves nothing of what it lacks: then one read tells. What the update
has cleared by omitting it is put back at once, where the settings let triggers be sent whole, and
nobody else has changed the trigger meanwhile.
"""

from collections.abc import Mapping, Set
from functools import partial
from typing import Any

from msgspec import UNSET, Struct
from msgspec.structs import replace
from structlog.typing import FilteringBoundLogger

from batcher.engine.omitted_members import OmittedMembers
from batcher.engine.retry_state import RetryState
from batcher.engine.retrying import Retrying
from batcher.engine.write_result import after, spent, write_result
from batcher.error_codes import MORE_THAN_ASKED, NOT_AS_ASKED
from batcher.ports import Clock
from batcher.records import Error, Result, Update
from batcher.triggers.decision import ChangeOptions
from batcher.triggers.diff import digest, merged, same, shown_part
from batcher.triggers.mismatch import expected_answer
from batcher.triggers.omission import cleared_only, effects, is_whole

# seconds; what is older when its update may be sent is looked at anew: more than what lies between
# the two when nothing is in the way, less than somebody needs to change the trigger by hand
LOOK_OLD_AFTER = 5.0


class Checked(Struct, frozen=True, kw_only=True):
    """A result, and the trigger as it was shown last; None where nothing showed it.

    ``shown``: where the trigger just before was known, what an update can say of it, else all.
    """

    result: Result
    shown: Mapping[str, Any] | None


class _Cleared(Struct, kw_only=True):
    """What an update has cleared, by name, and when the trigger was shown so (monotonic seconds).

    ``sha256``: its digest then; ``again``: what was sent to put it back.
    """

    gone: Mapping[str, Any]
    sha256: str
    shown_at: float
    again: RetryState | None = None


class AnswerCheck:
    """Checks the answers to the updates of one target.

    ``reading`` and ``updating``: the Retrying of GetEventTrigger and of UpdateEventTrigger.
    """

    def __init__(
        self,
        *,
        reading: Retrying,
        updating: Retrying,
        options: ChangeOptions,
        omitted: OmittedMembers,
        clock: Clock,
        log: FilteringBoundLogger,
    ) -> None:
        self._reading = reading
        self._updating = updating
        self._options = options
        self._omitted = omitted
        self._clock = clock
        self._log = log
        self._beyond_updates = frozenset[str]()  # members that answers have shown

    async def check(
        self,
        update: Update,
        wrote: RetryState,
        *,
        sent: Mapping[str, Any],
        before: Mapping[str, Any] | None,
    ) -> Checked:
        """The result of an update.

        ``sent``: the request that was; ``before``: the trigger just before, what an update can say
        of it; None where nobody looked, or there was none. Raises what reading and sending do.
        """
        checked = self._just_as_asked(update, wrote, before)
        if checked is None:
            checked = await self._held_against(update, wrote, before)
        if before is None or checked.shown is None:
            return checked
        shown, error = checked.shown, checked.result.error
        more = error is not None and error.code == MORE_THAN_ASKED
        known = self._omitted.confirmed if error is None else ()
        if found := effects(sent, before, shown, known):
            self._omitted.learn(found, update)
        if self._options.whole == "never" or not more:
            return checked
        if not (gone := cleared_only(sent, before, shown)):
            return checked
        sha256 = digest(checked.shown, self._options.writable)
        cleared = _Cleared(gone=gone, sha256=sha256, shown_at=self._clock.now())
        return await self._restore(update, wrote, before, checked, cleared)

    async def refused_creation(self, update: Update, wrote: RetryState) -> Checked:
        """Of a creation refused after an attempt without a good answer, which may have done it."""
        found = await self._reading.run_attempts_for(update, must_finish=True)
        assert found is not None
        result = spent(wrote.result(update, self._clock.wall()), wrote, found)
        if (current := found.last.answer) is None:
            return Checked(result=result, shown=None)
        result, shown = replace(result, maybe_applied=False), self._options.writable(current)
        if not same(update.request, shown):
            return Checked(result=result, shown=None)
        result = replace(result, status="succeeded", error=None, maybe_applied=UNSET)
        return Checked(result=result, shown=shown)

    def _just_as_asked(
        self, update: Update, wrote: RetryState, before: Mapping[str, Any] | None
    ) -> Checked | None:
        """Where the answer shows what was there with what was asked put in, as nearly always."""
        answer, options = wrote.last.answer, self._options
        if answer is None or before is None or options.complete:
            return None
        expected = expected_answer(update.request, before)
        if not expected.items() <= answer.items():
            return None
        if not self._is_beyond_updates(answer.keys() - expected.keys(), answer):
            return None
        shown = {name: answer[name] for name in expected}
        return Checked(result=wrote.result(update, self._clock.wall()), shown=shown)

    def _is_beyond_updates(self, names: Set[str], answer: Mapping[str, Any]) -> bool:
        """Whether no update can say any of these members, whatever their values."""
        if names <= self._beyond_updates:  # as nearly always
            return True
        if self._options.writable({name: answer[name] for name in names}):
            return False
        self._beyond_updates |= names
        return True

    async def _held_against(
        self, update: Update, wrote: RetryState, before: Mapping[str, Any] | None
    ) -> Checked:
        answer, options = wrote.last.answer, self._options
        shown = None
        if answer is not None and before is not None:
            shown = shown_part(answer, {**before, **update.request}, options.writable)
        result = write_result(update, wrote, options, self._clock.wall(), before, shown)
        checked = Checked(result=result, shown=answer if shown is None else shown)
        if answer is None or result.status != "differs":
            return checked
        if is_whole(update.request, before, answer):
            return checked
        found = await self._reading.run_attempts_for(update, must_finish=True)
        assert found is not None
        if (answer := found.last.answer) is None:
            return Checked(result=_untold(result, found), shown=None)
        shown = options.writable(answer)
        result = write_result(update, wrote, options, self._clock.wall(), before, shown)
        return Checked(result=spent(result, wrote, found), shown=shown)

    async def _restore(
        self,
        update: Update,
        wrote: RetryState,
        before: Mapping[str, Any],
        checked: Checked,
        cleared: _Cleared,
    ) -> Checked:
        """Send the trigger whole, with what was cleared put in."""
        request = {
            **merged(update.request, checked.shown or {}, self._options.writable),
            **cleared.gone,
        }
        still_so = partial(self._still_so, update, cleared)
        again = await self._updating.run_attempts(
            update.id,
            request,
            still_wanted=still_so,
            must_finish=True,
            urgency=update.urgency,
        )
        if again is None:
            why = "it was not put back, as the trigger was changed since, or can't be read"
            result = _with_attempts(_with_more(checked.result, why), cleared.again)
            return replace(checked, result=result)
        last = await self._held_against(update, again, before)
        result = _with_attempts(after(last.result, checked.result), wrote)
        if last.shown is None:
            why = f"to put it back was tried, and failed{_said(last.result.error)}"
            error = _with_more(checked.result, why).error
            return replace(checked, result=replace(result, status="differs", error=error))
        if result.error is not None and result.error.code == MORE_THAN_ASKED:
            return Checked(result=result, shown=last.shown)
        restored = sorted(cleared.gone)
        self._log.warning(
            "update.restored",
            id=update.id,
            line=update.line,
            target=update.target,
            domain=update.domain,
            trigger=update.trigger,
            members=restored,
            status=result.status,
        )
        return Checked(result=replace(result, restored=restored), shown=last.shown)

    async def _still_so(self, update: Update, cleared: _Cleared, again: RetryState) -> bool:
        """Whether the trigger is as it was shown; looked at again where that is long ago."""
        cleared.again = again
        if again.may_have_acted or self._clock.now() - cleared.shown_at < LOOK_OLD_AFTER:
            return True
        looked = await self._reading.run_attempts_for(update, must_finish=True)
        assert looked is not None
        answer = looked.last.answer
        if answer is None or digest(answer, self._options.writable) != cleared.sha256:
            return False
        cleared.shown_at = self._clock.now()
        return True


def _untold(result: Result, found: RetryState) -> Result:
    """Of an update whose answer was a part of its trigger, which could not be read, either."""
    why = "AWS's answer shows a part of the trigger only, and the rest could not be read"
    return replace(result, error=Error(code=NOT_AS_ASKED, message=why + _said(found.error)))


def _with_attempts(result: Result, more: RetryState | None) -> Result:
    if more is None:
        return result
    attempts, throttles = result.attempts + more.attempts, result.throttles + more.throttles
    return replace(result, attempts=attempts, throttles=throttles)


def _with_more(result: Result, why: str) -> Result:
    assert result.error is not None
    return replace(result, error=replace(result.error, message=f"{result.error.message}; {why}"))


def _said(error: Error | None) -> str:
    return "" if error is None else f" ({error.code}: {error.message})"
