"""What an update would change, as lines for people: ``+`` comes, ``-`` goes, ``~`` changes.

Coloured where that is seen.
"""

import json
from collections.abc import Collection, Iterable, Iterator
from typing import TYPE_CHECKING, Any

from rich.text import Text

from batcher.foreign_text import printable
from batcher.triggers.diff import Change
from batcher.triggers.forecast import Conflict
from batcher.triggers.masking import HIDDEN

if TYPE_CHECKING:  # history needs none of what plans
    from batcher.jobs.target_planner import PlannedUpdate

STYLES = {"+": "green", "-": "red", "~": "yellow", "!": "magenta"}


def diff_lines(planned: "PlannedUpdate", found: list[Change], *, target: bool) -> Iterator[Text]:
    """The lines of one update: its name, then its changes as they may be shown.

    ``target``: name the target too.
    """
    yield _head(planned, target=target)
    yield from change_lines(found, planned.step.irreversible)
    for conflict in planned.step.conflicts:
        yield _conflict(conflict)


def change_lines(found: Iterable[Change], staying: Collection[str] = ()) -> Iterator[Text]:
    """The lines of changes as they may be shown. ``staying``: members that can't be undone."""
    for change in found:
        member = change.path.partition(".")[0].partition("[")[0]
        yield from _change(change, stays=member in staying)


def _head(planned: "PlannedUpdate", *, target: bool) -> Text:
    update = planned.update
    named = f"id {update.id}" + (f", target {update.target}" if target else "")
    text = (
        Text(f"line {update.line} ")
        + Text(f"{update.domain}/{update.trigger}", "bold")
        + Text(f" ({named})", "dim")
    )
    return text + effect_text(planned)


def effect_text(planned: "PlannedUpdate") -> Text:
    """What follows the name of an update that creates a trigger, or that can't be planned."""
    if planned.effect == "created":
        return Text(" would be created", "green")
    if (error := planned.error) is None:
        return Text("")
    said = f"{error.code}: {error.message}" if error.message else error.code
    return Text(f" {planned.effect}: ", "red") + Text(printable(said))


def _change(change: Change, *, stays: bool) -> Iterator[Text]:
    note = (
        Text("  (not there today: an update can't take it away again)", "dim")
        if stays
        else Text("")
    )
    path, before, after = change.path, shown_value(change.before), shown_value(change.after)
    if change.removed or change.added:
        yield _marked("~", path, note)
        yield from (_marked("-", shown_value(each), indent=8) for each in change.removed)
        yield from (_marked("+", shown_value(each), indent=8) for each in change.added)
    elif change.before is None:
        yield _marked("+", f"{path}: {after}", note)
    elif change.after is None:
        yield _marked("-", f"{path}: {before}")
    else:
        yield _marked(
            "~",
            f"{path}: {after}" if change.after == HIDDEN else f"{path}: {before} → {after}",
            note,
        )


def _conflict(conflict: Conflict) -> Text:
    return _marked(
        "!",
        f"{conflict.member}: line {conflict.earlier} sets another value; this one is sent later",
    )


def _marked(mark: str, text: str, note: Text | None = None, *, indent: int = 4) -> Text:
    return Text(f"{' ' * indent}{mark} {text}", STYLES[mark]) + (note or Text(""))


def shown_value(value: Any) -> str:
    """A value of a change, as JSON in one line; what is hidden as it stands."""
    if value == HIDDEN:
        return HIDDEN
    return printable(json.dumps(value, ensure_ascii=False))
