"""The canary: the first updates of a run that change something, done before the rest is asked for.

Whose turn it is, is decided here; how an update is settled is not.
"""

import heapq
from collections.abc import Iterable, Iterator, Mapping

from batcher.engine.reconciler import Settler
from batcher.records import BriefResult, ChangedUpdate, Result, Update
from batcher.resettable_event import ResettableEvent


def has_changed(result: Result | BriefResult) -> bool:
    """Whether an update counts for a canary: it was sent, by this session or, found so, before.

    What was unchanged, stale, invalid, or failed before it was sent does not.
    """
    return result.status == "succeeded" or result.attempts > 0


class Canary:
    """Gives updates their turn in the order of the input until ``count`` have changed something.

    ``lines`` of each target that are left; ``changed``: the updates of earlier sessions that
    count, which grows. No more than what is missing has its turn at once.
    """

    def __init__(
        self, count: int, lines: Mapping[str, Iterable[int]], changed: list[ChangedUpdate]
    ) -> None:
        self._count = count
        self._changed = changed
        self._open = set(lines)
        self._lines = heapq.merge(*(_of(target, found) for target, found in lines.items()))
        self._turns: dict[int, str] = {}  # lines without a result, whose turn has come
        self._at_work: set[int] = set()
        self._moved = ResettableEvent()
        self._give_turns()

    def __repr__(self) -> str:
        return f"<Canary {len(self._changed)} of {self._count}, {len(self._at_work)} at work>"

    @property
    def is_over(self) -> bool:
        """Whether as many updates as wanted have changed something."""
        return len(self._changed) >= self._count

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
        if result is not None and has_changed(result):
            self._changed.append(ChangedUpdate.of(result))
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
        while self._open and len(self._turns) + len(self._changed) < self._count:
            line, target = next(self._lines, (0, ""))
            if not line:
                break
            if target in self._open:
                self._turns[line] = target
        self._moved.set()
        self._moved.clear()


class CanarySettler:
    """A Settler of the updates whose turn comes; the others get no result."""

    def __init__(self, settler: Settler, canary: Canary) -> None:
        self._settler = settler
        self._canary = canary

    async def settle(self, update: Update) -> Result | None:
        if not await self._canary.admits(update):
            return None
        result = None
        try:
            result = await self._settler.settle(update)
        finally:
            self._canary.settled(update, result)
        return result


def _of(target: str, lines: Iterable[int]) -> Iterator[tuple[int, str]]:
    return ((line, target) for line in lines)
