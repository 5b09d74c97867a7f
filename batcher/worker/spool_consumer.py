"""A worker on a spool directory: one file after the other, each worked through as a run with its
own run directory.

A file ends in ``done`` when every update succeeded or was unchanged, else in ``failed`` with what
is wrong beside it. One that can't go on for reasons that may pass (credentials, AWS away, a full
disk) is let go and resumed later. Others wait behind it for half a minute, so that a short outage
leaves files in their order, and then go before it.
"""

import errno
from contextlib import AsyncExitStack
from functools import partial

import anyio
import anyio.to_thread
from structlog.typing import FilteringBoundLogger

from batcher.accounting.tally import stop_reason
from batcher.backoff import Backoff
from batcher.config import Settings
from batcher.errors import BatcherError, InputError, RunDirectoryError
from batcher.jobs.run import BulkRun, Keeper
from batcher.ports import Spool
from batcher.records import Claim, Summary
from batcher.resettable_event import ResettableEvent
from batcher.storage.run_directory import RunDirectory
from batcher.worker.health import Health

FAULTS_TOLD = 20  # of a file
# the disk, the user's part of it, what the process may write
FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
LOOK_UP = 0.5  # seconds that it waits for a file before it looks whether it was told to stop
# seconds before a file that can't go on, or a directory that is away, is tried again
PAUSE, LONGEST_PAUSE = 1.0, 60.0
LET_OTHERS_GO = 30.0  # seconds; from a pause this long on others go in the meantime


class SpoolConsumer:
    """A worker's time with one set of settings. ``run``: the run of the file that it is at."""

    def __init__(
        self,
        spool: Spool,
        settings: Settings,
        health: Health,
        keeper: Keeper,
        log: FilteringBoundLogger,
        *,
        first_pause: float = PAUSE,
        let_others_go: float = LET_OTHERS_GO,
    ) -> None:
        self.bulk: BulkRun | None = None
        self.failed = False  # at least one file ended in ``failed``
        self._spool = spool
        self._settings = settings
        self._health = health
        self._keeper = keeper
        self._log = log
        self._first_pause = first_pause
        self._let_others_go = let_others_go
        # of each file that could not go on: its pauses, and until when it waits
        self._later: dict[str, tuple[Backoff, float]] = {}

    async def run(self, *, once: bool) -> None:
        """Work until the worker is told to stop or to reload; with ``once``, until no file waits or
        one can't go on.

        Raises QueueError, with ``once``, when the directory can't be read.
        """
        async with anyio.create_task_group() as beside:
            beside.start_soon(self._drain_when, self._health.stop)
            beside.start_soon(self._drain_when, self._health.reload)
            beside.start_soon(self._abort_when_told)
            while not self._told and (claim := await self._next(once)) is not None:
                later = await self._settle(claim)
                if later is None or self._told:
                    continue
                self._health.mark_unhealthy("files", f"{claim.name}: {later}")
                if once:
                    break
                await self._put_off(claim.name)
            beside.cancel_scope.cancel()

    @property
    def _told(self) -> bool:
        return self._health.stop.is_set() or self._health.reload.is_set()

    async def _next(self, once: bool) -> Claim | None:
        """The next file; None when the worker is told to stop, or there is none and it was once."""
        claim, backoff = None, Backoff(self._first_pause, LONGEST_PAUSE)
        while not self._told:
            try:
                # a file that is there is claimed before anything waits
                with anyio.move_on_after(0 if once else LOOK_UP):
                    claim = await self._spool.claim(self._put_off_now())
                self._health.begun = True
                self._health.mark_healthy("spool")
                backoff.reset()
                if once or claim is not None:
                    return claim
            except BatcherError as error:
                if once:
                    raise
                self._health.mark_unhealthy("spool", str(error))
                await self._health.pause(backoff.next_pause())
        return None

    async def _settle(self, claim: Claim) -> str | None:
        """Work a file through, and put it where it belongs; or let it go, and return why it
        can't go on now.
        """
        self._log.info("file.claimed", file=claim.name, resumed=claim.resumed)
        try:
            wrong, later = await self._work(claim)
            if later is None:
                self._put_away(claim, wrong)
        except BatcherError as error:
            later = str(error)
        if later is not None:
            self._spool.release(claim)
            return later
        self._later.pop(claim.name, None)
        self._health.mark_healthy("files")
        return None

    def _put_away(self, claim: Claim, wrong: str | None) -> None:
        """Raises QueueError and OutputError when it can't be moved; it stays claimed then."""
        if wrong is None:
            self._spool.done(claim)
            self._log.info("file.ended", file=claim.name)
        else:
            self._spool.failed(claim, wrong)
            self.failed = True
            self._log.warning("file.ended", file=claim.name, wrong=wrong)

    async def _work(self, claim: Claim) -> tuple[str | None, str | None]:
        """What is wrong with the file for good, or why to go on with it later; neither: it is
        done.
        """
        try:
            return await self._run_through(claim)
        except BatcherError as error:
            return (None, str(error)) if _may_pass(error) else (str(error), None)

    async def _run_through(self, claim: Claim) -> tuple[str | None, str | None]:
        """As ``_work``. Raises BatcherError."""
        async with AsyncExitStack() as stack:
            directory = stack.enter_context(RunDirectory(claim.run))
            bulk = BulkRun(str(claim.path), directory, self._settings, keeper=self._keeper)
            faults: list[str] = []

            def note(line: int, path: str, message: str) -> None:
                if len(faults) < FAULTS_TOLD:
                    faults.append(
                        f"line {line}: {path}: {message}" if path else f"line {line}: {message}"
                    )

            found = await anyio.to_thread.run_sync(partial(bulk.inspect, note))
            if found.invalid:
                return (
                    "\n".join(
                        [
                            *faults,
                            (
                                f"{found.invalid} of {found.total} lines break a rule; nothing was"
                                " sent."
                            ),
                        ]
                    ),
                    None,
                )
            if not found.total:
                return "there are no updates in it", None
            await anyio.to_thread.run_sync(bulk.restore)
            await bulk.connect(stack)
            bulk.weigh_looking()
            self.bulk = bulk
            try:
                if self._told:
                    bulk.drain()
                return self._judged(bulk, await bulk.execute())
            finally:
                self.bulk = None

    def _judged(self, bulk: BulkRun, summary: Summary) -> tuple[str | None, str | None]:
        limit = self._settings.max_failures
        reasons = (
            stop_reason(tally, limit)
            for tally in bulk.tallies.values()
            if stop_reason(tally, None) is None
        )
        if too_many := next((reason for reason in reasons if reason is not None), None):
            return f"stopped: {too_many}; {summary.not_started} were not started", None
        if summary.stopped is not None:
            return None, summary.stopped
        if bad := summary.total - summary.succeeded - summary.unchanged:
            codes = ", ".join(f"{code} {count}" for code, count in summary.errors.items())
            return (
                (
                    f"{bad} of {summary.total} updates did not succeed: {codes}. Each is in"
                    " results.jsonl of its run."
                ),
                None,
            )
        return None, None

    async def _put_off(self, name: str) -> None:
        """Try that file again after a pause, which is waited for here unless others may go in
        the meantime.
        """
        # no jitter: nobody else waits for the same file
        new = Backoff(self._first_pause, LONGEST_PAUSE, jitter=0.0)
        backoff, _ = self._later.get(name, (new, 0.0))
        pause = backoff.next_pause()
        self._later[name] = backoff, anyio.current_time() + pause
        if pause < self._let_others_go:
            await self._health.pause(pause)

    def _put_off_now(self) -> list[str]:
        now = anyio.current_time()
        return [name for name, (_, until) in self._later.items() if now < until]

    async def _drain_when(self, event: anyio.Event | ResettableEvent) -> None:
        await event.wait()
        if self.bulk is not None:
            self.bulk.drain()

    async def _abort_when_told(self) -> None:
        await self._health.stop_now.wait()
        if self.bulk is not None and self.bulk.runner is not None:
            self.bulk.runner.abort()


def _may_pass(error: BatcherError) -> bool:
    """Whether the file can go on later: not after what is wrong with itself, or when its run
    directory is of another.
    """
    match error:
        case InputError(__cause__=OSError(errno=number)):
            return number in FULL
        case InputError():
            return False
        case RunDirectoryError():
            return isinstance(error.__cause__, OSError)
    return True
