"""Which answer means what: by its code, by how far it came, and what says nothing yet."""

import pytest
from msgspec import UNSET
from msgspec.structs import replace

from batcher.accounting.verdicts import BY_CODE, Verdict, is_denied, is_maybe_applied, judge
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


@pytest.mark.parametrize(
    ("result", "denied"),
    [
        (failed("AccessDenied", attempts=1, http_status=403), True),
        (failed("SomethingNew", attempts=1, http_status=403), True),
        (failed("SomethingNew", attempts=0, http_status=401), True),
        (failed("BadRequestException", attempts=1, http_status=403), False),
        (failed("ConnectionClosedError", attempts=2), False),
        (failed("ParamValidationError", attempts=0), False),
        (failed("SomethingNew", attempts=0, http_status=400), False),
        (Result.invalid(3, "default", "no JSON", NEVER), False),
    ],
)
def test_which_failures_are_refusals_of_access(result: Result, denied: bool) -> None:
    assert is_denied(result) == denied


def test_only_what_was_refused_as_it_came_or_never_left_has_certainly_changed_nothing() -> None:
    assert {verdict for verdict in Verdict if verdict.rules_out} == {
        Verdict.THROTTLED,
        Verdict.UNSENT,
        Verdict.REJECTED,
        Verdict.DENIED,
        Verdict.CREDENTIALS,
    }


@pytest.mark.parametrize(
    ("result", "said", "maybe"),
    [
        (failed("AccessDenied", attempts=3, http_status=403), False, False),
        (failed("AccessDenied", attempts=3, http_status=403), True, True),
        (failed("InternalServerException", attempts=1, http_status=500), False, False),
        # of an earlier version, which did not say it
        (failed("InternalServerException", attempts=1, http_status=500), UNSET, True),
        (failed("SomethingNew", attempts=1, http_status=503), UNSET, True),
        (failed("ReadTimeoutError", attempts=1), UNSET, True),
        (failed("BadRequestException", attempts=2, http_status=400), UNSET, True),
        (failed("BadRequestException", attempts=1, http_status=400), UNSET, False),
        (failed("InternalServerException", attempts=0, http_status=500), UNSET, False),  # a look
        (failed("NotAsAsked", attempts=3), UNSET, False),  # it was looked at since
        (replace(failed("ThrottlingException", attempts=9), throttles=9), UNSET, False),
        (replace(failed("ReadTimeoutError", attempts=2), status="in_doubt"), UNSET, False),
    ],
)
def test_which_failures_leave_open_whether_the_update_was_applied(
    result: Result, said: bool, maybe: bool
) -> None:
    assert is_maybe_applied(replace(result, maybe_applied=said)) == maybe
