"""Updates of one trigger in the order in which they came, whichever name of its place they use.

A target's own queue keeps the order of the target's own updates. Where several targets are one
account and Region, an update waits here, before it gets into that queue, until those of other names
that came before it have ended.

What a target that is not open yet has got waits as well; until it is known to be elsewhere, no
later update of the same trigger goes ahead. Other triggers wait for nothing.
"""

from bisect import bisect_left, insort
from collections import Counter
from collections.abc import Callable, Iterable
from operator import attrgetter
from typing import TypeAlias

from batcher.records import Update

Place: TypeAlias = tuple[str, str, str | None]
"""Account, Region, and the endpoint where that is not AWS's."""
Expected: TypeAlias = tuple[str, str] | None
"""Account and Region of a target that is not open yet; None: it could be any."""
_Trigger: TypeAlias = tuple[str, str]

_by_line = attrgetter("line")


class TriggerTurns:
    """Gives each update to ``hand_over`` when its turn has come; lines say the order.

    ``expected`` tells where a target is by its settings. Each update that arrives has to end.
    """

    def __init__(
        self, hand_over: Callable[[Update], None], expected: Callable[[str], Expected]
    ) -> None:
        self._hand_over = hand_over
        self._expected = expected
        self._places: dict[str, Place] = {}  # of the targets that were opened
        self._at: dict[tuple[str, str], list[Place]] = {}  # these, by account and Region
        self._turns: dict[_Trigger, dict[Place, _Turns]] = {}
        self._of: dict[str, dict[int, Update]] = {}  # all of a target, by line
        # those of targets that are not open, and may be where others are, by line
        self._ahead: dict[_Trigger, dict[Expected, dict[int, Update]]] = {}
        self._elsewhere: set[str] = set()  # unopened, and nobody waits for them
        self._waiting: Counter[str] = Counter()

    def __len__(self) -> int:
        """How many updates wait."""
        return self._waiting.total()

    def __repr__(self) -> str:
        triggers = self._turns.keys() | self._ahead.keys()
        return f"<TriggerTurns: {len(self)} wait, {len(triggers)} triggers>"

    def waiting(self, target: str) -> int:
        """How many updates of a target wait, all of them while it is not open."""
        return self._waiting[target]

    def is_open(self, target: str) -> bool:
        """Whether it is known where a target is."""
        return target in self._places

    def where(self, target: str) -> Expected:
        """Account and Region of a target, as far as they are known."""
        place = self._places.get(target)
        return self._expected(target) if place is None else place[:2]

    def arrive(self, update: Update) -> None:
        """Take an update in, with a higher line than any before, and hand it over in its turn."""
        self._waiting[update.target] += 1
        self._of.setdefault(update.target, {})[update.line] = update
        if (place := self._places.get(update.target)) is None:
            if update.target not in self._elsewhere:
                self._ahead_of(update)[update.line] = update
            return
        turns = self._turns_at(place, update)
        turns.waiting.append(update)
        self._advance(place, turns)

    def open(self, target: str, place: Place) -> None:
        """Note where a target is; what has come for it takes its turns there."""
        if target in self._places:
            return
        self._places[target] = place
        if place not in (there := self._at.setdefault(place[:2], [])):
            there.append(place)
        held = dict(self._of.get(target, {}))
        for update in held.values():
            insort(self._turns_at(place, update).waiting, update, key=_by_line)
        self._go_on(held.values(), self._unblock(target, held))

    def leave_out(self, target: str) -> None:
        """Have nobody wait for a target that can't be opened, unless it is known where it is."""
        if target not in self._places and self._expected(target) is None:
            held = self._of.get(target, {})
            unblocked = self._unblock(target, held)
            self._elsewhere.add(target)
            self._go_on(held.values(), unblocked)

    def end(self, target: str, line: int) -> None:
        """Note that an update has its result, or is no more held; unknown ones are left alone."""
        if (update := self._of.get(target, {}).pop(line, None)) is None:
            return
        if (place := self._places.get(target)) is None:
            self._waiting[target] -= 1
            self._go_on([update], self._unblock(target, {line: update}))
            return
        turns = self._turns[_trigger(update)][place]
        if turns.out.pop(line, None) is None:
            del turns.waiting[bisect_left(turns.waiting, line, key=_by_line)]
            self._waiting[target] -= 1
        self._advance(place, turns)

    def drop(self, target: str) -> None:
        """End whatever a target has; nothing of it is under way any more."""
        for line in list(self._of.get(target, {})):
            self.end(target, line)

    def is_out(self, update: Update) -> bool:
        """Whether an update was handed over, and has not ended."""
        place = self._places.get(update.target)
        turns = None if place is None else self._turns.get(_trigger(update), {}).get(place)
        return turns is not None and update.line in turns.out

    def behind(self, update: Update) -> list[Update]:
        """What waits for an update under other names of its place, as far as that is known."""
        place, trigger = self._places.get(update.target), _trigger(update)
        if (where := self.where(update.target)) is None:
            return []
        found = self._turns.get(trigger, {})
        places = self._at.get(where, ()) if place is None else [place]
        waiting = [each for at in places if at in found for each in found[at].waiting]
        waiting += self._ahead.get(trigger, {}).get(where, {}).values()
        return [
            each for each in waiting if each.line > update.line and each.target != update.target
        ]

    def _turns_at(self, place: Place, update: Update) -> "_Turns":
        trigger = _trigger(update)
        found = self._turns.setdefault(trigger, {})
        if (turns := found.get(place)) is None:
            turns = found[place] = _Turns(trigger)
        return turns

    def _ahead_of(self, update: Update) -> dict[int, Update]:
        ahead = self._ahead.setdefault(_trigger(update), {})
        return ahead.setdefault(self._expected(update.target), {})

    def _unblock(self, target: str, updates: dict[int, Update]) -> set[_Trigger]:
        """Have nobody wait for updates of a target that was not open.

        Returns the triggers of which others may go on: one of these was the earliest there.
        """
        expected, unblocked = self._expected(target), set[_Trigger]()
        for line, update in updates.items():
            trigger = _trigger(update)
            ahead = self._ahead.get(trigger, {})
            lines = ahead.get(expected, {})
            if next(iter(lines), None) == line:
                unblocked.add(trigger)
            lines.pop(line, None)
            if not lines:
                ahead.pop(expected, None)
            if not ahead:
                self._ahead.pop(trigger, None)
        return unblocked

    def _go_on(self, updates: Iterable[Update], unblocked: set[_Trigger]) -> None:
        """See whose turn it is of the triggers of a target's updates, wherever that could be."""
        for trigger, update in {_trigger(each): each for each in updates}.items():
            where, found = self._expected(update.target), self._turns.get(trigger, {})
            places = list(found) if where is None else self._at.get(where, [])
            others = places if trigger in unblocked else ()
            for at in dict.fromkeys([*others, self._places.get(update.target)]):
                if at is not None and (turns := found.get(at)) is not None:
                    self._advance(at, turns)

    def _advance(self, place: Place, turns: "_Turns") -> None:
        while turns.waiting and turns.is_next() and not self._has_ahead(place, turns):
            update = turns.waiting.pop(0)
            turns.out[update.line] = update
            self._waiting[update.target] -= 1
            self._hand_over(update)
        if not (turns.waiting or turns.out):
            found = self._turns[turns.trigger]
            found.pop(place, None)
            if not found:
                del self._turns[turns.trigger]

    def _has_ahead(self, place: Place, turns: "_Turns") -> bool:
        """Whether an earlier one is of a target that is not open, and could be there."""
        if not (ahead := self._ahead.get(turns.trigger)):
            return False
        line = turns.waiting[0].line
        return any(
            next(iter(lines)) < line for each in (None, place[:2]) if (lines := ahead.get(each))
        )


class _Turns:
    """The updates of one trigger of one place.

    ``out``: handed over, all of one target; ``waiting``: by line.
    """

    __slots__ = ("out", "trigger", "waiting")

    def __init__(self, trigger: _Trigger) -> None:
        self.trigger = trigger
        self.out: dict[int, Update] = {}
        self.waiting: list[Update] = []

    def is_next(self) -> bool:
        """Whether the first that waits has to wait for none that is out."""
        return not self.out or next(iter(self.out.values())).target == self.waiting[0].target


def _trigger(update: Update) -> _Trigger:
    return update.domain, update.trigger
