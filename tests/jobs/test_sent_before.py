"""What fails after a session that left it unanswered may have been applied by that one."""

from msgspec.structs import replace

from batcher.accounting.verdicts import is_maybe_applied
from batcher.jobs.sent_before import SentBefore
from batcher.records import Error, Result

DONE = replace(Result.invalid(1, "eu", "m", ""), status="succeeded", error=None, attempts=1)


class Kept:
    def __init__(self) -> None:
        self.results: list[Result] = []

    async def append(self, result: Result) -> None:
        self.results.append(result)


def failed(code: str, http_status: int | None) -> Result:
    return replace(
        DONE, status="failed", error=Error(code=code, message="", http_status=http_status)
    )


async def test_only_what_is_wrong_or_not_there_was_so_before() -> None:
    kept = Kept()
    for result in (
        DONE,
        failed("AccessDeniedException", 403),
        failed("ThrottlingException", 429),
        failed("EndpointConnectionError", None),
        failed("BadRequestException", 400),
        failed("ResourceNotFoundException", 404),
    ):
        await SentBefore(kept).append(result)
    assert [is_maybe_applied(each) for each in kept.results] == [
        False,
        True,
        True,
        True,
        False,
        False,
    ]
