"""What to do about one update, once the live trigger was looked at: nothing, refuse, or send this.

Decides only; comparing is in ``plan``. The one who acts sees to it that the image is durable before
anything is sent.
"""

from collections.abc import Mapping
from typing import Any, TypeAlias

from msgspec import Struct

from batcher.error_codes import NOT_AS_ASKED, RESOURCE_NOT_FOUND, STALE
from batcher.operations import CREATE_TRIGGER, UPDATE_TRIGGER
from batcher.records import Error, Status, Update
from batcher.triggers.diff import digest, image, last_updated, merged, same, touched

SLOWER_AT_MOST = 1.5  # times as long; to be able to undo a run is worth that much
NEEDED_TO_CREATE = ("ObjectTypeName", "EventTriggerConditions")


class Finish(Struct, frozen=True, kw_only=True):
    """There is nothing to send."""

    status: Status
    error: Error | None = None


class Send(Struct, frozen=True, kw_only=True):
    """Send ``request`` by ``operation``.

    ``image``: what to keep first; None when an earlier session has kept it.
    """

    operation: str
    request: dict[str, Any]
    image: dict[str, Any] | None


Decision: TypeAlias = Finish | Send


class ChangeOptions(Struct, frozen=True, kw_only=True):
    """How a run treats what it finds.

    ``merge``: send the live trigger with the given members put in. ``create_missing``: create what
    is not there. ``force``: also change what is no longer as the update was based on.
    """

    merge: bool = False
    create_missing: bool = False
    force: bool = False


def decide(
    update: Update, current: Mapping[str, Any] | None, *, kept: bool, options: ChangeOptions
) -> Decision:
    """The intent for an update.

    ``current``: what GetEventTrigger answered, None when there is no such trigger.

    ``kept``: an earlier session kept the image, and so may have sent the update: then what is as
    asked is taken as its work, and the image is not taken anew.
    """
    if current is None:
        return _missing(update, options)
    if same(update.request, current):
        return Finish(status="succeeded" if kept else "unchanged")
    if (
        update.based_on is not None
        and not options.force
        and digest(current) != update.based_on.sha256
    ):
        return Finish(
            status="stale",
            error=Error(code=STALE, message="the live trigger is not what this was based on"),
        )
    if (
        outdated := changed_since(update, last_updated(current), kept=kept, options=options)
    ) is not None:
        return outdated
    request = merged(update.request, current) if options.merge else update.request
    before = None if kept else image(current) | _names(update)
    return Send(operation=UPDATE_TRIGGER, request=request, image=before)


def changed_since(
    update: Update, moment: float | None, *, kept: bool, options: ChangeOptions
) -> Finish | None:
    """Stale, when AWS's time of the last change alone says so.

    With the image kept, that change may be the run's own.
    """
    if update.based_on is None or kept or options.force or not touched(update.based_on, moment):
        return None
    message = "the live trigger was changed after this was planned (LastUpdatedAt)"
    return Finish(status="stale", error=Error(code=STALE, message=message))


def reading_first_pays(read_rate: float, write_rate: float) -> bool:
    """Whether to look at every trigger first: not when reading is so slow that the run takes
    much longer.
    """
    return read_rate * SLOWER_AT_MOST >= write_rate


def answered_as_asked(request: Mapping[str, Any], answer: Mapping[str, Any]) -> Error | None:
    """None when AWS's answer shows what was asked for; else the error, which names members and
    quotes nothing.
    """
    off = [
        name
        for name in request
        if name in answer
        and answer[name] != request[name]
        and not same({name: request[name]}, answer)
    ]
    absent = [name for name in request if name not in answer and name != "DomainName"]
    if not off and not absent:
        return None
    return Error(
        code=NOT_AS_ASKED,
        message=f"AWS's answer differs from what was asked in {', '.join(off + absent)}",
    )


def _missing(update: Update, options: ChangeOptions) -> Decision:
    if update.based_on is not None and not options.force:
        gone = (
            "the trigger that this was based on is not there any more, or access to it was denied"
        )
        return Finish(status="stale", error=Error(code=STALE, message=gone))
    lacking = [name for name in NEEDED_TO_CREATE if name not in update.request]
    if not options.create_missing:
        hint = "there is no such trigger, or access to it was denied; --create-missing creates it"
        return Finish(
            status="failed",
            error=Error(code=RESOURCE_NOT_FOUND, message=hint, http_status=404),
        )
    if lacking:
        hint = f"there is no such trigger, and the line lacks {', '.join(lacking)} to create it"
        return Finish(
            status="failed",
            error=Error(code=RESOURCE_NOT_FOUND, message=hint, http_status=404),
        )
    return Send(operation=CREATE_TRIGGER, request=update.request, image=None)


def _names(update: Update) -> dict[str, Any]:
    return {"DomainName": update.domain, "EventTriggerName": update.trigger}
