"""Results of a run that does not look first, once an earlier session of it left some unanswered."""

from msgspec.structs import replace

from batcher.accounting.verdicts import REJECTED, verdict_on
from batcher.ports import ResultStore
from batcher.records import Result


class SentBefore:
    """A ResultStore: an update that fails now may have been applied by that session.

    Not so one that AWS takes for wrong, as it did then, or whose trigger is not there.
    """

    def __init__(self, results: ResultStore) -> None:
        self._results = results

    async def append(self, result: Result) -> None:
        error = result.error
        if result.status == "failed" and error and verdict_on(error) is not REJECTED:
            result = replace(result, maybe_applied=True)
        await self._results.append(result)
