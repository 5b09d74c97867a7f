"""Which answer means what: one table, one row a case. No I/O; the caller acts on the verdict.

Codes are those of the five errors of the API, of the AWS front door, and of the ways a connection
can fail (``Attempt.reached``).
"""

from enum import Enum

from batcher.error_codes import NO_CREDENTIALS, RESOURCE_NOT_FOUND, WRONG_ACCOUNT
from batcher.records import Attempt, Result


class Verdict(Enum):
    """What to do about an attempt."""

    ACCEPTED = "accepted"
    THROTTLED = "throttled"  # slow down and try again; not charged to the update
    TRANSIENT = "transient"  # AWS answered with a fault of its own: back off and try again
    LOST = "lost"  # sent, and no answer: try again; in doubt if that never ends
    UNSENT = "unsent"  # never left: try again
    REJECTED = "rejected"  # give up on this update
    DENIED = "denied"  # give up on this update; stop the run when nothing but that comes back
    CREDENTIALS = "credentials"  # refresh once, else stop the run

    @property
    def retryable(self) -> bool:
        """Whether another attempt may end otherwise."""
        return self in _RETRYABLE


_RETRYABLE = frozenset({Verdict.THROTTLED, Verdict.TRANSIENT, Verdict.LOST, Verdict.UNSENT})

_CODES = {
    Verdict.THROTTLED: (
        "ThrottlingException",
        "Throttling",
        "ThrottledException",
        "TooManyRequestsException",
        "RequestThrottled",
        "RequestThrottledException",
        "RequestLimitExceeded",
        "SlowDown",
        "429",
    ),
    Verdict.TRANSIENT: (
        "InternalServerException",
        "InternalFailure",
        "ServiceUnavailable",
        "ServiceUnavailableException",
        "RequestTimeout",
        "RequestTimeoutException",
    ),
    # ParamValidationError: the SDK's own rules are narrower than the model's: it is never sent
    Verdict.REJECTED: ("BadRequestException", RESOURCE_NOT_FOUND, "ParamValidationError"),
    Verdict.DENIED: ("AccessDeniedException", "AccessDenied"),
    Verdict.CREDENTIALS: (
        "ExpiredTokenException",
        "ExpiredToken",
        "InvalidSignatureException",
        "SignatureDoesNotMatch",
        "UnrecognizedClientException",
        "InvalidClientTokenId",
        "MissingAuthenticationTokenException",
        "IncompleteSignature",
        NO_CREDENTIALS,
        WRONG_ACCOUNT,
    ),
}
BY_CODE = {code: verdict for verdict, codes in _CODES.items() for code in codes}


def judge(attempt: Attempt) -> Verdict:
    """The verdict on an attempt.

    A code in the table decides; else how far it came; else the HTTP status.
    """
    if attempt.code is None:
        return Verdict.ACCEPTED
    if (known := BY_CODE.get(attempt.code)) is not None:
        return known
    match attempt.reached, attempt.http_status:
        case "unsent", _:
            return Verdict.UNSENT
        case "sent", _:
            return Verdict.LOST
        case _, 429:
            return Verdict.THROTTLED
        case _, int(status) if status >= 500:
            return Verdict.TRANSIENT
        case _, 401 | 403:
            return Verdict.DENIED
    return Verdict.REJECTED


def why_inconclusive(result: Result, *, ever_accepted: bool) -> str | None:
    """Why a result says nothing about its update, in words; None when it says something.

    A worker then tries again later. AWS can't be reached: nothing answered and nothing was sent.
    Or it refuses access, and has accepted nothing from us so far.
    """
    error = result.error
    if result.status != "failed" or error is None:
        return None
    verdict, status = BY_CODE.get(error.code), error.http_status
    said = f"({error.code}: {error.message})"
    if not result.attempts and status is None and verdict is None:
        return f"AWS can't be reached {said}"
    denied = verdict is Verdict.DENIED or (verdict is None and status in (401, 403))
    if denied and not ever_accepted:
        return f"AWS refuses access, and has accepted nothing so far {said}"
    return None
