"""What the engine and the worker need of the outside, as small Protocols.

Nothing here does anything. Doubles of Clock, Source, ResultStore, Uploader, Caller, Limiter and
Queue are in ``batcher.testing``.
"""

from collections.abc import AsyncIterator, Callable, Collection, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple, Protocol, TypeAlias, runtime_checkable

from msgspec import Struct

from batcher.accounting.verdicts import Verdict
from batcher.records import Attempt, DeadLetter, Depth, Message, Result, Update


class Clock(Protocol):
    """Time. ``now`` is monotonic seconds; ``wall`` is UTC, ISO 8601 with milliseconds."""

    def now(self) -> float: ...

    def wall(self) -> str: ...

    async def sleep(self, seconds: float) -> None: ...


class Source(Protocol):
    """Updates of one target, those of one trigger in input order."""

    def __aiter__(self) -> AsyncIterator[Update]: ...

    @property
    def looks_back(self) -> bool:
        """Whether ``again`` can be asked."""
        ...

    def again(self, line: int) -> Update:
        """The update of that line once more."""
        ...


class ResultStore(Protocol):
    """Where results go."""

    async def append(self, result: Result) -> None:
        """Return when the result is kept for good. Raises JournalError when that can't be."""
        ...


class Uploader(Protocol):
    """Takes complete parts of the results away, to where they are kept."""

    async def send(self, path: Path, folder: str = "") -> None:
        """Return when the file is proved to be there, under its own name. Raises UploadError.

        ``folder``: the one that it goes into. To send a file again is harmless.
        """
        ...


class BeforeImageStore(Protocol):
    """Where before images are kept: what each trigger was just before an update."""

    def kept(self, update: Update) -> bool:
        """Whether an earlier session kept the image of that update, and so may have sent it."""
        ...

    def before(self, update: Update) -> Mapping[str, Any] | None:
        """The members of that image; None where there is none, or it can't be told here."""
        ...

    def lost(self, update: Update) -> dict[str, Any] | None:
        """What goes with the trigger that an earlier session was about to delete; None: it was not.

        Kept with the image, as its member ``lost``.
        """
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


class AttemptMade(Struct, frozen=True, kw_only=True, gc=False):
    """One attempt that is over, as its observers are told of it.

    ``id``: what logs call what it was made for, of an update its id; ``domain``: empty where it was
    about none; ``number``: of the attempts at that request that reached the network. ``queued`` and
    ``token``: seconds that it waited for its turn and for the quota, before it was sent.
    """

    id: str
    target: str
    operation: str
    domain: str
    number: int
    verdict: Verdict
    attempt: Attempt
    queued: float = 0.0
    token: float = 0.0


class Limiter(Protocol):
    """The tokens of one bucket (target, operation), asked for by one waiter at a time."""

    async def acquire(self, urgency: int = 0) -> object:
        """Return, with a ticket, at the moment the next request may leave.

        ``urgency`` (0-9) counts where other processes ask for tokens of the same bucket.
        """
        ...

    def observe(self, ticket: object, verdict: Verdict, retry_after: float | None) -> None:
        """Take note of what became of the request of that ticket."""
        ...

    @property
    def rate(self) -> float | None:
        """Requests per second of all that share the bucket; None while nothing is known."""
        ...

    @property
    def own_rate(self) -> float | None:
        """Requests per second that this process may expect of ``rate``."""
        ...

    @property
    def at_quota(self) -> bool:
        """Whether it is the quota, as it was found, that bounds ``rate``, and no setting."""
        ...


@runtime_checkable
class PromptLimiter(Protocol):
    """What a Limiter may be besides: one that can tell that there is nothing to wait for."""

    def take(self) -> object | None:
        """A ticket, where the next request may leave at this moment; None: ``acquire`` waits."""
        ...


class Queue(Protocol):
    """Messages, each leased to one worker for ``lease`` seconds at a time.

    Errors of the queue are raised as QueueError.
    """

    @property
    def lease(self) -> float: ...

    async def receive(self, limit: int) -> list[Message]:
        """Lease up to ``limit`` messages; waits some seconds for the first, none when none comes.

        Cancelled, it gives back what it had leased.
        """
        ...

    async def extend(self, message: Message) -> bool:
        """Keep a message for ``lease`` seconds from now; False: it is lost to another worker."""
        ...

    async def acknowledge(self, message: Message) -> None:
        """Take a message whose result is on disk out of the queue; nothing where it is lost."""
        ...

    async def release(self, message: Message) -> None:
        """Give a message back at once."""
        ...

    async def dead_letter(self, message: Message, code: str, reason: str) -> None:
        """Move a message to the dead letters."""
        ...


OnSent: TypeAlias = Callable[[Sequence[Update]], None]
"""Told, with each answer, of updates that are in the queue. What it raises ends the sending."""


class Producer(Protocol):
    """The side of a queue that fills it. All methods raise QueueError."""

    @property
    def drops_repeats(self) -> bool:
        """Whether a sending that is repeated within five minutes under its name adds nothing."""
        ...

    async def prepare(self) -> None:
        """Find out what the queue takes; before anything is asked of it."""
        ...

    def why_refused(self, update: Update) -> str | None:
        """Why the queue would not take an update, in words; None: it takes it."""
        ...

    async def sent_up_to(self, batch: str) -> int | None:
        """The line up to which a sending is in, by the queue itself; None: it can't tell."""
        ...

    async def send(
        self, updates: Sequence[Update], batch: str, on_sent: OnSent = lambda updates: None
    ) -> None:
        """Put updates in, in order of their lines, those of one trigger one after the other.

        ``batch`` names the sending. Raises UnansweredError where no answer came; whatever
        ``on_sent`` was told of before an error is in the queue.
        """
        ...

    async def finish(self, batch: str) -> None:
        """Let the queue forget a sending: all of it is in."""
        ...


class QueueAdmin(Protocol):
    """The side of a queue that people look at.

    ``depth_every``: seconds between two looks at its depth at least.
    """

    depth_every: float

    async def depth(self) -> Depth: ...

    def dead(self) -> AsyncIterator[DeadLetter]:
        """The dead letters, oldest first where the queue knows."""
        ...

    async def newest_dead(self, at_most: int) -> list[DeadLetter] | None:
        """The newest dead letters, newest first, at the cost of one look.

        None where the queue can't tell without taking them from others.
        """
        ...

    async def redrive(self, letter: DeadLetter) -> None:
        """Put a letter that ``dead`` is at back into the queue."""
        ...


class FileStamp(NamedTuple):
    """What shows that a file was changed."""

    size: int  # bytes
    written_ns: int  # since the epoch
    number: int  # of the file in its file system


class Claim(Struct, frozen=True, kw_only=True):
    """A file of a spool directory that this worker has, and the run directory for it.

    ``resumed``: a worker before had begun it; ``stamp``: as it was claimed.
    """

    name: str
    path: Path
    run: Path
    resumed: bool
    stamp: FileStamp | None = None


class Unclaimable(Struct, frozen=True, kw_only=True):
    """A file of a spool directory that no worker can have, and why, in words."""

    name: str
    path: Path
    reason: str


class Spool(Protocol):
    """Whole files of updates, each claimed by one worker until it ends, dies or lets go."""

    @property
    def being_written(self) -> Collection[str]:
        """Names of files that are not taken yet, because somebody may still write to them."""
        ...

    async def claim(self, skip: Collection[str] = ()) -> Claim | Unclaimable:
        """Wait for a file that nobody has; one that a dead worker left comes first.

        Not for those named in ``skip``.
        """
        ...

    def why_changed(self, claim: Claim) -> str | None:
        """Why a file is no longer as it was claimed, in words; None where it is."""
        ...

    def done(self, claim: Claim) -> None:
        """Put a file with those that succeeded."""
        ...

    def failed(self, claim: Claim | Unclaimable, wrong: str) -> None:
        """Put a file with the failed ones, and what is wrong beside it."""
        ...

    def release(self, claim: Claim) -> None:
        """Let go of a file: another worker resumes it."""
        ...
