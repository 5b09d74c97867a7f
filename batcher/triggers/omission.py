"""Members that an update leaves out: which of them are at risk, and what became of them.

AWS does not say whether it keeps or clears what an update omits; its answers show it. A member that
every trigger has can't be cleared, and so it shows nothing. Decides nothing.
"""

from collections.abc import Collection, Container, Mapping
from typing import Any, Literal, TypeAlias

from batcher.operations import NEEDED_TO_CREATE, TRIGGER_NAMES
from batcher.triggers.diff import collateral, is_off, same

Effect: TypeAlias = Literal["kept", "cleared"]
"""What became of a member that an update has left out."""

Whole: TypeAlias = Literal["auto", "always", "never"]
"""When the live trigger is sent whole, with the members of the update put in.

auto: as soon as an answer has shown that what an update omits is cleared.
"""

_NEVER_AT_RISK = TRIGGER_NAMES.union(NEEDED_TO_CREATE)


def sends_whole(whole: Whole, effects: Collection[Effect]) -> bool:
    """Whether updates are sent with all of their triggers, by what is known of members."""
    return whole == "always" or (whole == "auto" and "cleared" in effects)


def at_risk(
    request: Mapping[str, Any], before: Mapping[str, Any], known: Container[str] = ()
) -> frozenset[str]:
    """The members of a trigger that a request omits, and that a trigger can be without.

    Without those that are ``known``, of which it is not asked.
    """
    return frozenset(
        [
            name
            for name, value in before.items()
            if name not in request
            and name not in known
            and name not in _NEVER_AT_RISK
            and not is_off(value)
        ]
    )


def effects(
    request: Mapping[str, Any],
    before: Mapping[str, Any],
    after: Mapping[str, Any],
    known: Container[str] = (),
) -> dict[str, Effect]:
    """What became of each member at risk; none of those that are there and were changed.

    ``known`` as in ``at_risk``.

    Somebody else may have changed these at the same moment, and nobody but an update that omits it
    can make a member go.
    """
    found: dict[str, Effect] = {}
    for name in at_risk(request, before, known):
        value = after.get(name)
        if value == before[name] or same({name: before[name]}, after):  # most often as it stands
            found[name] = "kept"
        elif is_off(value):
            found[name] = "cleared"
    return found


def cleared_only(
    request: Mapping[str, Any], before: Mapping[str, Any], after: Mapping[str, Any]
) -> dict[str, Any]:
    """What the request has cleared by omitting it, where nothing else that it omits has changed.

    Empty where nothing was cleared, and where more has changed: to put the one back could undo what
    somebody else did.
    """
    found = effects(request, before, after)
    gone = {name: before[name] for name, effect in found.items() if effect == "cleared"}
    return {} if not gone or collateral(request, before, {**after, **gone}) else gone


NOT_SHOWN = "no answer of AWS has shown yet that it clears what an update leaves out"


def cleared(request: Mapping[str, Any], before: Mapping[str, Any]) -> dict[str, Any]:
    """What a request makes of a trigger where all is cleared that it omits and can be cleared."""
    stays = {name: value for name, value in before.items() if name in NEEDED_TO_CREATE}
    return {**stays, **request}


def basis(known: Mapping[str, Effect]) -> str:
    """What it rests on that an update can't take a member away, in words."""
    found = set(known.values())
    if found == {"kept"}:
        return "AWS keeps what an update leaves out, as its answers have shown"
    if "cleared" in found:
        return (
            "AWS clears what an update leaves out, as its answers have shown, but this was not sent"
        )
    return NOT_SHOWN


def is_whole(
    request: Mapping[str, Any], before: Mapping[str, Any] | None, answer: Mapping[str, Any]
) -> bool:
    """Whether an answer shows the trigger whole, and not a part of it, or its name alone.

    A trigger always has what its creation needs: what was there, or is asked for, and is not in the
    answer tells that the answer is a part. ``before``: None where nobody knows.
    """
    known = NEEDED_TO_CREATE if before is None else {**before, **request}
    return all(not is_off(answer.get(name)) for name in NEEDED_TO_CREATE if name in known)
