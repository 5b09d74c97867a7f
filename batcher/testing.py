"""Doubles of the engine's ports, and virtual time: for tests of it, here and elsewhere."""

import asyncio
import selectors
from collections import Counter, deque
from collections.abc import AsyncIterator, Callable, Coroutine, Iterable, Mapping
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any, TypeVar

import anyio
import msgspec

from batcher.accounting.verdicts import Verdict
from batcher.error_codes import READ_TIMEOUT
from batcher.errors import QueueError, UploadError
from batcher.records import Attempt, Message, Result, Update

__all__ = [
    "ACCEPTED",
    "ListShip",
    "ListSource",
    "LoopClock",
    "MemoryJournal",
    "MemoryQueue",
    "OpenLimiter",
    "ScriptedCaller",
    "in_virtual_time",
    "lost",
    "refused",
    "unsent",
    "update",
]

T = TypeVar("T")

# no clock stands still: who waits for a rounding error to pass would wait for ever
TURNS_AT_ONE_INSTANT = 50
TICK = 1e-9  # seconds

ACCEPTED = Attempt(reached="answered", seconds=0.0, http_status=200, request_id="r")


def refused(code: str, status: int, *, retry_after: float | None = None) -> Attempt:
    """An attempt that AWS answered with an error."""
    return Attempt(
        reached="answered", seconds=0.0, code=code, http_status=status, retry_after=retry_after
    )


def lost(code: str = READ_TIMEOUT) -> Attempt:
    """An attempt that left and was never answered."""
    return Attempt(reached="sent", seconds=0.0, code=code)


def unsent(code: str = "EndpointConnectionError") -> Attempt:
    """An attempt that never left."""
    return Attempt(reached="unsent", seconds=0.0, code=code)


def update(
    number: int, trigger: str | None = None, target: str = "default", **members: Any
) -> Update:
    """Update ``number`` of a trigger of its own, or of the one named; it sets those members."""
    names = {"DomainName": "acme", "EventTriggerName": trigger or f"t{number}"}
    return Update(id=str(number), line=number, target=target, request=names | members)


class ListSource:
    """A Source over updates in memory. ``looks_back`` as asked for."""

    def __init__(self, updates: Iterable[Update], *, looks_back: bool = False) -> None:
        self.looks_back = looks_back
        self._updates = list(updates)

    async def __aiter__(self) -> AsyncIterator[Update]:
        for each in self._updates:
            yield each

    def again(self, line: int) -> Update:
        return next(each for each in self._updates if each.line == line)


class MemoryJournal:
    """A ResultStore that keeps results in a list."""

    def __init__(self) -> None:
        self.results: list[Result] = []

    async def append(self, result: Result) -> None:
        self.results.append(result)


class ListShip:
    """An Uploader that keeps what it was sent, by name.

    ``wrong`` says of a name why it can't be sent now, or None.
    """

    def __init__(self, wrong: Callable[[str], str | None] = lambda name: None) -> None:
        self._wrong = wrong
        self.sent: list[tuple[str, bytes]] = []

    async def send(self, path: Path, folder: str = "") -> None:
        name = f"{folder}/{path.name}" if folder else path.name
        if (reason := self._wrong(name)) is not None:
            raise UploadError(reason)
        self.sent.append((name, await anyio.Path(path).read_bytes()))


class MemoryQueue:
    """A Queue in memory, in order, with a dead-letter list.

    ``away``: while it is set, every request is a QueueError.

    ``held``: the leased messages by id; ``done``: the ids that were acknowledged; ``dead``: the ids
    of dead letters with their codes, ``letters`` these messages. ``on_done`` is told of an id just
    before it is done or dead.
    """

    def __init__(
        self,
        *,
        lease: float = 60.0,
        poll: float = 0.05,
        on_done: Callable[[str], None] | None = None,
    ) -> None:
        self.lease = lease
        self.away = False
        self.held: dict[str, tuple[Message, float]] = {}
        self.done: list[str] = []
        self.dead: list[tuple[str, str]] = []
        self.letters: list[Message] = []
        self.extended = 0
        self._poll = poll
        self._on_done = on_done or (lambda name: None)
        self._waiting: deque[Message] = deque()
        self._leases = count(1)

    def __len__(self) -> int:
        return len(self._waiting)

    def put(self, *bodies: bytes) -> None:
        """Put messages in; ids are numbers from 1."""
        for body in bodies:
            number = len(self._waiting) + len(self.held) + len(self.done) + len(self.dead) + 1
            self._waiting.append(Message(id=f"m{number}", body=body, handle="", receives=0))

    async def receive(self, limit: int) -> list[Message]:
        self._check()
        if not self._waiting:
            await anyio.sleep(self._poll)
        self._check()
        ready = min(limit, len(self._waiting))
        return [self._leased(self._waiting.popleft()) for _ in range(ready)]

    async def extend(self, message: Message) -> bool:
        self._check()
        if not self._holds(message):
            return False
        self.extended += 1
        self.held[message.id] = (message, _loop_time() + self.lease)
        return True

    async def acknowledge(self, message: Message) -> None:
        self._check()
        if self._holds(message):
            self._on_done(message.id)
            del self.held[message.id]
            self.done.append(message.id)

    async def release(self, message: Message) -> None:
        self._check()
        if self._holds(message):
            del self.held[message.id]
            self._waiting = deque(
                sorted([*self._waiting, message], key=lambda each: int(each.id[1:]))
            )

    async def dead_letter(self, message: Message, code: str, reason: str) -> None:
        self._check()
        if self._holds(message):
            self._on_done(message.id)
            del self.held[message.id]
            self.dead.append((message.id, code))
            self.letters.append(message)

    def _leased(self, message: Message) -> Message:
        leased = msgspec.structs.replace(
            message, handle=f"h{next(self._leases)}", receives=message.receives + 1
        )
        self.held[leased.id] = (leased, _loop_time() + self.lease)
        return leased

    def _holds(self, message: Message) -> bool:
        return message.id in self.held and self.held[message.id][0].handle == message.handle

    def _check(self) -> None:
        """Take back what is overdue. Raises QueueError while the queue is away."""
        if self.away:
            raise QueueError("the queue in memory is away")
        for message, until in list(self.held.values()):
            if until <= _loop_time():
                del self.held[message.id]
                self._waiting.append(message)


@dataclass(eq=False, slots=True)
class ScriptedCall:
    """A request that a ScriptedCaller got, the ``number``-th (from 1) with these very members.

    ``began`` and ``ended`` are loop times; ``ended`` is None until it is answered.
    """

    operation: str
    members: Mapping[str, Any]
    number: int
    began: float
    ended: float | None = None


class ScriptedCaller:
    """A Caller whose answers a function decides.

    ``calls`` are all that it got, in their order; ``latency`` is in seconds.
    """

    def __init__(self, answer: Callable[[ScriptedCall], Attempt], *, latency: float = 0.0) -> None:
        self._answer = answer
        self._latency = latency
        self._numbers = Counter[bytes]()
        self.calls: list[ScriptedCall] = []
        self.refreshes = 0
        self.in_flight = self.most_in_flight = 0

    async def call(self, operation: str, members: Mapping[str, Any]) -> Attempt:
        request = msgspec.json.encode((operation, members), order="deterministic")
        self._numbers[request] += 1
        call = ScriptedCall(operation, members, self._numbers[request], _loop_time())
        self.calls.append(call)
        self.in_flight += 1
        self.most_in_flight = max(self.most_in_flight, self.in_flight)
        try:
            await anyio.sleep(self._latency)
        finally:
            self.in_flight -= 1
        call.ended = _loop_time()
        return self._answer(call)

    async def refresh(self) -> bool:
        self.refreshes += 1
        return True


class OpenLimiter:
    """A Limiter without a limit that keeps what it was told."""

    rate: float | None = None
    own_rate: float | None = None
    at_quota = False

    def __init__(self) -> None:
        self.outcomes: list[tuple[Verdict, float | None]] = []

    async def acquire(self, urgency: int = 0) -> object:
        return None

    def observe(self, ticket: object, verdict: Verdict, retry_after: float | None) -> None:
        self.outcomes.append((verdict, retry_after))


class LoopClock:
    """The clock of the running event loop: virtual time inside ``in_virtual_time``."""

    def now(self) -> float:
        return _loop_time()

    def wall(self) -> str:
        return f"2026-01-01T00:00:{_loop_time() % 60:06.3f}Z"

    async def sleep(self, seconds: float) -> None:
        await anyio.sleep(seconds)


def in_virtual_time(work: Coroutine[Any, Any, T]) -> T:
    """Run a coroutine on a loop whose clock jumps to the next timer when nothing else is to do.

    For code that waits for timers only: no sockets, no threads.
    """
    with asyncio.Runner(loop_factory=_JumpingLoop) as runner:
        return runner.run(work)


class _JumpingLoop(asyncio.SelectorEventLoop):
    def __init__(self) -> None:
        self.virtual_now = 0.0
        super().__init__(_JumpingSelector(self))

    def time(self) -> float:
        return self.virtual_now


class _JumpingSelector(selectors.DefaultSelector):
    def __init__(self, loop: _JumpingLoop) -> None:
        super().__init__()
        self._loop = loop
        self._turns = 0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        ready = super().select(0)
        if not ready and timeout is None:
            raise RuntimeError("virtual time: everybody waits, and no timer is set")
        if not ready and timeout:
            self._loop.virtual_now += timeout
        self._turns = 0 if timeout else self._turns + 1
        if self._turns >= TURNS_AT_ONE_INSTANT:
            self._turns = 0
            self._loop.virtual_now += TICK
        return ready


def _loop_time() -> float:
    return asyncio.get_running_loop().time()
