"""What AWS shows of an update that it accepted, held against what was asked; quotes nothing.

What to do about it is not decided here.
"""

from collections.abc import Mapping
from typing import Any

from batcher.error_codes import MORE_THAN_ASKED, NOT_AS_ASKED
from batcher.records import Error
from batcher.triggers.diff import Writable, changes, collateral, digest, is_off

PATHS_TOLD = 5  # of a difference

_DOMAIN = "DomainName"  # which no answer has


def answer_mismatch(request: Mapping[str, Any], answer: Mapping[str, Any]) -> Error | None:
    """What of AWS's answer is not as asked, naming members and quoting nothing; None: nothing."""
    shown = {_DOMAIN: request.get(_DOMAIN), **answer}
    if request.items() <= shown.items():
        return None  # as nearly always
    off = [
        change.path
        for name, value in request.items()
        if name in answer and answer[name] != value
        for change in changes({name: value}, answer)
    ]
    absent = [
        name
        for name, value in request.items()
        if name not in answer and name != _DOMAIN and not is_off(value)
    ]
    if not off and not absent:
        return None
    names = ", ".join(off + absent)
    return Error(code=NOT_AS_ASKED, message=f"AWS's answer differs from what was asked in {names}")


def expected_answer(request: Mapping[str, Any], before: Mapping[str, Any]) -> dict[str, Any]:
    """What an answer shows where just what was asked has changed, of what an update can say."""
    expected = {**before, **request}
    expected.pop(_DOMAIN, None)
    return expected


def collateral_change(
    request: Mapping[str, Any], before: Mapping[str, Any], answer: Mapping[str, Any]
) -> Error | None:
    """What AWS's answer shows to be changed and was not asked for; None: nothing.

    ``before``: the trigger just before; both hold what an update can say. Quotes nothing.
    """
    if not (found := collateral(request, before, answer)):
        return None
    message = (
        f"AWS's answer shows what nobody asked for: {', '.join(found)} (unless somebody else has"
        " changed it at the same moment)"
    )
    return Error(code=MORE_THAN_ASKED, message=message)


def read_back_mismatch(
    request: Mapping[str, Any],
    live: Mapping[str, Any] | None,
    shown: str | None,
    writable: Writable,
) -> Error | None:
    """What of a trigger read back is not as sent, naming paths and quoting nothing; None: nothing.

    ``live``: None for not there; ``shown``: its digest as AWS's answer to the update showed it.
    """
    if live is None:
        return Error(code=NOT_AS_ASKED, message="AWS accepted it, and there is no such trigger")
    if paths := [change.path for change in changes(request, writable(live))]:
        more = f" and {len(paths) - PATHS_TOLD} more" if len(paths) > PATHS_TOLD else ""
        where = f"{', '.join(paths[:PATHS_TOLD])}{more}"
    elif shown is not None and digest(live, writable) != shown:
        where = "members that it does not name, from what AWS's answer showed"
    else:
        return None
    return Error(
        code=NOT_AS_ASKED,
        message=f"AWS accepted it, and the live trigger, read back, differs in {where}",
    )
