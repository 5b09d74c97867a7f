"""One trigger through the updates of a file: what each would change of what those before made.

Members that an update omits are taken to stay as they are, as they do also where AWS clears them:
then the trigger is sent whole.
"""

from collections.abc import Callable, Mapping
from typing import Any

from msgspec import Struct

from batcher.operations import NEEDED_TO_CREATE, TRIGGER_NAMES
from batcher.records import BasedOn, Update
from batcher.triggers.diff import (
    Change,
    Writable,
    based_on,
    changes,
    digest,
    image,
    irreversible,
    same,
)


class Conflict(Struct, frozen=True, kw_only=True):
    """An update gives a member another value than line ``earlier``, the last that set it."""

    member: str
    earlier: int


class Step(Struct, frozen=True, kw_only=True):
    """What one update would do: its changes, the members that no update can clear again, conflicts.

    ``creates``: it is the one that makes the trigger. ``there``: after it there is a trigger.
    ``based_on``: the state before it, None when there was no trigger, with AWS's time where no
    update came before.
    """

    creates: bool
    there: bool
    based_on: BasedOn | None
    changes: list[Change]
    irreversible: list[str]
    conflicts: list[Conflict]


class TriggerForecast:
    """A trigger from what it is now (as GetEventTrigger shows it), None for one that is not there.

    ``writable``: what of it an update can say. ``create_missing``: the first update that has all it
    takes creates it. ``stays``: whether a member stays where an update omits it; else it can be
    taken away again.
    """

    def __init__(
        self,
        current: Mapping[str, Any] | None,
        writable: Writable,
        *,
        create_missing: bool = False,
        stays: Callable[[str], bool] = lambda member: True,
    ) -> None:
        self._writable = writable
        self._there = current is not None
        self._create_missing = create_missing
        self._stays = stays
        self._state = {} if current is None else image(current, writable)
        self._base = None if current is None else based_on(current, writable)
        self._set_on: dict[str, int] = {}  # by member: the line that set it last

    def step(self, update: Update) -> Step:
        """Take the next update; without a trigger it changes nothing, but may be in conflict."""
        given = {name: value for name, value in update.request.items() if name not in TRIGGER_NAMES}
        was_there = self._there
        stay = irreversible(given, self._state) if was_there else []
        self._there = was_there or (self._create_missing and given.keys() >= set(NEEDED_TO_CREATE))
        step = Step(
            creates=self._there and not was_there,
            there=self._there,
            based_on=self._base,
            changes=changes(given, self._state) if self._there else [],
            irreversible=[name for name in stay if self._stays(name)],
            conflicts=[
                Conflict(member=name, earlier=self._set_on[name])
                for name in given
                if name in self._set_on and not same({name: given[name]}, self._state)
            ],
        )
        self._state |= given
        self._base = BasedOn(sha256=digest(self._state, self._writable)) if self._there else None
        self._set_on |= dict.fromkeys(given, update.line)
        return step
