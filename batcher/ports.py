"""The small interfaces between the engine and the outside: what it reads from, writes to, calls and
waits for.

Protocols only. Each has its double in ``batcher.testing`` and one contract suite over every
adapter.
"""

from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

from batcher.accounting.verdicts import Verdict
from batcher.records import Attempt, Claim, DeadLetter, Depth, Message, Result, Update


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


class Uploader(Protocol):
    """Takes complete parts of the results away, to where they are kept."""

    async def send(self, path: Path) -> None:
        """Return when the file is proved to be there, under its own name; to send one again is
        harmless.

        Raises UploadError.
        """
        ...


class BeforeImageStore(Protocol):
    """Where before images are kept: what each trigger was just before an update."""

    def kept(self, update: Update) -> bool:
        """Whether an earlier session kept the image of that update, and so may have sent it."""
        ...

    async def keep(self, update: Update, image: dict[str, Any]) -> None:
        """Return when the image is kept for good. Raises JournalError when that can't be."""
        ...


class Caller(Protocol):
    """One request to AWS; errors of AWS and of the way there are values."""

    async def call(self, operation: str, members: Mapping[str, Any]) -> Attempt:
        """Send a request of that operation, named as in the API, and return what came of it."""
        ...

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
        """Requests per second at present, of all that share the bucket; None while nothing is
        known.
        """
        ...

    @property
    def own_rate(self) -> float | None:
        """What of that this process may expect."""
        ...


class Queue(Protocol):
    """Messages, each lent to one worker for ``lease`` seconds at a time.

    Errors of the queue are raised as QueueError.
    """

    @property
    def lease(self) -> float: ...

    async def receive(self, limit: int) -> list[Message]:
        """Borrow up to ``limit`` messages; waits some seconds for the first, and returns none when
        there is none.

        Cancelled, it gives back what it had borrowed.
        """
        ...

    async def extend(self, message: Message) -> bool:
        """Keep a message for ``lease`` seconds from now; False: it is lost, somebody else has it
        or will get it.
        """
        ...

    async def acknowledge(self, message: Message) -> None:
        """Its result is on disk: take it out of the queue. Nothing happens where it is lost."""
        ...

    async def release(self, message: Message) -> None:
        """Give it back at once."""
        ...

    async def dead_letter(self, message: Message, code: str, reason: str) -> None:
        """Move it to the dead letters."""
        ...


class Producer(Protocol):
    """The side of a queue that fills it."""

    async def send(self, updates: Sequence[Update], batch: str) -> None:
        """Put updates in, those of one trigger in order.

        ``batch`` names the sending: to repeat one is harmless where the queue can tell (SQS FIFO,
        within five minutes). Raises QueueError; what came before the fault is in the queue.
        """
        ...


class QueueAdmin(Protocol):
    """The side of a queue that people look at."""

    async def depth(self) -> Depth: ...

    def dead(self) -> AsyncIterator[DeadLetter]:
        """The dead letters, oldest first where the queue knows."""
        ...

    async def redrive(self, letter: DeadLetter) -> None:
        """Put a letter that ``dead`` is at back into the queue."""
        ...


class Spool(Protocol):
    """Whole files of updates, each claimed by one worker until it ends, dies or lets go."""

    async def claim(self, skip: Collection[str] = ()) -> Claim:
        """Wait for a file that nobody has, one that a dead worker left before any other; not for
        those named in ``skip``.
        """
        ...

    def done(self, claim: Claim) -> None: ...

    def failed(self, claim: Claim, wrong: str) -> None:
        """Put it with the failed ones, and what is wrong beside it."""
        ...

    def release(self, claim: Claim) -> None:
        """Let go: another worker resumes it."""
        ...
