"""A wave of a run: the updates that have their turn until enough of them have changed something.

Whose turn it is, is decided here; how an update is settled is not, nor what comes after a wave.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain, zip_longest

from batcher.engine.reconciler import Settler
from batcher.records import BriefResult, ChangedUpdate, Result, Update
from batcher.resettable_event import ResettableEvent
from batcher.sources.line_index import LineIndex

NAMED = 1000  # updates of a wave, at most; of a canary all


def has_changed(result: Result | BriefResult) -> bool:
    """Whether an update counts for a wave: it was sent, by this session or, found so, before.

    What was unchanged, stale, invalid, or failed before it was sent does not.
    """
    return result.status == "succeeded" or result.attempts > 0


class ChangedUpdates:
    """How many updates have changed something, over all sessions (``count``), and which.

    ``limits``: how many have, at the ends of waves; ``wave``: those since the last of these, the
    first ones, of ``wave_count``; ``canary``: the first of all, as many as were asked for. Without
    limits nothing is named.
    """

    def __init__(self, limits: Sequence[int] = (), canary: int = 0) -> None:
        self.count = self.wave_count = 0
        self.wave: list[ChangedUpdate] = []
        self.canary: list[ChangedUpdate] = []
        self._limits = frozenset(limits)
        self._most = canary

    def __repr__(self) -> str:
        return f"<ChangedUpdates {self.count:,}>"

    def add(self, result: Result | BriefResult) -> None:
        """Count a result, where it does; of a brief one nothing is named."""
        if not has_changed(result):
            return
        if self.count in self._limits:
            self.wave.clear()
            self.wave_count = 0
        self.count += 1
        self.wave_count += 1
        if self._limits and isinstance(result, Result):
            named = ChangedUpdate.of(result)
            if len(self.wave) < max(NAMED, self._most):
                self.wave.append(named)
            if len(self.canary) < self._most:
                self.canary.append(named)

    def add_all(self, results: Sequence[Result | BriefResult]) -> None:
        """Count results, in their order."""
        if self._limits:
            for result in results:
                self.add(result)
        else:
            changed = [each.status for each in results].count("succeeded")
            if changed != len(results):
                changed = sum(map(has_changed, results))
            self.count += changed
            self.wave_count += changed


class Wave:
    """Gives updates their turn until ``limit`` have changed something.

    ``lines``: of each target that are left, in the order of their turns, which go to one target
    after the other; ``changed``: what earlier waves and sessions did, which grows; ``shared``: of
    targets that are one place, under the name of the first, which all their lines are under, the
    lines of each. No more than what is missing has its turn at once.
    """

    def __init__(
        self,
        limit: int,
        lines: Mapping[str, Iterable[int]],
        changed: ChangedUpdates,
        shared: Mapping[str, Mapping[str, LineIndex]] | None = None,
    ) -> None:
        self._limit = limit
        self._changed = changed
        places = {first: (shared or {}).get(first, {}) for first in lines}
        self._open = {*lines, *(name for names in places.values() for name in names)}
        self._lines = _one_of_each_in_turn(
            [_of(first, found, places[first]) for first, found in lines.items()]
        )
        self._turns: dict[int, str] = {}  # lines without a result, whose turn has come
        self._at_work: set[int] = set()
        self._moved = ResettableEvent()
        self._give_turns()

    def __repr__(self) -> str:
        return f"<Wave {self._changed.count} of {self._limit}, {len(self._at_work)} at work>"

    @property
    def is_over(self) -> bool:
        """Whether as many updates as wanted have changed something."""
        return self._changed.count >= self._limit

    async def admits(self, update: Update) -> bool:
        """Wait for the turn of an update, which ``settled`` ends; whether it comes."""
        while not self.is_over and update.target in self._open:
            if update.line in self._turns:
                self._at_work.add(update.line)
                return True
            await self._moved.wait()
        return False

    def settled(self, update: Update, result: Result | None) -> None:
        """End the turn of an update; None: it has no result."""
        self._at_work.discard(update.line)
        del self._turns[update.line]
        if result is not None:
            self._changed.add(result)
        self._give_turns()

    def leave(self, target: str) -> None:
        """Wait for no update of a target any more, but for those at work."""
        self._open.discard(target)
        self._turns = {
            line: name
            for line, name in self._turns.items()
            if name != target or line in self._at_work
        }
        self._give_turns()

    def _give_turns(self) -> None:
        while self._open and len(self._turns) + self._changed.count < self._limit:
            line, target = next(self._lines, (0, ""))
            if not line:
                break
            if target in self._open:
                self._turns[line] = target
        self._moved.set()
        self._moved.clear()


class WaveSettler:
    """A Settler of the updates whose turn comes; the others get no result."""

    def __init__(self, settler: Settler, wave: Wave) -> None:
        self._settler = settler
        self._wave = wave

    async def settle(self, update: Update) -> Result | None:
        if not await self._wave.admits(update):
            return None
        result = None
        try:
            result = await self._settler.settle(update)
        finally:
            self._wave.settled(update, result)
        return result


def _one_of_each_in_turn(
    lines: Iterable[Iterator[tuple[int, str]]],
) -> Iterator[tuple[int, str]]:
    return (each for each in chain.from_iterable(zip_longest(*lines)) if each is not None)


def _of(
    first: str, lines: Iterable[int], shared: Mapping[str, LineIndex]
) -> Iterator[tuple[int, str]]:
    """Each line with its target."""
    if len(shared) < 2:
        return ((line, first) for line in lines)
    return (
        (line, next(name for name, its_own in shared.items() if line in its_own)) for line in lines
    )
