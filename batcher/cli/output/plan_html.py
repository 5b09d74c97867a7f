"""A plan as one HTML file: its groups with each change, before and after, and what is amiss first.

Bounded in size; what was cut is counted.
"""

from collections.abc import Iterator, Sequence
from typing import Any

from markupsafe import escape
from msgspec import Struct

from batcher.cli.output.diff import shown_value
from batcher.cli.output.plan_groups import PlanGroup, PlanGroups, is_plain
from batcher.jobs.plan import Plan
from batcher.pages.environment import render_page, shown
from batcher.triggers.diff import Change

BYTES = 2_800_000  # for all groups
FULL = 100_000  # with less left of them it is not tried whether one more fits
CHANGES = 200  # of one group that are shown
LISTED = 50  # values of one list that the page shows
# what the template puts around a group, a row and a text, at most
_AROUND_GROUP, _AROUND_ROW, _AROUND_TEXT = 1_000, 200, 100


class ChangeRow(Struct, frozen=True, kw_only=True):
    """One change. ``sign``: what happens, as a symbol and a word; of a list its parts."""

    path: str
    sign: str
    before: list[str]
    after: list[str]
    stays: bool


class GroupPart(Struct, frozen=True, kw_only=True):
    """A group as the page shows it: of its changes the first, and how many ``more`` there are."""

    group: PlanGroup
    rows: list[ChangeRow]
    more: int


class PlanPage(Struct, frozen=True, kw_only=True):
    """What a page of a plan is made of. ``sentences``: what the plan comes to."""

    name: str
    made_at: str
    plan: Plan
    places: Sequence[str]
    sentences: Sequence[str]
    several_targets: bool


def plan_html(page: PlanPage, groups: PlanGroups) -> str:
    """The page of a plan."""
    parts, left = list[GroupPart](), BYTES
    cut_groups = cut_updates = groups.more
    for group in sorted(groups.largest_first(), key=is_plain):
        part = _part(group) if left >= FULL else None
        if part is not None and (size := _size(part)) <= left:
            parts.append(part)
            left -= size
        else:
            cut_groups += 1
            cut_updates += group.count
    return render_page(
        "batcher.cli.output",
        "plan.html",
        page=page,
        parts=parts,
        cut_groups=cut_groups,
        cut_updates=cut_updates,
    )


def _part(group: PlanGroup) -> GroupPart:
    staying = group.first.step.irreversible
    rows = [_row(change, staying) for change in group.changes[:CHANGES]]
    return GroupPart(group=group, rows=rows, more=len(group.changes) - len(rows))


def _row(change: Change, staying: Sequence[str]) -> ChangeRow:
    member = change.path.partition(".")[0].partition("[")[0]
    if change.removed or change.added:
        sign, before, after = _entries_sign(change), _values(change.removed), _values(change.added)
    elif change.before is None:
        sign, before, after = "+ added", [], _values([change.after])
    elif change.after is None:
        sign, before, after = "- removed", _values([change.before]), []
    else:
        sign = "~ changed"
        before, after = _values([change.before]), _values([change.after])
    return ChangeRow(
        path=change.path, sign=sign, before=before, after=after, stays=member in staying
    )


def _entries_sign(change: Change) -> str:
    """What happens to a list, of which only the entries that come and go are shown."""
    if change.removed and change.added:
        return "~ changed"
    return "+ to the list" if change.added else "- from the list"


def _values(values: Sequence[Any]) -> list[str]:
    return [shown_value(value) for value in values]


def _size(part: GroupPart) -> int:
    """How many bytes of the page a group takes, at most."""
    texts = sum(len(escape(shown(text)).encode()) + _AROUND_TEXT for text in _texts(part))
    return _AROUND_GROUP + _AROUND_ROW * len(part.rows) + texts


def _texts(part: GroupPart) -> Iterator[str]:
    first = part.group.first
    yield from part.group.names
    yield from (first.update.id, first.update.target)
    yield from (conflict.member for conflict in first.step.conflicts[:LISTED])
    for row in part.rows:
        yield from (row.path, *row.before[:LISTED], *row.after[:LISTED])
    if first.error is not None:
        yield from (first.error.code, first.error.message)
