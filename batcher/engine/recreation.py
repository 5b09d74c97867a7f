"""A trigger deleted and created anew, where no update makes it what it was.

One at a time, so that never more than one trigger of a target is gone; and no other is deleted once
one could not be created. What is deleted is kept for good before: a later session finds it there,
and creates what is missing. Just before the delete the trigger has to be as it was, and attached to
no integration.
"""

from collections.abc import Callable
from functools import partial
from typing import Any, TypeAlias

import anyio
from msgspec import UNSET
from msgspec.structs import replace
from structlog.typing import FilteringBoundLogger

from batcher.accounting.verdicts import Verdict
from batcher.engine.list_pages import AttachedIntegrations
from batcher.engine.retry_state import RetryState
from batcher.engine.retrying import Retrying
from batcher.engine.write_result import not_sent, spent, write_result
from batcher.error_codes import (
    INTEGRATION_ATTACHED,
    NOT_RECREATED,
    RECREATION_STOPPED,
    RESOURCE_NOT_FOUND,
    STALE,
)
from batcher.foreign_text import printable
from batcher.ports import BeforeImageStore, Clock
from batcher.records import Error, Result, Update
from batcher.triggers.decision import ChangeOptions, Decision, Recreate, remainder, same_action
from batcher.triggers.diff import digest, same

Decide: TypeAlias = Callable[[Update, RetryState], Decision]
"""What to do about an update after a look."""


class _Deletion:
    """One trigger on its way to be deleted.

    ``newer``: a look that asks for something else; ``refused``: why it is not deleted; ``gone``: a
    look has not found it after an attempt that may have deleted it; ``state``: of the attempts.
    """

    def __init__(self, update: Update, wanted: Recreate, decide: Decide) -> None:
        self.update = update
        self.wanted = wanted
        self.decide = decide
        self.state: RetryState | None = None
        self.newer: RetryState | None = None
        self.refused: Error | None = None
        self.gone = self.kept = False


class Recreation:
    """Deletes and creates triggers of one target.

    ``reading``, ``deleting`` and ``creating``: the Retrying of each operation.
    """

    def __init__(
        self,
        *,
        reading: Retrying,
        integrations: AttachedIntegrations,
        deleting: Retrying,
        creating: Retrying,
        images: BeforeImageStore,
        options: ChangeOptions,
        clock: Clock,
        log: FilteringBoundLogger,
    ) -> None:
        self._reading = reading
        self._integrations = integrations
        self._deleting = deleting
        self._creating = creating
        self._images = images
        self._options = options
        self._clock = clock
        self._log = log
        self._turn = anyio.Lock()
        self._stopped = False

    async def recreate(
        self, update: Update, looked: RetryState, wanted: Recreate, decide: Decide
    ) -> tuple[Result | None, RetryState | None]:
        """The result of an update, or the newer look that asks for something else.

        Neither when draining came before anything was deleted. Raises CredentialsError.
        """
        async with self._turn:
            if wanted.image is None:
                return await self._create(update, wanted, looked), None
            if self._stopped:
                why = "a trigger before this one could not be created anew: nothing was deleted"
                error = Error(code=RECREATION_STOPPED, message=why)
                return self._refused(update, looked, error), None
            return await self._delete(_Deletion(update, wanted, decide), looked)

    async def _delete(
        self, deletion: _Deletion, looked: RetryState
    ) -> tuple[Result | None, RetryState | None]:
        update, wanted = deletion.update, deletion.wanted
        deleted = await self._deleting.run_attempts_for(
            update, still_wanted=partial(self._may_delete, deletion)
        )
        if deletion.newer is not None:
            return None, deletion.newer
        if deletion.refused is not None:
            return self._refused(update, looked, deletion.refused), None
        if deleted is None and not deletion.gone:
            return None, None
        assert deletion.state is not None
        if deletion.gone or deletion.state.verdict is Verdict.ACCEPTED:
            return await self._create(update, wanted, looked, deletion.state), None
        return await self._not_deleted(deletion, looked, deletion.state)

    async def _may_delete(self, deletion: _Deletion, state: RetryState) -> bool:
        """Whether it is as it was and attached to nothing; then its image is kept."""
        deletion.state, update, begun = state, deletion.update, state.may_have_acted
        attached = await self._integrations.of(update, must_finish=begun)
        looked = await self._reading.run_attempts_for(update, must_finish=begun)
        if attached is None or looked is None:
            return False
        if begun and looked.last.code == RESOURCE_NOT_FOUND:
            deletion.gone = True
            return False
        if not same_action(deletion.decide(update, looked), deletion.wanted):
            deletion.newer = looked
            return False
        if (refused := _refusal(attached)) is not None:
            deletion.refused = refused
            return False
        if not deletion.kept:
            image, lost = deletion.wanted.image or {}, deletion.wanted.lost
            await self._images.keep(update, {**image, "lost": lost})
            deletion.kept = True
        return True

    async def _not_deleted(
        self, deletion: _Deletion, looked: RetryState, deleted: RetryState
    ) -> tuple[Result | None, RetryState | None]:
        """Of a trigger whose deletion was refused, or never answered: what is there decides."""
        update = deletion.update
        found = await self._reading.run_attempts_for(update, must_finish=True)
        assert found is not None
        if found.last.code == RESOURCE_NOT_FOUND:
            if deleted.lost or deleted.charged > 1:
                return await self._create(update, deletion.wanted, looked, deleted), None
            return None, found  # somebody else was faster
        result = spent(deleted.result(update, self._clock.wall()), looked, deleted, found)
        if found.last.answer is not None:
            return replace(result, status="failed", maybe_applied=False), None
        result = replace(result, status="in_doubt", maybe_applied=UNSET)
        return self._lost(result, deletion.wanted), None

    async def _create(
        self, update: Update, wanted: Recreate, looked: RetryState, *deleted: RetryState
    ) -> Result:
        self._log_event("warning", "trigger.deleted", update, lost=sorted(wanted.lost))
        created = None
        try:
            created = await self._creating.run_attempts(
                update.id, wanted.request, must_finish=True, urgency=update.urgency
            )
        finally:
            if created is None:  # a later session does it
                self._log_event("error", "trigger.not_recreated", update, status="not_started")
        assert created is not None
        now = self._clock.wall()
        result = write_result(update, created, self._options, now)
        if created.last.answer is not None:
            result = self._with_digest(result, created.last.answer)
        elif created.verdict is Verdict.REJECTED:
            result = await self._hold_against_live(update, result)
        result = spent(result, looked, *deleted, created)
        result = replace(
            result,
            attempts=result.attempts + sum(state.attempts for state in deleted),
            throttles=result.throttles + sum(state.throttles for state in deleted),
        )
        if created.last.answer is None and result.status in ("failed", "in_doubt"):
            self._stopped = True
            result = _not_recreated(result)
            self._log_event("error", "trigger.not_recreated", update, status=result.status)
        else:
            self._log_event("info", "trigger.recreated", update, status=result.status)
        return self._lost(result, wanted)

    async def _hold_against_live(self, update: Update, result: Result) -> Result:
        """Of a creation that was refused: an attempt before, or somebody else, may have made it."""
        found = await self._reading.run_attempts_for(update, must_finish=True)
        assert found is not None
        if (current := found.last.answer) is None:
            return result
        shown = self._options.writable(current)
        if same(update.request, shown) and remainder(update, shown, self._options, "") is None:
            result = replace(result, status="succeeded", error=None, maybe_applied=UNSET)
            return self._with_digest(result, current)
        why = "it was deleted to be created anew, and somebody else has created another meanwhile"
        error = Error(code=STALE, message=why)
        return replace(result, status="stale", error=error, maybe_applied=UNSET)

    def _with_digest(self, result: Result, live: dict[str, Any]) -> Result:
        return replace(result, digest=digest(live, self._options.writable))

    def _refused(self, update: Update, looked: RetryState, error: Error) -> Result:
        result = not_sent(update, looked, self._clock.wall())
        return replace(result, status="failed", error=error)

    def _lost(self, result: Result, wanted: Recreate) -> Result:
        return replace(result, lost=sorted(wanted.lost))

    def _log_event(self, level: str, event: str, update: Update, **more: Any) -> None:
        names = {"domain": update.domain, "trigger": update.trigger}
        getattr(self._log, level)(event, id=update.id, target=update.target, **names, **more)


def _refusal(attached: list[str] | Error) -> Error | None:
    """Why a trigger with these integrations is not deleted; None: it may be."""
    if isinstance(attached, Error):
        why = "nothing was deleted: whether an integration is attached can't be seen"
        return replace(attached, message=f"{why}: {attached.message}")
    if not attached:
        return None
    return Error(
        code=INTEGRATION_ATTACHED,
        message="nothing was deleted: an integration is attached"
        f" ({printable(', '.join(attached))}). Remove it (DeleteIntegration) and run this again",
    )


def _not_recreated(result: Result) -> Result:
    error = result.error
    said = "no answer" if error is None else f"{error.code}: {error.message}"
    is_sure = result.status == "failed" and result.maybe_applied is not True
    known = "could not be created anew" if is_sure else "may not be there"
    message = (
        f"the trigger is deleted and {known} ({said}). What it has to be is the line of this id in"
        " failed.jsonl, which batcher retry creates; what it was is in before.jsonl"
    )
    status = None if error is None else error.http_status
    return replace(result, error=Error(code=NOT_RECREATED, message=message, http_status=status))
