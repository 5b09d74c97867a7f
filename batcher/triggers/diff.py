"""Wanted against current: is it the same, what would change, what can't be undone.

*Wanted* is the request of an update; *current* is a trigger as GetEventTrigger, or the answer to an
update, shows it. What to do about a difference is not decided here.

Lists are compared without regard to order, each entry as often as it stands there: CloudFormation
treats conditions, dimensions, attributes and values as unordered, and periods are limits that all
hold at once. The two ends of a range are in order. A member that is null, false or empty counts as
one that is not there: that is how a member is said to be off. Names say which trigger is meant;
they are not compared. What AWS shows and no update can say counts nowhere: a ``Writable`` takes it
away.
"""

import hashlib
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, TypeAlias

import msgspec
from msgspec import Struct

from batcher.operations import TRIGGER_NAMES
from batcher.records import BasedOn

RANGES = ("BETWEEN", "NOT_BETWEEN")  # whose values are its two ends, in this order
ONE_MOMENT = 1.0  # seconds: lists may show whole ones

_encoded = msgspec.json.Encoder(order="deterministic").encode

Writable: TypeAlias = Callable[[Mapping[str, Any]], dict[str, Any]]
"""Takes of a trigger as AWS shows it what an update can say, by the model's shape of its input."""


class Change(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One difference: ``before`` and ``after``, None where there is nothing.

    Of two lists what is ``removed`` and ``added``.
    """

    path: str
    before: Any = None
    after: Any = None
    removed: tuple[Any, ...] = ()
    added: tuple[Any, ...] = ()


def same(wanted: Mapping[str, Any], current: Mapping[str, Any]) -> bool:
    """Whether every wanted member is so already; an update replaces, so each is compared whole."""
    for name, value in wanted.items():
        if name not in TRIGGER_NAMES and not alike(value, current.get(name)):
            return False
    return True


def alike(one: Any, other: Any) -> bool:
    """Whether two values count as the same."""
    if isinstance(one, str) and isinstance(other, str):
        return one == other
    return _encoded(one) == _encoded(other) or _canonical(one) == _canonical(other)


def changes(wanted: Mapping[str, Any], current: Mapping[str, Any]) -> list[Change]:
    """What the update would change, in the order of its members; empty exactly when ``same``."""
    members = (name for name in wanted if name not in TRIGGER_NAMES)
    return [
        change for name in members for change in _between(name, current.get(name), wanted[name])
    ]


def irreversible(wanted: Mapping[str, Any], current: Mapping[str, Any]) -> list[str]:
    """The members that the update sets where there is nothing now.

    No later update can clear them again: every optional text or list has a minimum length of 1.
    """
    return [
        name
        for name, value in wanted.items()
        if is_off(current.get(name)) and name not in TRIGGER_NAMES and not is_off(value)
    ]


def beyond(wanted: Mapping[str, Any], current: Mapping[str, Any]) -> list[str]:
    """The members that a trigger has and ``wanted`` lacks: an update can't take them away."""
    return [
        name
        for name, value in current.items()
        if name not in TRIGGER_NAMES and is_off(wanted.get(name)) and not is_off(value)
    ]


def collateral(
    asked: Mapping[str, Any], before: Mapping[str, Any], after: Mapping[str, Any]
) -> list[str]:
    """What differs between two states of a trigger and is no part of what was asked: its paths.

    Each with what became of it (went, came, changed); quotes no value.
    """
    others = (name for name in {**before, **after} if name not in asked)
    return [
        f"{change.path} {_became(change)}"
        for name in others
        # most often they are equal as they stand
        if before.get(name) != after.get(name) and name not in TRIGGER_NAMES
        for change in _between(name, before.get(name), after.get(name))
    ]


def image(current: Mapping[str, Any], writable: Writable) -> dict[str, Any]:
    """The members of a request that brings that state about, with the names that are in it."""
    return {name: value for name, value in writable(current).items() if not is_off(value)}


def shown_part(
    answer: Mapping[str, Any], known: Mapping[str, Any], writable: Writable
) -> dict[str, Any]:
    """What an update can say of an answer; members that are as in ``known`` are such as a whole."""
    news = {
        name: value
        for name, value in answer.items()
        if name not in known or known[name] != value  # most often few
    }
    part = writable(news)
    return {
        name: part.get(name, value)
        for name, value in answer.items()
        if name in part or name not in news
    }


def merged(
    wanted: Mapping[str, Any], current: Mapping[str, Any], writable: Writable
) -> dict[str, Any]:
    """A request for the whole trigger: as it is, with the wanted members in place of its own."""
    return image(current, writable) | dict(wanted)


def digest(current: Mapping[str, Any], writable: Writable) -> str:
    """SHA-256 (hex) of what a trigger does: not of its names, times, tags or the order of lists."""
    content = _normalized_members(writable(current)) or {}
    for name in TRIGGER_NAMES:
        content.pop(name, None)
    return hashlib.sha256(_encoded(content or None)).hexdigest()


def on_nothing(base: BasedOn | None) -> bool:
    """Whether an update is based on there being no such trigger."""
    return base is not None and base.sha256 == NOTHING


def beyond_updates(current: Mapping[str, Any], writable: Writable) -> dict[str, Any]:
    """What of a trigger no update can say, and so goes with it when it is deleted."""
    known = writable(current)
    return {
        name: value
        for name, value in current.items()
        if name not in known and name != "LastUpdatedAt" and not is_off(value)
    }


def based_on(current: Mapping[str, Any], writable: Writable) -> BasedOn:
    """What a plan keeps of the state that it was made on."""
    return BasedOn(sha256=digest(current, writable), last_updated_at=last_updated(current))


def is_off(value: Any) -> bool:
    """Whether a member of that value counts as one that is not there."""
    if type(value) is str or type(value) is list:  # most are
        return not value
    match value:
        case None | False:
            return True
        case dict():
            return all(map(is_off, value.values()))
        case str() | list() | tuple():
            return not value
    return False


def last_updated(current: Mapping[str, Any]) -> float | None:
    """AWS's time of the last change, epoch seconds; None where it is not told."""
    return _epoch(current.get("LastUpdatedAt"))


def is_changed_since(current: Mapping[str, Any], since: float) -> bool:
    """Whether AWS's time says that it was changed then or later (epoch seconds); not if unknown."""
    return _is_since(current.get("LastUpdatedAt"), since)


def is_created_since(current: Mapping[str, Any], since: float) -> bool:
    """Whether AWS's time says that it was created then or later; as is_changed_since."""
    return _is_since(current.get("CreatedAt"), since)


def _is_since(moment: datetime | float | None, since: float) -> bool:
    seconds = _epoch(moment)
    return seconds is not None and seconds > since - ONE_MOMENT


def _epoch(moment: datetime | float | None) -> float | None:
    seconds = moment.timestamp() if isinstance(moment, datetime) else moment
    return None if seconds is None else float(seconds)


def touched(base: BasedOn, moment: float | None) -> bool:
    """Whether AWS's time says that something was changed since, be it back; False if unknown."""
    return (
        base.last_updated_at is not None
        and moment is not None
        and abs(moment - base.last_updated_at) >= ONE_MOMENT
    )


def _between(path: str, before: Any, after: Any) -> Iterator[Change]:
    if alike(before, after):
        return
    match before, after:
        case dict(), dict():
            for name in before | after:
                below = before.get(name), after.get(name)
                if name == "Values" and _is_range(before) and _is_range(after):
                    yield from _ends(f"{path}.{name}", *below)
                else:
                    yield from _between(f"{path}.{name}", *below)
        case list(), list():
            yield from _entries(path, before, after)
        case _:
            yield Change(path=path, before=before, after=after)


def _became(change: Change) -> str:
    if change.removed or change.added:
        return "changed"
    if is_off(change.after):
        return "went"
    return "came" if is_off(change.before) else "changed"


def _entries(path: str, before: list[Any], after: list[Any]) -> Iterator[Change]:
    """Entries that go and entries that come.

    Where it is one of each, that entry is what changed.
    """
    removed, added = _surplus(before, after), _surplus(after, before)
    match removed, added:
        case [dict() as old], [dict() as new]:
            yield from _between(f"{path}[{before.index(old)}]", old, new)
        case _:
            yield Change(path=path, removed=tuple(removed), added=tuple(added))


def _surplus(entries: list[Any], others: list[Any]) -> list[Any]:
    """The entries that the other list lacks, each as often as it lacks it."""
    lacking = Counter(map(_canonical, entries)) - Counter(map(_canonical, others))
    found = []
    for entry in entries:
        if lacking[key := _canonical(entry)] > 0:
            lacking[key] -= 1
            found.append(entry)
    return found


def _canonical(value: Any) -> bytes:
    """One text for all values that count as the same."""
    return _encoded(_normalized(value))


def _normalized(value: Any) -> Any:
    kind = type(value)
    if kind is dict:
        return _normalized_members(value)
    if kind is list or kind is tuple:
        return _normalized_entries(value)
    match value:
        case str():
            return value or None
        case None | False:
            return None
        case float() if value.is_integer():
            return int(value)  # JSON has one kind of number
    return value


def _normalized_members(value: Mapping[str, Any]) -> dict[str, Any] | None:
    found = {}
    for name, below in value.items():
        kind = type(below)
        if kind is str:  # most are
            said = below or None
        elif kind is int:
            said = below
        elif name == "Values" and _is_range(value):
            said = _in_order(below)
        elif kind is list:
            said = _normalized_entries(below)
        else:
            said = _normalized(below)
        if said is not None:
            found[name] = said
    return found or None


def _normalized_entries(value: Sequence[Any]) -> list[Any] | None:
    if len(value) != 1:
        return sorted(map(_normalized, value), key=_encoded) or None
    entry = value[0]  # most are of members
    return [_normalized_members(entry) if type(entry) is dict else _normalized(entry)]


def _is_range(attribute: Mapping[str, Any]) -> bool:
    return attribute.get("ComparisonOperator") in RANGES


def _in_order(value: Any) -> Any:
    return (value or None) if isinstance(value, list) else _normalized(value)


def _ends(path: str, before: Any, after: Any) -> Iterator[Change]:
    if _in_order(before) != _in_order(after):
        yield Change(path=path, before=before, after=after)


NOTHING = hashlib.sha256(_canonical({})).hexdigest()  # the digest of no trigger: none is so empty
