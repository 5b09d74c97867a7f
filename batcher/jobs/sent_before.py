"""Updates of a run an earlier session of which left some unanswered, without images that tell."""

from msgspec.structs import replace

from batcher.accounting.verdicts import REJECTED, verdict_on
from batcher.engine.reconciler import Settler
from batcher.records import Result, Update


class SentBefore:
    """A Settler: an update that fails now may have been applied by that session.

    Not so one that AWS takes for wrong, as it did then, or whose trigger is not there; nor, where
    it ``looks`` first, one that was sent now, as the look has shown that it was not applied.
    """

    def __init__(self, settler: Settler, *, looks: bool) -> None:
        self._settler = settler
        self._looks = looks

    async def settle(self, update: Update) -> Result | None:
        result = await self._settler.settle(update)
        if result is None or result.status != "failed" or result.error is None:
            return result
        is_known = self._looks and result.attempts
        if is_known or verdict_on(result.error) is REJECTED:
            return result
        return replace(result, maybe_applied=True)
