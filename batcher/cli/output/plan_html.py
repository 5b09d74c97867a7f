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

CHARACTERS = 1_500_000  # of markup, for what others wrote
CHANGES = 200  # of one group that are shown


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
    parts, left = list[GroupPart](), CHARACTERS
    cut_groups = cut_updates = groups.more
    for group in sorted(groups.largest_first(), key=is_plain):
        part = _part(group)
        size = sum(len(escape(shown(text))) for text in _texts(part))
        if size <= left:
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
        sign, before, after = "~ changed", _values(change.removed), _values(change.added)
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


def _values(values: Sequence[Any]) -> list[str]:
    return [shown_value(value) for value in values]


def _texts(part: GroupPart) -> Iterator[str]:
    yield from part.group.names
    for row in part.rows:
        yield from (row.path, *row.before[:50], *row.after[:50])
    if part.group.first.error is not None:
        yield part.group.first.error.message
