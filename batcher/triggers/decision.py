"""What to do about one update, once the live trigger was looked at: finish it, or send this.

Comparing is in ``diff``. Who acts on it keeps the image for good before anything is sent.
"""

from collections.abc import Mapping
from typing import Any, TypeAlias

from msgspec import Struct
from msgspec.structs import replace

from batcher.error_codes import PARTIAL, RESOURCE_NOT_FOUND, STALE
from batcher.operations import CREATE_TRIGGER, NEEDED_TO_CREATE, UPDATE_TRIGGER
from batcher.records import BasedOn, Error, Status, Update
from batcher.triggers.diff import (
    Writable,
    beyond,
    beyond_updates,
    digest,
    image,
    last_updated,
    merged,
    on_nothing,
    same,
    touched,
)
from batcher.triggers.mismatch import collateral_change
from batcher.triggers.omission import Effect, Whole, basis, cleared_only, sends_whole

SLOWER_AT_MOST = 1.5  # times as long; to be able to undo a run is worth that much


class Finish(Struct, frozen=True, kw_only=True):
    """There is nothing to send: the status of the update, and why it did not succeed."""

    status: Status
    error: Error | None = None


class Send(Struct, frozen=True, kw_only=True):
    """Send ``request`` by ``operation``.

    ``image``: what to keep first; None when there is none. ``restores``: members that an earlier
    session has cleared by omitting them, and that this puts back; then that image is kept already.
    """

    operation: str
    request: dict[str, Any]
    image: dict[str, Any] | None
    restores: tuple[str, ...] = ()


class Recreate(Struct, frozen=True, kw_only=True):
    """Delete the trigger, and create it with ``request``: no update makes it that.

    ``image``: what to keep first; None where it is deleted already. ``lost``: members that go with
    it, as no request brings them back.
    """

    request: dict[str, Any]
    image: dict[str, Any] | None
    lost: dict[str, Any]


Decision: TypeAlias = Finish | Send | Recreate


class ChangeOptions(Struct, frozen=True, kw_only=True):
    """How a run treats what it finds.

    ``whole``: when to send the live trigger with the given members put in. ``create_missing``:
    create what is not there. ``force``: also change what is no longer as the update was based on.
    ``writable``: what of a trigger an update can say. ``complete``: an update says all that its
    trigger is to be, as those of a rollback do: it is sent as it is. ``recreate``: delete and
    create what can't be that by an update.
    """

    writable: Writable
    complete: bool = False
    recreate: bool = False
    whole: Whole = "never"
    create_missing: bool = False
    force: bool = False


def decide(
    update: Update,
    current: Mapping[str, Any] | None,
    *,
    kept: bool,
    options: ChangeOptions,
    before: Mapping[str, Any] | None = None,
    lost: dict[str, Any] | None = None,
    effects: Mapping[str, Effect] | None = None,
) -> Decision:
    """What to do about an update, whose trigger was found as ``current``, None for not there.

    ``kept``: an earlier session kept an image, and so may have sent the update: then what is as
    asked is taken as its work. What is not is kept once more, as somebody may have changed it.
    ``before``: that image, where it can be told: what else has changed since is its work, too.
    ``lost``: what went with the trigger if that session deleted it, which it was about to do.
    ``effects``: what is known to become of members that an update omits.
    """
    if current is None:
        return _decide_missing(update, options, lost)
    shown, current = current, options.writable(current)
    writable: Writable = dict  # of what is current now: all of it
    base = None if options.force else update.based_on
    if same(update.request, current):
        rest = remainder(update, current, options, basis(effects or {}))
        if rest is None and before is not None and not options.complete:
            return _sent_before(update, options.writable(before), current, options)
        if rest is None:
            return Finish(status="succeeded" if kept else "unchanged")
        changed = base is not None and not _is_so(base, current, writable)
        if changed and options.recreate:
            why = f"{rest.message}; it was changed since, so that only --force recreates it"
            return Finish(status="partial", error=replace(rest, message=why))
        goes = _goes_when_omitted(update, current, effects or {})
        if changed or (kept and not options.recreate and not goes):
            return Finish(status="partial", error=rest)
    if base is not None and not _is_so(base, current, writable):
        if not kept and base.undone_sha256 == digest(current, writable):
            return Finish(status="unchanged")
        sent = "; an earlier session may have applied this before" if kept else ""
        return _stale(f"the live trigger is not what this was based on{sent}")
    if base is not None and (
        stale := stale_by_time(update, last_updated(shown), kept=kept, options=options)
    ):
        return stale
    request, found = update.request, image(current, writable)
    found |= _names(update)
    if not options.complete and sends_whole(options.whole, (effects or {}).values()):
        request = merged(request, current, writable)
    recreates = options.recreate and _can_create(update)
    if recreates and not _goes_when_omitted(update, current, effects or {}):
        lost = beyond_updates(shown, options.writable)
        return Recreate(request=update.request, image=found, lost=lost)
    return Send(operation=UPDATE_TRIGGER, request=request, image=found)


def _sent_before(
    update: Update, before: Mapping[str, Any], current: Mapping[str, Any], options: ChangeOptions
) -> Decision:
    """Of an update that an earlier session has sent, and that has left its trigger as asked.

    ``before``: what the trigger was.
    """
    gone = cleared_only(update.request, before, current)
    if gone and options.whole != "never":
        request = {**merged(update.request, current, options.writable), **gone}
        found = image(before, options.writable) | _names(update)
        return Send(
            operation=UPDATE_TRIGGER, request=request, image=found, restores=tuple(sorted(gone))
        )
    more = collateral_change(update.request, before, current)
    return Finish(status="succeeded" if more is None else "differs", error=more)


def _goes_when_omitted(
    update: Update, current: Mapping[str, Any], effects: Mapping[str, Effect]
) -> bool:
    """Whether all that a trigger has beyond an update goes by that update, as far as is known."""
    return all(effects.get(name) == "cleared" for name in beyond(update.request, current))


def _is_so(base: BasedOn, current: Mapping[str, Any], writable: Writable) -> bool:
    return digest(current, writable) in (base.sha256, base.cleared_sha256)


def _names(update: Update) -> dict[str, Any]:
    return {"DomainName": update.domain, "EventTriggerName": update.trigger}


def same_action(one: Decision, other: Decision) -> bool:
    """Whether both do the same to the same trigger, whatever the order of its lists."""
    match one, other:
        case (Send(), Send()) if one.operation == other.operation:
            pass
        case Recreate(), Recreate():
            pass
        case _:
            return False
    if not same(one.request, other.request):
        return False
    before, after = one.image or {}, other.image or {}
    return same(before, after) and same(after, before)


def stale_by_time(
    update: Update, moment: float | None, *, kept: bool, options: ChangeOptions
) -> Finish | None:
    """Stale when AWS's time of the last change, epoch seconds, alone says so.

    With the image kept it does not: that change may be the run's own.
    """
    if update.based_on is None or kept or options.force or not touched(update.based_on, moment):
        return None
    return _stale("the live trigger was changed after this was planned (LastUpdatedAt)")


def reading_first_pays(read_rate: float, write_rate: float) -> bool:
    """Whether looking at every trigger first costs little time. Both in requests per second."""
    return read_rate * SLOWER_AT_MOST >= write_rate


def remainder(
    update: Update, current: Mapping[str, Any], options: ChangeOptions, basis: str
) -> Error | None:
    """What a trigger has beyond an update that is to be all of it; None: nothing, or it is not.

    ``current``: what of it an update can say; ``basis``: what it rests on that it stays.
    """
    if not options.complete or not (names := beyond(update.request, current)):
        return None
    message = f"an update can't take away what did not exist before: {', '.join(names)} ({basis})"
    if not options.recreate:
        message += "; batcher rollback RUN --recreate can"
    return Error(code=PARTIAL, message=message)


def _can_create(update: Update) -> bool:
    return all(name in update.request for name in NEEDED_TO_CREATE)


def _decide_missing(
    update: Update, options: ChangeOptions, lost: dict[str, Any] | None
) -> Decision:
    gone = on_nothing(update.based_on)
    if options.recreate and (gone or lost is not None) and _can_create(update):
        return Recreate(request=update.request, image=None, lost=lost or {})
    if update.based_on is not None and not gone and not options.force:
        return _stale(
            "the trigger that this was based on is not there any more, or access to it was denied"
        )
    if not options.create_missing:
        return _no_such_trigger(", or access to it was denied; --create-missing creates it")
    if lacking := [name for name in NEEDED_TO_CREATE if name not in update.request]:
        return _no_such_trigger(f", and the line lacks {', '.join(lacking)} to create it")
    return Send(operation=CREATE_TRIGGER, request=update.request, image=None)


def _stale(message: str) -> Finish:
    return Finish(status="stale", error=Error(code=STALE, message=message))


def _no_such_trigger(more: str) -> Finish:
    message = f"there is no such trigger{more}"
    error = Error(code=RESOURCE_NOT_FOUND, message=message, http_status=404)
    return Finish(status="failed", error=error)
