"""Changes without what sensitive members hold, for people and logs to see."""

from collections.abc import Iterable
from typing import Any

from batcher.triggers.diff import Change

HIDDEN = "[hidden]"


def masked(changes: Iterable[Change], sensitive: frozenset[str]) -> list[Change]:
    """The changes with ``[hidden]`` for what sensitive members hold, one for all below a member."""
    shown: dict[str, Change] = {}
    for change in changes:
        if (member := _sensitive_member(change.path, sensitive)) is None:
            shown[change.path] = _masked_below(change, sensitive)
        else:
            is_new = change.path == member and change.before is None and not change.removed
            before = None if is_new else HIDDEN
            shown.setdefault(member, Change(path=member, before=before, after=HIDDEN))
    return list(shown.values())


def _sensitive_member(path: str, sensitive: frozenset[str]) -> str | None:
    """The path as far as the first sensitive member in it; None when there is none."""
    parts = path.split(".")
    for index, part in enumerate(parts):
        if (name := part.partition("[")[0]) in sensitive:
            return ".".join([*parts[:index], name])
    return None


def _masked_below(change: Change, sensitive: frozenset[str]) -> Change:
    return Change(
        path=change.path,
        before=_hide(change.before, sensitive),
        after=_hide(change.after, sensitive),
        removed=tuple(_hide(each, sensitive) for each in change.removed),
        added=tuple(_hide(each, sensitive) for each in change.added),
    )


def _hide(value: Any, sensitive: frozenset[str]) -> Any:
    match value:
        case dict():
            return {
                name: HIDDEN if name in sensitive else _hide(below, sensitive)
                for name, below in value.items()
            }
        case list():
            return [_hide(each, sensitive) for each in value]
    return value
