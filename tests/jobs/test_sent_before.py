"""What fails after a session that left it unanswered may have been applied by that one."""

import pytest
from msgspec.structs import replace

from batcher.accounting.verdicts import is_maybe_applied
from batcher.jobs.sent_before import SentBefore
from batcher.records import Error, Result, Update
from batcher.testing import update

DONE = replace(Result.invalid(1, "eu", "m", ""), status="succeeded", error=None, attempts=1)


class Settles:
    def __init__(self, result: Result | None) -> None:
        self.result = result

    async def settle(self, _: Update) -> Result | None:
        return self.result


def failed(code: str, http_status: int | None, attempts: int = 1) -> Result:
    error = Error(code=code, message="", http_status=http_status)
    return replace(DONE, status="failed", error=error, attempts=attempts)


@pytest.mark.parametrize(
    ("result", "looks", "maybe"),
    [
        (DONE, False, False),
        (failed("AccessDeniedException", 403), False, True),
        (failed("ThrottlingException", 429), False, True),
        (failed("EndpointConnectionError", None), False, True),
        (failed("BadRequestException", 400), False, False),
        (failed("ResourceNotFoundException", 404), False, False),
        # the look has shown that it was not applied; or it could not be made
        (failed("AccessDeniedException", 403), True, False),
        (failed("AccessDeniedException", 403, attempts=0), True, True),
        (failed("ResourceNotFoundException", 404, attempts=0), True, False),
    ],
)
async def test_only_what_is_wrong_or_not_there_was_so_before(
    result: Result, looks: bool, maybe: bool
) -> None:
    settled = await SentBefore(Settles(result), looks=looks).settle(update(1))
    assert settled is not None
    assert is_maybe_applied(settled) is maybe
    assert await SentBefore(Settles(None), looks=looks).settle(update(1)) is None
