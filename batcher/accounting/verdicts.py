"""Which answer means what: one table, one row a case. No I/O; the caller acts on the verdict.

Codes are those of the five errors of the API, of the AWS front door, and of the ways a connection
can fail (``Attempt.reached``).
"""

from enum import Enum
from typing import Final

from msgspec import UNSET

from batcher.error_codes import (
    NO_CREDENTIALS,
    NOT_AS_ASKED,
    NOT_RECREATED,
    NOT_SENDABLE,
    REDIRECTED,
    RESOURCE_NOT_FOUND,
    TIME_REFUSED,
    UNKNOWN_CODE,
    WRONG_ACCOUNT,
)
from batcher.records import Attempt, BriefResult, Error, Reached, Result


class Verdict(Enum):
    """What to do about an attempt."""

    ACCEPTED = "accepted"
    THROTTLED = "throttled"  # slow down and try again; not charged to the update
    TRANSIENT = "transient"  # AWS answered with a fault of its own: back off and try again
    LOST = "lost"  # sent, and no answer: try again; in doubt if that never ends
    UNSENT = "unsent"  # never left: try again; not charged to the update
    REJECTED = "rejected"  # give up on this update
    DENIED = "denied"  # give up on this update; stop the run when nothing but that comes back
    CREDENTIALS = "credentials"  # refresh once, else stop the run
    REDIRECTED = "redirected"  # not AWS's answer, whoever gave it: stop the target

    __hash__ = object.__hash__  # each is one object; Enum's own is a function of Python's

    @property
    def retryable(self) -> bool:
        """Whether another attempt may end otherwise."""
        return self in _RETRYABLE

    @property
    def rules_out(self) -> bool:
        """Whether an attempt that ended so has certainly changed nothing."""
        return self in _RULE_OUT


# asked for many times an attempt: a look into the class of an enumeration takes ten times as long
ACCEPTED: Final = Verdict.ACCEPTED
THROTTLED: Final = Verdict.THROTTLED
LOST: Final = Verdict.LOST
UNSENT: Final = Verdict.UNSENT
REJECTED: Final = Verdict.REJECTED
DENIED: Final = Verdict.DENIED
CREDENTIALS: Final = Verdict.CREDENTIALS

_RETRYABLE = frozenset({THROTTLED, Verdict.TRANSIENT, LOST, UNSENT})

# Refused as it came, or never left. All others leave open whether the update was applied: a fault
# of AWS's own (5xx) may come after it, a lost answer may have been a good one, and who redirects is
# not AWS and may have passed it on.
_RULE_OUT = frozenset({THROTTLED, UNSENT, REJECTED, DENIED, CREDENTIALS})

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
    Verdict.REJECTED: ("BadRequestException", RESOURCE_NOT_FOUND),
    Verdict.DENIED: ("AccessDeniedException", "AccessDenied"),
    Verdict.CREDENTIALS: (
        "ExpiredTokenException",
        "ExpiredToken",
        "InvalidSignatureException",
        "SignatureDoesNotMatch",
        "UnrecognizedClientException",
        "InvalidClientTokenId",
        "MissingAuthenticationTokenException",
        "MissingAuthenticationToken",
        "IncompleteSignatureException",
        "IncompleteSignature",
        *TIME_REFUSED,
    ),
    Verdict.REDIRECTED: (REDIRECTED,),
}
BY_CODE = {code: verdict for verdict, codes in _CODES.items() for code in codes}
"""What AWS's codes mean."""

_UNSENT = {
    NO_CREDENTIALS: Verdict.CREDENTIALS,
    WRONG_ACCOUNT: Verdict.CREDENTIALS,
    NOT_SENDABLE: Verdict.REJECTED,  # the one cause that lies in the update
}

# of AWS, too, and without a meaning of their own: the status of the answer decides
# fmt: off
_OTHER_CODES = frozenset({
    "AllAccessDisabled", "AuthorizationHeaderMalformed",
    "AWS.SimpleQueueService.NonExistentQueue", "AWS.SimpleQueueService.UnsupportedOperation",
    "BadDigest", "ConflictException", "EntityTooLarge", "ForbiddenException",
    "IDPCommunicationError", "IDPRejectedClaim", "IllegalLocationConstraintException",
    "InternalError", "InvalidAccessKeyId", "InvalidAction", "InvalidAddress",
    "InvalidBucketName", "InvalidClientException", "InvalidGrantException",
    "InvalidIdentityToken", "InvalidMessageContents", "InvalidObjectState",
    "InvalidParameterCombination", "InvalidParameterException", "InvalidParameterValue",
    "InvalidQueryParameter", "InvalidRequest", "InvalidRequestException", "InvalidSecurity",
    "InvalidToken", "KMS.DisabledException", "KMS.InvalidStateException",
    "KMS.NotFoundException", "KmsAccessDenied", "KmsDisabled", "KmsInvalidState", "KmsNotFound",
    "KmsThrottled", "LimitExceededException", "MalformedPolicyDocument", "MalformedQueryString",
    "MethodNotAllowed", "MissingAction", "MissingParameter", "NoSuchBucket", "NoSuchKey",
    "NotAuthorized", "NotImplementedException", "OptInRequired", "OverLimit",
    "PackedPolicyTooLarge", "PermanentRedirect", "PreconditionFailed", "QueueDoesNotExist",
    "ReceiptHandleIsInvalid", "RegionDisabledException", "RequestEntityTooLargeException",
    "ServiceQuotaExceededException", "SignatureExpired", "TokenRefreshRequired",
    "UnauthorizedException", "UnknownOperationException", "UnsupportedOperation",
    "ValidationError", "ValidationException",
})
# fmt: on


def known_code(code: object, status: object) -> str:
    """An answer's code where AWS has such a one, or the HTTP status where it gives none.

    Anything else may be a value that was sent: UNKNOWN_CODE.
    """
    text = str(code or status or UNKNOWN_CODE)
    known = text in BY_CODE or text in _OTHER_CODES or text == str(status)
    return text if known else UNKNOWN_CODE


def judge(attempt: Attempt) -> Verdict:
    """The verdict on an attempt.

    What never left is no answer, whatever its code; else a code in the table decides; else how far
    it came; else the HTTP status.
    """
    if attempt.code is None:
        return ACCEPTED
    if attempt.reached == "unsent":
        return _UNSENT.get(attempt.code, Verdict.UNSENT)
    if (known := BY_CODE.get(attempt.code)) is not None:
        return known
    match attempt.reached, attempt.http_status:
        case "sent", _:
            return Verdict.LOST
        case _, 429:
            return Verdict.THROTTLED
        case _, int(status) if status >= 500 or status == 408:
            return Verdict.TRANSIENT
        case _, 401 | 403:
            return Verdict.DENIED
    return Verdict.REJECTED


def is_denied(result: Result) -> bool:
    """Whether AWS refuses the access that an update takes: to it, or to whoever asks."""
    error = result.error
    if result.status != "failed" or error is None:
        return False
    verdict, status = BY_CODE.get(error.code), error.http_status
    return verdict is Verdict.DENIED or (verdict is None and status in (401, 403))


def is_maybe_applied(result: Result | BriefResult) -> bool:
    """Whether an update that failed may have been applied all the same; one in doubt is no such.

    Earlier versions did not record it: of theirs each may be so that had attempts before its last.
    """
    if result.status != "failed":
        return False
    if result.maybe_applied is not UNSET:
        return result.maybe_applied
    error, sent = result.error, result.attempts - result.throttles
    if not sent or error is None or error.code in _LOOKED_AT:
        return False
    return sent > 1 or not is_refusal(error)


def maybe_applied_note(result: Result) -> str:
    """What is written behind the error of an update that failed, where it may have been applied."""
    return " (it may have been applied all the same)" if is_maybe_applied(result) else ""


def is_refusal(error: Error | None) -> bool:
    """Whether the attempt that ended so has changed nothing, whatever those before it did."""
    return error is not None and verdict_on(error).rules_out


def verdict_on(error: Error) -> Verdict:
    """The verdict on the attempt that ended with an error; it is taken to have left."""
    reached: Reached = "sent" if error.http_status is None else "answered"
    return judge(
        Attempt(reached=reached, seconds=0.0, code=error.code, http_status=error.http_status)
    )


# errors of updates whose triggers were looked at since
_LOOKED_AT = (NOT_AS_ASKED, NOT_RECREATED)
