"""Results that say what was said."""

from batcher.jobs.said_results import SaidResults
from batcher.records import Result

RESULT = Result.invalid(1, "default", "m", "2026-01-01T00:00:00.000Z")


class Kept:
    def __init__(self) -> None:
        self.results: list[Result] = []

    async def append(self, result: Result) -> None:
        self.results.append(result)


async def test_a_result_has_what_was_said_and_without_that_is_as_it_was() -> None:
    kept = Kept()
    await SaidResults(kept, {}).append(RESULT)
    await SaidResults(kept, {"reason": "r", "labels": {"k": "v"}}).append(RESULT)
    assert kept.results[0] is RESULT
    assert (kept.results[1].reason, kept.results[1].labels) == ("r", {"k": "v"})
