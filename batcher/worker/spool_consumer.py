"""A worker on a spool directory: one file after the other, each a run with its own run directory.

A file ends in ``done`` when every update succeeded or was unchanged, else in ``failed`` with the
reason beside it. One that can't go on for a reason that may pass (credentials, AWS away, a full
disk) is released and resumed later. Others wait behind it for half a minute, so that a short outage
leaves files in their order, and then go before it. Whatever else is raised over a file is that
file's: after a few tries it ends in ``failed``, and all others go on. Only after an update that
changed what nobody asked for no file is taken any more.
"""

from dataclasses import dataclass
from math import inf

import anyio
from msgspec.structs import replace
from structlog.typing import FilteringBoundLogger

from batcher.backoff import Backoff
from batcher.config import Settings
from batcher.engine.pace_control import PaceControl
from batcher.errors import BatcherError
from batcher.jobs.run_order import Unattended
from batcher.ports import Claim, Spool, Unclaimable
from batcher.records import Result
from batcher.resettable_event import ResettableEvent
from batcher.worker.file_runner import Failed, FileEnding, FileRunner, Postponed
from batcher.worker.health import Health

FILES = "files"  # the part of the worker's health
TRIES = 3  # of a file over which something is raised that nobody expects to pass
CLAIM_WITHIN = 0.5  # seconds; after that it looks whether it was told to stop
# seconds before a file that can't go on, or a directory that is away, is tried again
PAUSE, LONGEST_PAUSE = 1.0, 60.0
LET_OTHERS_GO = 30.0  # seconds; from a pause this long on other files go in the meantime
WAIT_FOR_WRITERS = 30.0  # seconds, with --once, for files that somebody writes to


@dataclass(eq=False)
class _Wait:
    """The pauses of a file that could not go on, until when it waits, its tries so far."""

    backoff: Backoff
    until: float = -inf
    tries: int = 0


@dataclass(eq=False, repr=False)
class SpoolConsumer:
    """A worker's session with one set of settings.

    ``failed``: at least one file ended in ``failed``; ``runner``: works through the file that it
    has.
    """

    spool: Spool
    settings: Settings
    health: Health
    unattended: Unattended
    log: FilteringBoundLogger
    control: PaceControl | None = None
    first_pause: float = PAUSE
    let_others_go: float = LET_OTHERS_GO
    wait_for_writers: float = WAIT_FOR_WRITERS

    def __post_init__(self) -> None:
        self._on_result = self.unattended.on_result
        told = replace(self.unattended, on_result=self._note_result)
        self.runner = FileRunner(self.settings, told, self.control)
        self.failed = False
        self._at: str | None = None  # the file that it has
        self._waits: dict[str, _Wait] = {}
        self._held_up: str | None = None  # with ``once``: the first file that could not go on

    async def run(self, *, once: bool) -> None:
        """Work until the worker is told to stop or to reload.

        ``once``: also until no file waits but those that can't go on. Raises QueueError, with
        ``once``, when the directory can't be read.
        """
        async with anyio.create_task_group() as background:
            background.start_soon(self._drain_when, self.health.stop)
            background.start_soon(self._drain_when, self.health.reload)
            background.start_soon(self._abort_when_told)
            while not self._takes_none and (found := await self._claim(once)) is not None:
                postponed = await self._process(found)
                if (more := self.runner.more_than_asked) is not None:
                    self.health.stop_for_good(FILES, f"{found.name}: {more}")
                if postponed is not None and not self._is_ending:
                    await self._postpone(found.name, postponed, once)
            if self._held_up is not None:
                self.health.mark_unhealthy(FILES, self._held_up)
            if not once and self.health.stopped(FILES) is not None:
                await self.health.pause(inf)
            background.cancel_scope.cancel()

    @property
    def _takes_none(self) -> bool:
        return self._is_ending or self.health.stopped(FILES) is not None

    @property
    def _is_ending(self) -> bool:
        return self.health.stop.is_set() or self.health.reload.is_set()

    async def _claim(self, once: bool) -> Claim | Unclaimable | None:
        """The next file; None at the end of the session, and with ``once`` when there is none."""
        found, backoff = None, Backoff(self.first_pause, LONGEST_PAUSE)
        writers_until = anyio.current_time() + self.wait_for_writers
        while not self._is_ending:
            try:
                # a file that is there is claimed before anything waits
                waits = not once or self.spool.being_written
                with anyio.move_on_after(CLAIM_WITHIN if waits else 0):
                    found = await self.spool.claim(self._waiting())
                self.health.mark_started()
                self.health.mark_healthy("spool")
                backoff.reset()
                if found is not None or (once and not self._waits_for_writers(writers_until)):
                    return found
            except BatcherError as error:
                if once:
                    raise
                self.health.mark_unhealthy("spool", str(error))
                await self.health.pause(backoff.next_pause())
        return None

    def _waits_for_writers(self, until: float) -> bool:
        """Whether there are files that may be whole soon."""
        if not (names := sorted(self.spool.being_written)):
            return False
        if anyio.current_time() < until:
            return True
        self._held_up = self._held_up or f"{names[0]}: it is still being written."
        return False

    async def _process(self, found: Claim | Unclaimable) -> Postponed | None:
        """Work a file through and move it where it belongs; what is postponed is released."""
        ending = await self._ending(found)
        if not isinstance(ending, Postponed):
            try:
                self._move(found, ending)
            except BatcherError as error:  # it is where it was
                if isinstance(found, Unclaimable):
                    self._leave(found, str(error))
                    return None
                ending = Postponed(str(error), over=True)
        if isinstance(ending, Postponed):
            if isinstance(found, Claim):
                self.spool.release(found)
            return ending
        self._waits.pop(found.name, None)
        self.health.mark_healthy(FILES)
        return None

    async def _ending(self, found: Claim | Unclaimable) -> FileEnding:
        """What becomes of a file, which is tried a few times only where that is its own fault."""
        if isinstance(found, Unclaimable):
            ending: FileEnding = Postponed(found.reason, of_file=True)
        else:
            self.log.info("file.claimed", file=found.name, resumed=found.resumed)
            self._at = found.name
            ending = await self.runner.work_through(found)
            if (changed := self.spool.why_changed(found)) is not None:
                return Failed(changed)
        of_file = isinstance(ending, Postponed) and ending.of_file
        if ending and of_file and self._wait_of(found.name).tries + 1 >= TRIES:
            return Failed(f"{ending.reason}\nTried {TRIES} times.")
        return ending

    def _note_result(self, result: Result) -> None:
        """Pass a result on; a file that could not go on does with its first."""
        self._on_result(result)
        held_up = self.health.reason(FILES)
        if held_up is not None and held_up.startswith(f"{self._at}: "):
            self.health.mark_healthy(FILES)

    def _move(self, found: Claim | Unclaimable, ending: Failed | None) -> None:
        """Raises QueueError and OutputError when it can't be moved."""
        if isinstance(ending, Failed):
            self.spool.failed(found, ending.reason)
            self.failed = True
            self.log.warning("file.ended", file=found.name, wrong=ending.reason)
        elif isinstance(found, Claim):
            self.spool.done(found)
            self.log.info("file.ended", file=found.name)

    def _leave(self, found: Unclaimable, why: str) -> None:
        """Leave a file where it is that can neither be claimed nor put aside; others go on."""
        self.failed = True
        self.log.warning("file.left", file=found.name, wrong=found.reason, reason=why)
        self._wait_of(found.name).until = anyio.current_time() + LONGEST_PAUSE
        self.health.mark_healthy(FILES)

    async def _postpone(self, name: str, postponed: Postponed, once: bool) -> None:
        """Try a file again after a pause, which is waited for here unless others may go before."""
        reason = f"{name}: {postponed.reason}"
        self.health.mark_unhealthy(FILES, reason)
        wait = self._wait_of(name)
        if once and not postponed.of_file:
            self._held_up, wait.until = self._held_up or reason, inf
            return
        wait.tries += postponed.of_file
        pause = wait.backoff.next_pause()
        wait.until = anyio.current_time() + pause
        if pause < self.let_others_go and not postponed.over:
            await self.health.pause(pause)

    def _wait_of(self, name: str) -> _Wait:
        # no jitter: nobody else waits for the same file
        new = _Wait(Backoff(self.first_pause, LONGEST_PAUSE, jitter=0.0))
        return self._waits.setdefault(name, new)

    def _waiting(self) -> list[str]:
        now = anyio.current_time()
        return [name for name, wait in self._waits.items() if now < wait.until]

    async def _drain_when(self, event: anyio.Event | ResettableEvent) -> None:
        await event.wait()
        self.runner.drain()

    async def _abort_when_told(self) -> None:
        await self.health.stop_now.wait()
        self.runner.abort()
