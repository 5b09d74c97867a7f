"""One queue of updates for several lanes: those of targets that are one account and Region.

Their updates of one trigger go one at a time and in input order, whichever target they name; each
lane takes its own. Reading is a task of its own, so that a lane which ends holds no other up.
"""

from collections import deque
from collections.abc import Callable, Iterable

import anyio
import anyio.lowlevel

from batcher.engine.keyed_queue import KeyedQueue
from batcher.ports import Source
from batcher.records import Update

# updates that wait for lanes that are busy, while another lane has none: then reading on waits, too
READY_AT_MOST = 10_000
READ_IN_A_ROW = 100  # updates, before other tasks get a turn


class SharedUpdates:
    """Hands out the updates of a source to the lanes of ``targets``.

    What of a lane is left when that closes is overtaken by no later update of its triggers, which
    is for others: those are not given out either.
    """

    def __init__(self, source: Source, targets: Iterable[str] = ()) -> None:
        self._queue = KeyedQueue(source)
        self._lanes = {target: LaneUpdates(target, self._queue, self._note) for target in targets}
        self._changed = anyio.Event()

    def __repr__(self) -> str:
        return f"<SharedUpdates of {', '.join(self._lanes)}>"

    def of(self, target: str) -> "LaneUpdates":
        """What the lane of a target takes its updates from."""
        return self._lanes[target]

    async def read(self) -> None:
        """Read on whenever a lane has nothing to do, until all is read, or no lane takes any.

        Raises what the source raises; the lanes have their end then, too.
        """
        try:
            await self._read()
        finally:
            for lane in self._lanes.values():
                lane.end()

    async def _read(self) -> None:
        numbers = 0
        while await self._is_wanted():
            if (update := await self._queue.take()) is None:
                return
            self._deliver(update)
            numbers += 1
            if not numbers % READ_IN_A_ROW:
                await anyio.lowlevel.checkpoint()

    async def _is_wanted(self) -> bool:
        """Wait until a lane wants more; False: none ever will."""
        while any(not lane.closed for lane in self._lanes.values()):
            ready = sum(len(lane) for lane in self._lanes.values())
            if ready < READY_AT_MOST and any(lane.wants for lane in self._lanes.values()):
                return True
            self._changed = anyio.Event()
            await self._changed.wait()
        return False

    def _deliver(self, update: Update) -> None:
        lane = self._lanes.get(update.target)
        if lane is None or lane.closed:
            self._queue.withhold(update)
        else:
            lane.put(update)

    def _note(self, left: Iterable[Update]) -> None:
        """Note that a lane wants more, or has closed and left these."""
        for update in left:
            self._queue.withhold(update)
        if all(lane.closed for lane in self._lanes.values()):
            self._queue.close()
        self._changed.set()


class LaneUpdates:
    """The updates of one lane, as a KeyedQueue gives them out. Made by SharedUpdates."""

    def __init__(
        self, target: str, queue: KeyedQueue, note: Callable[[Iterable[Update]], None]
    ) -> None:
        self.target = target
        self.closed = False
        self._queue = queue
        self._note = note
        self._ready: deque[Update] = deque()
        self._idle: deque[anyio.Event] = deque()
        self._ended = False

    def __len__(self) -> int:
        return len(self._ready)

    def __repr__(self) -> str:
        return f"<LaneUpdates of {self.target}: {len(self)} ready>"

    @property
    def wants(self) -> bool:
        """Whether somebody waits for more than there is."""
        return not self.closed and len(self._idle) > len(self._ready)

    async def take(self) -> Update | None:
        """The next update of the lane whose trigger nobody works on; None: none is left."""
        while not self.closed:
            if self._ready:
                return self._ready.popleft()
            if self._ended:
                return None
            event = anyio.Event()
            self._idle.append(event)
            self._note(())
            try:
                await event.wait()
            except BaseException:
                if event in self._idle:
                    self._idle.remove(event)
                raise
        return None

    def release(self, update: Update) -> None:
        """Free the trigger of an update."""
        self._queue.release(update)

    def give_back(self, update: Update) -> None:
        """Free the trigger of an update that has no result, as far as others may overtake it."""
        if self.closed:
            self._note([update])
        else:
            self._queue.release(update)

    def close(self) -> None:
        """Give out nothing any more to this lane."""
        if self.closed:
            return
        self.closed = True
        left = list(self._ready)
        self._ready.clear()
        self._wake_all()
        self._note(left)

    def put(self, update: Update) -> None:
        """Have one more that may be taken."""
        self._ready.append(update)
        if self._idle:
            self._idle.popleft().set()

    def end(self) -> None:
        """Nothing comes after what is ready."""
        self._ended = True
        self._wake_all()

    def _wake_all(self) -> None:
        while self._idle:
            self._idle.popleft().set()
