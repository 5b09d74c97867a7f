"""Which answer means what: one table, one row a case. No I/O; the caller acts on the verdict.

Codes are those of the five errors of the API, of the AWS front door, and of the ways a connection
can fail (``Attempt.reached``).
"""

from enum import Enum

from batcher.error_codes import NO_CREDENTIALS, RESOURCE_NOT_FOUND
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
        return self in _RETRYABLE


_RETRYABLE = frozenset({Verdict.THROTTLED, Verdict.TRANSIENT, Verdict.LOST, Verdict.UNSENT})

BY_CODE = {
    "ThrottlingException": Verdict.THROTTLED,
    "Throttling": Verdict.THROTTLED,
    "ThrottledException": Verdict.THROTTLED,
    "TooManyRequestsException": Verdict.THROTTLED,
    "RequestThrottled": Verdict.THROTTLED,
    "RequestThrottledException": Verdict.THROTTLED,
    "RequestLimitExceeded": Verdict.THROTTLED,
    "SlowDown": Verdict.THROTTLED,
    "429": Verdict.THROTTLED,
    "InternalServerException": Verdict.TRANSIENT,
    "InternalFailure": Verdict.TRANSIENT,
    "ServiceUnavailable": Verdict.TRANSIENT,
    "ServiceUnavailableException": Verdict.TRANSIENT,
    "RequestTimeout": Verdict.TRANSIENT,
    "RequestTimeoutException": Verdict.TRANSIENT,
    "BadRequestException": Verdict.REJECTED,
    RESOURCE_NOT_FOUND: Verdict.REJECTED,
    # the SDK's own rules are narrower than the model's: it will never be sent
    "ParamValidationError": Verdict.REJECTED,
    "AccessDeniedException": Verdict.DENIED,
    "AccessDenied": Verdict.DENIED,
    "ExpiredTokenException": Verdict.CREDENTIALS,
    "ExpiredToken": Verdict.CREDENTIALS,
    "InvalidSignatureException": Verdict.CREDENTIALS,
    "SignatureDoesNotMatch": Verdict.CREDENTIALS,
    "UnrecognizedClientException": Verdict.CREDENTIALS,
    "InvalidClientTokenId": Verdict.CREDENTIALS,
    "MissingAuthenticationTokenException": Verdict.CREDENTIALS,
    "IncompleteSignature": Verdict.CREDENTIALS,
    NO_CREDENTIALS: Verdict.CREDENTIALS,
}


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


def not_yet(result: Result, *, ever_accepted: bool) -> str | None:
    """Why a result says nothing about its update, so that a worker tries again later; None when it
    says something.

    AWS answered nothing at all and nothing was sent; or it refuses access, and has not accepted
    anything from us so far.
    """
    error = result.error
    if result.status != "failed" or error is None:
        return None
    verdict = BY_CODE.get(error.code)
    if not result.attempts and error.http_status is None and verdict is None:
        return f"AWS can't be reached ({error.code}: {error.message})"
    if not ever_accepted and (
        verdict is Verdict.DENIED or (verdict is None and error.http_status in (401, 403))
    ):
        return (
            f"AWS refuses access, and has accepted nothing so far ({error.code}: {error.message})"
        )
    return None
