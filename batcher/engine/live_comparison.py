"""A live trigger held against what an update asked for: as asked, never done, or changed since."""

from collections.abc import Mapping
from typing import Any

from msgspec.structs import replace

from batcher.engine.retrying import Retrying
from batcher.error_codes import (
    CHANGED_SINCE,
    MORE_THAN_ASKED,
    NOT_AS_ASKED,
    PARTIAL,
    RESOURCE_NOT_FOUND,
)
from batcher.operations import TRIGGER_NAMES
from batcher.records import Error, Result, Status, Update
from batcher.triggers.decision import ChangeOptions, remainder
from batcher.triggers.diff import collateral, same

# what says that an update in doubt did not happen, and, with it, all that settles one
NOT_APPLIED = (NOT_AS_ASKED, RESOURCE_NOT_FOUND)
SETTLES = (*NOT_APPLIED, PARTIAL)
DIFFERS = (*SETTLES, CHANGED_SINCE, MORE_THAN_ASKED)


class LiveComparison:
    """A Settler that only reads: succeeded when the live trigger is as asked.

    ``set_later``: by line, members that later updates of the run have set, so that the trigger
    does not show what that line made of them. ``images``: what the triggers of lines in doubt, and
    of ``more``, were before. ``more``: lines that changed more than was asked. ``options``: of the
    run.
    """

    def __init__(
        self,
        set_later: dict[int, frozenset[str]],
        images: dict[int, dict[str, Any]],
        more: frozenset[int],
        reading: Retrying,
        options: ChangeOptions,
    ) -> None:
        self._more = more
        self._reading = reading
        self._images = images
        self._options = options
        self._set_later = set_later

    async def settle(self, update: Update) -> Result | None:
        state = await self._reading.run_attempts_for(update)
        if state is None:
            return None
        result = state.result(update, state.started_at)
        asked, answer = self._visible(update), state.last.answer
        if answer is None:
            return _not_yours(result)
        current = self._shown(update, answer)
        more = self._more_changed(update, current)
        if same(asked, current):
            rest = remainder(update, current, self._options, "it is still there") or more
            return result if rest is None else replace(result, error=rest)
        kept = None if update.line in self._more else self._images.get(update.line)
        status, error = _told_apart(asked, current, kept and self._options.writable(kept))
        if more is not None and update.line in self._more:  # it was applied, whatever came since
            error = replace(more, message=f"{error.message}; {more.message}")
        return replace(result, status=status, error=error)

    def _more_changed(self, update: Update, current: Mapping[str, Any]) -> Error | None:
        """What is not as it was, of what nobody asked to change; None also where nobody knows."""
        before = self._images.get(update.line)
        if before is None or self._options.complete:
            return None
        if not (found := collateral(update.request, self._shown(update, before), current)):
            return None
        said = "is still so" if update.line in self._more else "has changed, with it or since"
        message = f"what nobody asked for {said}: {', '.join(found)}"
        return Error(code=MORE_THAN_ASKED, message=message)

    def _visible(self, update: Update) -> dict[str, Any]:
        hidden = self._hidden(update)
        return {name: value for name, value in update.request.items() if name not in hidden}

    def _shown(self, update: Update, answer: Mapping[str, Any]) -> dict[str, Any]:
        hidden, shown = self._hidden(update), self._options.writable(answer)
        return {name: value for name, value in shown.items() if name not in hidden}

    def _hidden(self, update: Update) -> frozenset[str]:
        return self._set_later.get(update.line, frozenset()) - TRIGGER_NAMES


def _not_yours(result: Result) -> Result:
    if result.error is None or result.error.code != RESOURCE_NOT_FOUND:
        return result
    error = replace(result.error, message="it is not there, or not yours to see")
    return replace(result, error=error)


def _told_apart(
    asked: Mapping[str, Any], current: Mapping[str, Any], before: Mapping[str, Any] | None
) -> tuple[Status, Error]:
    """Of a trigger that is not as asked: whether the update never happened, or was changed since.

    ``before``: of an update in doubt, None where nothing is kept of it.
    """
    each = [(name, {name: value}) for name, value in asked.items() if name not in TRIGGER_NAMES]
    off = ", ".join(name for name, one in each if not same(one, current))
    never = Error(code=NOT_AS_ASKED, message=f"the live trigger differs in {off}")
    moved = [one for _, one in each if before is not None and not same(one, before)]
    if before is None or all(same({name: before.get(name)}, current) for name, _ in each):
        return "failed", never
    if any(same(one, current) for one in moved):
        why = f"it was applied, and somebody has changed {off} since"
        return "succeeded", Error(code=CHANGED_SINCE, message=why)
    why = f"somebody has changed {off} since: whether it was applied can't be told"
    return "in_doubt", Error(code=CHANGED_SINCE, message=why)
