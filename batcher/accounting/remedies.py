"""What helps updates that did not succeed, by the code of their error: one table, no I/O."""

from enum import Enum

from batcher.accounting.verdicts import BY_CODE, Verdict
from batcher.error_codes import (
    CHANGED_SINCE,
    INVALID,
    NOT_SENDABLE,
    PARTIAL,
    RESOURCE_NOT_FOUND,
    STALE,
)


class Remedy(Enum):
    """What has to be done before an update can succeed."""

    RETRY = "retry"  # nothing: the same once more may succeed
    ALLOW = "allow"  # somebody has to allow it to the caller; then the same once more
    FIND = "find"  # there is no such trigger, or none to be seen
    CORRECT = "correct"  # the line has to be another
    BY_STATUS = "by status"  # its status says what to do


_BY_CODE = {
    RESOURCE_NOT_FOUND: Remedy.FIND,
    NOT_SENDABLE: Remedy.CORRECT,
    "ValidationException": Remedy.CORRECT,
    "ValidationError": Remedy.CORRECT,
    STALE: Remedy.BY_STATUS,
    PARTIAL: Remedy.BY_STATUS,
    INVALID: Remedy.BY_STATUS,
    CHANGED_SINCE: Remedy.BY_STATUS,
}
_BY_VERDICT = {
    Verdict.REJECTED: Remedy.CORRECT,
    Verdict.DENIED: Remedy.ALLOW,
    Verdict.CREDENTIALS: Remedy.ALLOW,
}


def remedy(code: str) -> Remedy:
    """What helps an update with that error."""
    verdict = BY_CODE.get(code)
    return _BY_CODE.get(code) or (_BY_VERDICT.get(verdict) if verdict else None) or Remedy.RETRY
