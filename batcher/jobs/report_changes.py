"""What a run changed, by the shape of the change: before images held against what was asked.

Values of sensitive members are not in it. Reads files only.
"""

import json
import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from msgspec import UNSET

from batcher.jobs.run_reader import RunReader
from batcher.records import Result, Update
from batcher.report.run_report import ChangeGroup, PlanSection
from batcher.storage.before_images import read_images_of
from batcher.triggers.diff import Change, changes
from batcher.triggers.masking import HIDDEN, masked
from batcher.updates.trigger_name import name_of

NAMES = 5  # of a group that are shown
VARIANTS = 10  # groups of one shape with values of their own; further ones are one group
SHOWN = 50  # groups
LONGEST = 200  # characters of a value
EACH_ITS_OWN = "each with values of its own"

Shape = tuple[str, ...]


class _Groups:
    """Updates by what they changed, as it may be shown. ``names_targets``: of triggers, too."""

    def __init__(self, *, names_targets: bool) -> None:
        self._names_targets = names_targets
        self.counts: Counter[Shape] = Counter()
        self.names: dict[Shape, list[str]] = {}
        self._variants: Counter[Shape] = Counter()

    def add(self, update: Update, found: list[Change]) -> None:
        key = tuple(map(change_text, found))
        if key not in self.counts:
            shape = tuple(re.sub(r"\[\d+\]", "[]", each.path) for each in found)
            if self._variants[shape] >= VARIANTS:
                key = (*shape, EACH_ITS_OWN)
            else:
                self._variants[shape] += 1
        self.counts[key] += 1
        names = self.names.setdefault(key, [])
        if len(names) < NAMES:
            names.append(name_of(update, names_targets=self._names_targets))

    def largest_first(self) -> list[ChangeGroup]:
        return [
            ChangeGroup(count=count, changes=list(key), examples=self.names[key])
            for key, count in self.counts.most_common(SHOWN)
        ]


def change_groups(
    run: RunReader,
    changed: Mapping[str, Result],
    total: int,
    sensitive: frozenset[str],
    check: Callable[[], None],
) -> PlanSection | None:
    """The groups of these updates, by id, of so many that changed something; None for none.

    ``check`` is called for each. Raises DamageError, RunDirectoryError.
    """
    if not changed:
        return None
    groups = _Groups(names_targets=len(run.indexes) > 1)
    images = _images(run, changed)
    lines = {each.line: each for each in changed.values()}
    for update in run.updates(sorted(lines)):
        check()
        created = lines[update.line].created is not UNSET
        before = {} if created else images.get(update.line)
        if before is not None:
            found = changes(update.request, before)
            groups.add(update, masked(found, sensitive))
    shown = groups.largest_first()
    taken = sum(each.count for each in shown)
    if not shown:
        return None
    first = "" if len(changed) == total else f"the first {len(changed):,} of "
    return PlanSection(
        text=f"What each trigger was, held against what was asked of it: {first}{total:,} updates.",
        updates=total,
        more=total - taken,
        groups=shown,
    )


def change_text(change: Change) -> str:
    """One change as a line of text."""
    if change.removed or change.added:
        gone = [f"- {_shown(each)}" for each in change.removed]
        come = [f"+ {_shown(each)}" for each in change.added]
        return f"{change.path}: {', '.join([*gone, *come])}"
    if change.after == HIDDEN:
        return f"{change.path}: {HIDDEN}"
    if change.before is None:
        return f"{change.path}: + {_shown(change.after)}"
    if change.after is None:
        return f"{change.path}: - {_shown(change.before)}"
    return f"{change.path}: {_shown(change.before)} → {_shown(change.after)}"


def _shown(value: Any) -> str:
    text = value if value == HIDDEN else json.dumps(value, ensure_ascii=False)
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}…"


def _images(run: RunReader, changed: Mapping[str, Result]) -> dict[int, dict[str, Any]]:
    """The before image of each by its line; of several of one update the last one."""
    return {
        changed[id].line: members
        for id, digest, members in _up_to_all(run, changed)
        if changed[id].image in (UNSET, digest)
    }


def _up_to_all(
    run: RunReader, changed: Mapping[str, Result]
) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """The images of these, until each has the one that its result names."""
    missing = {id for id, each in changed.items() if isinstance(each.image, str)}
    for id, digest, members in read_images_of(run.journals.before, changed):
        yield id, digest, members
        if changed[id].image == digest:
            missing.discard(id)
            if not missing:
                return
