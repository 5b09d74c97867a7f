"""A plan by the shape of its changes: updates that do the same to their triggers are one group."""

import re
from collections import Counter
from collections.abc import Iterator
from typing import Any

import msgspec
from msgspec import Struct
from rich.text import Text

from batcher.cli.output.diff import change_lines, diff_lines, effect_text
from batcher.jobs.target_planner import PlannedUpdate
from batcher.number_text import number, several
from batcher.triggers.diff import Change
from batcher.updates.trigger_name import name_of

NAMES = 8  # of a group that are shown
VARIANTS = 20  # groups of one shape with values of their own; further ones are one group
HELD = 2_000  # groups where each update is one; the others are counted


class PlanGroup(Struct, kw_only=True):
    """Updates that do the same, by the first of them; ``mixed``: each with values of its own.

    ``names`` of triggers, the first ones; ``targets``: the names of all.
    """

    first: PlannedUpdate
    changes: list[Change]
    mixed: bool = False
    count: int = 0
    names: list[str] = []
    targets: set[str] = set()

    @property
    def to_targets(self) -> str:
        """To which target they go, or to how many."""
        only = next(iter(self.targets))
        several_targets = f"{number(len(self.targets))} targets"
        return f"to {several_targets if len(self.targets) > 1 else f'target {only}'}"

    def lines(self, *, target: bool) -> Iterator[Text]:
        """The group for people: one update as it is told by itself. ``target``: name it, too."""
        if self.count == 1 and not self.mixed:
            yield from diff_lines(self.first, self.changes, target=target)
            return
        where = f" {self.to_targets}" if target else ""
        updates = Text(f"{several(self.count, 'update')}{where}: ", "bold")
        head = updates + Text(", ".join(self.names))
        if (more := self.count - len(self.names)) > 0:
            head += Text(f" and {number(more)} more (--full shows each)", "dim")
        yield head + effect_text(self.first)
        if self.mixed:
            conflict = " and a conflict" if self.first.step.conflicts else ""
            yield Text(f"    each with values of its own{conflict}, such as", "dim")
        yield from change_lines(self.changes, self.first.step.irreversible)


def is_plain(group: PlanGroup) -> bool:
    """Whether there is nothing amiss with it: what is comes first, and is cut last."""
    return group.first.error is None and not group.first.step.conflicts


class PlanGroups:
    """Takes updates with their changes as they may be shown, and holds few of each shape.

    ``each``: every update is a group of its own. ``across``: those of several targets may be one
    group, else a group is of one target. ``more``: updates that are in no group.
    """

    def __init__(self, *, each: bool = False, across: bool = False) -> None:
        self.more = 0
        self._each = each
        self._across = across
        self._groups: dict[Any, PlanGroup] = {}
        self._variants = Counter[Any]()

    def add(self, planned: PlannedUpdate, found: list[Change]) -> None:
        """Take the next update."""
        if (group := self._group_of(planned, found)) is None:
            self.more += 1
            return
        update = planned.update
        group.count += 1
        group.targets.add(update.target)
        if len(group.names) < NAMES:
            group.names.append(name_of(update, names_targets=self._across))

    def _group_of(self, planned: PlannedUpdate, found: list[Change]) -> PlanGroup | None:
        """The group that it is in, which may be a new one; None where no more are held."""
        target = None if self._across else planned.update.target
        key: Any = _key(target, planned, found, alone=self._each)
        if (known := self._groups.get(key)) is not None:
            return known
        if self._each and len(self._groups) >= HELD:
            return None
        mixed = False
        if not self._each:
            shape = target, *_shape(planned, found)
            self._variants[shape] += 1
            if mixed := self._variants[shape] > VARIANTS:
                key = shape
        return self._groups.setdefault(key, PlanGroup(first=planned, changes=found, mixed=mixed))

    def largest_first(self) -> list[PlanGroup]:
        """All groups; those of one size in the order of the file."""
        return sorted(self._groups.values(), key=lambda group: -group.count)


def _key(target: str | None, planned: PlannedUpdate, found: list[Change], *, alone: bool) -> bytes:
    """Equal for updates that are told alike; one with a conflict is told by itself."""
    alone = alone or bool(planned.step.conflicts)
    own = planned.update.line if alone else 0
    told = [target, planned.effect, found, planned.step.irreversible, planned.error]
    return msgspec.json.encode([own, *told])


def _shape(planned: PlannedUpdate, found: list[Change]) -> tuple[Any, ...]:
    """Equal for updates that do the same but for values and places in lists."""
    paths = tuple(
        (re.sub(r"\[\d+\]", "[]", each.path), each.before is None, each.after is None)
        for each in found
    )
    code = None if planned.error is None else planned.error.code
    return planned.effect, bool(planned.step.conflicts), code, paths
