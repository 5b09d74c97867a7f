"""Which answer means what: by its code, by how far it came, and what says nothing yet."""

import pytest

from batcher.accounting.verdicts import BY_CODE, Verdict, judge, why_inconclusive
from batcher.records import Attempt, Error, Reached, Result

NEVER = "2026-01-01T00:00:00.000Z"


def attempt(
    code: str | None, http_status: int | None = None, reached: Reached = "answered"
) -> Attempt:
    return Attempt(reached=reached, seconds=0.1, code=code, http_status=http_status)


@pytest.mark.parametrize(
    ("code", "verdict"),
    [
        # the five errors of the API
        ("BadRequestException", Verdict.REJECTED),
        ("AccessDeniedException", Verdict.DENIED),
        ("ResourceNotFoundException", Verdict.REJECTED),
        ("ThrottlingException", Verdict.THROTTLED),
        ("InternalServerException", Verdict.TRANSIENT),
        # of the front door, and of the SDK
        ("ExpiredTokenException", Verdict.CREDENTIALS),
        ("ServiceUnavailable", Verdict.TRANSIENT),
        ("SlowDown", Verdict.THROTTLED),
        ("RequestExpired", Verdict.CREDENTIALS),
        ("RequestTimeTooSkewed", Verdict.CREDENTIALS),
        ("IncompleteSignature", Verdict.CREDENTIALS),
        ("MissingAuthenticationToken", Verdict.CREDENTIALS),
    ],
)
def test_a_code_of_the_table_decides_whatever_the_status(code: str, verdict: Verdict) -> None:
    for status in (None, 200, 400, 403, 429, 500):
        assert judge(attempt(code, status)) is verdict


def test_no_code_stands_for_what_only_the_way_there_can_tell() -> None:
    assert set(BY_CODE.values()) == {
        Verdict.THROTTLED,
        Verdict.TRANSIENT,
        Verdict.REJECTED,
        Verdict.DENIED,
        Verdict.CREDENTIALS,
        Verdict.REDIRECTED,
    }


@pytest.mark.parametrize(
    ("reached", "status", "verdict"),
    [
        ("unsent", None, Verdict.UNSENT),
        ("sent", None, Verdict.LOST),
        ("answered", 429, Verdict.THROTTLED),
        ("answered", 500, Verdict.TRANSIENT),
        ("answered", 503, Verdict.TRANSIENT),
        ("answered", 408, Verdict.TRANSIENT),
        ("answered", 401, Verdict.DENIED),
        ("answered", 403, Verdict.DENIED),
        ("answered", 400, Verdict.REJECTED),
        ("answered", None, Verdict.REJECTED),
    ],
)
def test_without_a_known_code_it_counts_how_far_it_came_and_then_the_status(
    reached: Reached, status: int | None, verdict: Verdict
) -> None:
    assert judge(attempt("SomethingNew", status, reached)) is verdict


@pytest.mark.parametrize("code", [*BY_CODE, "SomethingNew", "TooManyOpenFiles"])
def test_what_never_left_is_no_answer_whatever_code_was_raised(code: str) -> None:
    assert judge(attempt(code, reached="unsent")) is Verdict.UNSENT


def test_only_an_update_that_can_not_be_sent_is_at_fault_for_never_having_left() -> None:
    assert judge(attempt("ParamValidationError", reached="unsent")) is Verdict.REJECTED
    for code in ("NoCredentials", "WrongAccount"):
        assert judge(attempt(code, reached="unsent")) is Verdict.CREDENTIALS


def test_an_answer_without_a_code_is_accepted() -> None:
    assert judge(attempt(None, 200)) is Verdict.ACCEPTED


def test_only_what_may_end_otherwise_is_tried_again() -> None:
    retryable = {verdict for verdict in Verdict if verdict.retryable}
    assert retryable == {Verdict.THROTTLED, Verdict.TRANSIENT, Verdict.LOST, Verdict.UNSENT}


def failed(code: str, *, attempts: int, http_status: int | None = None) -> Result:
    return Result(
        id="7",
        line=7,
        target="default",
        domain="acme",
        trigger="signup",
        status="failed",
        attempts=attempts,
        error=Error(code=code, message="said so", http_status=http_status),
        started_at=NEVER,
        finished_at=NEVER,
    )


@pytest.mark.parametrize("ever_accepted", [False, True])
@pytest.mark.parametrize(
    ("result", "early", "late"),
    [
        # refused before anything was accepted: the role may be at fault, not the update
        (failed("AccessDenied", attempts=1, http_status=403), "refuses access", None),
        (failed("SomethingNew", attempts=1, http_status=403), "refuses access", None),
        # about the update
        (failed("BadRequestException", attempts=1, http_status=403), None, None),
        (failed("ConnectionClosedError", attempts=2), None, None),
        (failed("ParamValidationError", attempts=0), None, None),
        (failed("SomethingNew", attempts=0, http_status=400), None, None),
    ],
)
def test_what_says_nothing_about_an_update(
    result: Result, early: str | None, late: str | None, ever_accepted: bool
) -> None:
    why, expected = why_inconclusive(result, ever_accepted=ever_accepted), early
    if ever_accepted:
        expected = late
    assert (why is None) == (expected is None)
    if why is not None and expected is not None:
        assert expected in why
        assert "said so" in why


def test_a_result_that_is_not_failed_says_something() -> None:
    invalid = Result.invalid(3, "default", "no JSON", NEVER)
    assert why_inconclusive(invalid, ever_accepted=False) is None
