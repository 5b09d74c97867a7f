"""Where the results of a batch are kept for its caller: all of them, or until he has read them.

Keeping one never waits, so that none is lost to a cancellation.
"""

from collections import deque
from typing import Protocol

from batcher.public_records import Result
from batcher.resettable_event import ResettableEvent


class ResultKeeper(Protocol):
    """Where results go: ``put`` keeps one, ``room`` returns when another may be worked on."""

    def put(self, result: Result) -> None: ...
    async def room(self) -> None: ...


class ResultList:
    """A ResultKeeper of all results, with room for any number."""

    def __init__(self) -> None:
        self._results: list[Result] = []

    def put(self, result: Result) -> None:
        self._results.append(result)

    async def room(self) -> None:
        return None

    def in_order(self) -> list[Result]:
        """Return them in the order of the input."""
        return sorted(self._results, key=lambda result: result.line)


class ResultStream:
    """A ResultKeeper that hands each result on to one reader."""

    def __init__(self) -> None:
        self._held: deque[Result] = deque()
        self._ended = False
        self._arrived = ResettableEvent()
        self._emptied = ResettableEvent()

    def put(self, result: Result) -> None:
        self._held.append(result)
        self._emptied.clear()
        self._arrived.set()

    async def room(self) -> None:
        """Return when all that was put in has been taken out."""
        if self._held:
            await self._emptied.wait()

    def end(self) -> None:
        """Nothing comes after what is held."""
        self._ended = True
        self._arrived.set()

    def rest(self) -> list[Result]:
        """What is held, and was not handed out."""
        return list(self._held)

    async def take(self) -> Result | None:
        """Return the next result as soon as there is one; None at the end."""
        while not self._held:
            if self._ended:
                return None
            await self._arrived.wait_and_clear()
        result = self._held.popleft()
        if not self._held:
            self._emptied.set()
        return result
