"""The small interfaces between the engine and the outside: what it reads from, writes to, calls and waits for.

Protocols only. Each has its double in ``batcher.testing`` and one contract suite over every adapter.
"""

from collections.abc import AsyncIterator
from typing import Protocol

from batcher.records import Attempt, Result, Update
from batcher.rules.verdicts import Verdict


class Clock(Protocol):
    """Time. ``now`` is monotonic seconds; ``wall`` is UTC, ISO 8601 with milliseconds."""

    def now(self) -> float: ...

    def wall(self) -> str: ...

    async def sleep(self, seconds: float) -> None: ...


class Source(Protocol):
    """Updates of one target, in input order."""

    def __aiter__(self) -> AsyncIterator[Update]: ...

    @property
    def looks_back(self) -> bool:
        """Whether ``again`` can be asked."""
        ...

    def again(self, line: int) -> Update:
        """The update of that line once more."""
        ...


class Journal(Protocol):
    """Where results go."""

    async def append(self, result: Result) -> None:
        """Return when the result is kept for good. Raises JournalError when that can't be."""
        ...


class Caller(Protocol):
    """One request to AWS; errors of AWS and of the way there are values."""

    async def call(self, update: Update) -> Attempt: ...

    async def refresh(self) -> bool:
        """Fetch credentials anew; False when there is no way to."""
        ...


class Limiter(Protocol):
    """The tokens of one bucket (target, operation), asked for by one waiter at a time."""

    async def acquire(self) -> object:
        """Return, with a ticket, at the moment the next request may leave."""
        ...

    def answered(self, ticket: object, verdict: Verdict, retry_after: float | None) -> None:
        """Tell what became of the request of that ticket."""
        ...

    @property
    def rate(self) -> float | None:
        """Requests per second at present; None while nothing is known."""
        ...
