"""What helps an update that failed: what AWS rejects is never offered once more as it is."""

import pytest

from batcher.accounting.remedies import Remedy, remedy
from batcher.accounting.verdicts import BY_CODE


@pytest.mark.parametrize("code", sorted(BY_CODE))
def test_what_another_attempt_may_end_otherwise_is_run_again_and_nothing_else(code: str) -> None:
    helps = remedy(code) is Remedy.RETRY
    assert helps is (BY_CODE[code].retryable or BY_CODE[code].value == "redirected")


@pytest.mark.parametrize(
    ("code", "helps"),
    [
        ("ResourceNotFoundException", Remedy.FIND),
        ("BadRequestException", Remedy.CORRECT),
        ("ParamValidationError", Remedy.CORRECT),
        ("AccessDeniedException", Remedy.ALLOW),
        ("ExpiredToken", Remedy.ALLOW),
        ("NotAsAsked", Remedy.RETRY),
        ("Stale", Remedy.BY_STATUS),
        ("ReadTimeoutError", Remedy.RETRY),
        ("503", Remedy.RETRY),
        ("a code that nobody knows", Remedy.RETRY),
    ],
)
def test_each_code_has_what_helps(code: str, helps: Remedy) -> None:
    assert remedy(code) is helps
