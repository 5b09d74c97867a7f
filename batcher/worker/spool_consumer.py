"""A worker on a spool directory: one file after the other, each a run with its own run directory.

A file ends in ``done`` when every update succeeded or was unchanged, else in ``failed`` with the
reason beside it. One that can't go on for a reason that may pass (credentials, AWS away, a full
disk) is released and resumed later. Others wait behind it for half a minute, so that a short outage
leaves files in their order, and then go before it.
"""

import errno
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TypeAlias

import anyio
from structlog.typing import FilteringBoundLogger

from batcher.backoff import Backoff
from batcher.config import Settings
from batcher.errors import BatcherError, DamageError, InputError, RunDirectoryError
from batcher.jobs.run import AlreadyFinished, InvalidInput, NotStarted, open_run
from batcher.jobs.run_execution import ApprovedRun
from batcher.jobs.run_order import Unattended, without_start_limits
from batcher.ports import Claim, Spool
from batcher.records import Summary
from batcher.resettable_event import ResettableEvent
from batcher.status.snapshot import LaneSnapshot
from batcher.updates.violations import Violation
from batcher.worker.health import Health
from batcher.worker.worker_status import lane_snapshot

VIOLATIONS_TOLD = 20  # of a file
# of the disk, of the user's part of it, of what the process may write
NO_SPACE = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
CLAIM_WITHIN = 0.5  # seconds; after that it looks whether it was told to stop
# seconds before a file that can't go on, or a directory that is away, is tried again
PAUSE, LONGEST_PAUSE = 1.0, 60.0
LET_OTHERS_GO = 30.0  # seconds; from a pause this long on other files go in the meantime


@dataclass(frozen=True)
class Failed:
    """A file that ends in ``failed``."""

    reason: str


@dataclass(frozen=True)
class Postponed:
    """A file that can't go on now."""

    reason: str


FileEnding: TypeAlias = Failed | Postponed | None
"""What came of a file; None: it is done."""


@dataclass(eq=False, repr=False)
class SpoolConsumer:
    """A worker's session with one set of settings.

    ``failed``: at least one file ended in ``failed``; ``run_of_file``: that of the file that is
    being worked through.
    """

    spool: Spool
    settings: Settings
    health: Health
    unattended: Unattended
    log: FilteringBoundLogger
    first_pause: float = PAUSE
    let_others_go: float = LET_OTHERS_GO

    def __post_init__(self) -> None:
        self.run_of_file: ApprovedRun | None = None
        self.failed = False
        # of each file that could not go on: its pauses, and until when it waits
        self._postponed: dict[str, tuple[Backoff, float]] = {}

    async def run(self, *, once: bool) -> None:
        """Work until the worker is told to stop or to reload.

        ``once``: also until no file waits, or one can't go on. Raises QueueError, with ``once``,
        when the directory can't be read.
        """
        async with anyio.create_task_group() as background:
            background.start_soon(self._drain_when, self.health.stop)
            background.start_soon(self._drain_when, self.health.reload)
            background.start_soon(self._abort_when_told)
            while not self._is_ending and (claim := await self._claim(once)) is not None:
                postponed = await self._process(claim)
                if postponed is None or self._is_ending:
                    continue
                self.health.mark_unhealthy("files", f"{claim.name}: {postponed.reason}")
                if once:
                    break
                await self._postpone(claim.name)
            background.cancel_scope.cancel()

    @property
    def _is_ending(self) -> bool:
        return self.health.stop.is_set() or self.health.reload.is_set()

    async def _claim(self, once: bool) -> Claim | None:
        """The next file; None at the end of the session, and with ``once`` when there is none."""
        claim, backoff = None, Backoff(self.first_pause, LONGEST_PAUSE)
        while not self._is_ending:
            try:
                # a file that is there is claimed before anything waits
                with anyio.move_on_after(0 if once else CLAIM_WITHIN):
                    claim = await self.spool.claim(self._waiting())
                self.health.mark_started()
                self.health.mark_healthy("spool")
                backoff.reset()
                if once or claim is not None:
                    return claim
            except BatcherError as error:
                if once:
                    raise
                self.health.mark_unhealthy("spool", str(error))
                await self.health.pause(backoff.next_pause())
        return None

    async def _process(self, claim: Claim) -> Postponed | None:
        """Work a file through and move it where it belongs; what is postponed is released."""
        self.log.info("file.claimed", file=claim.name, resumed=claim.resumed)
        ending = await self._work_through(claim)
        if not isinstance(ending, Postponed):
            try:
                self._move(claim, ending)
            except BatcherError as error:  # it is claimed still
                ending = Postponed(str(error))
        if isinstance(ending, Postponed):
            self.spool.release(claim)
            return ending
        self._postponed.pop(claim.name, None)
        self.health.mark_healthy("files")
        return None

    def _move(self, claim: Claim, failed: Failed | None) -> None:
        """Raises QueueError and OutputError when it can't be moved."""
        if failed is None:
            self.spool.done(claim)
            self.log.info("file.ended", file=claim.name)
        else:
            self.spool.failed(claim, failed.reason)
            self.failed = True
            self.log.warning("file.ended", file=claim.name, wrong=failed.reason)

    async def _work_through(self, claim: Claim) -> FileEnding:
        try:
            return await self._run_through(claim)
        except BatcherError as error:
            return Postponed(str(error)) if _may_pass(error) else Failed(str(error))

    async def _run_through(self, claim: Claim) -> FileEnding:
        violations: list[str] = []

        def note(line: int, violation: Violation) -> None:
            if len(violations) < VIOLATIONS_TOLD:
                violations.append(f"line {line}: {violation}")

        origin, settings = str(claim.path), without_start_limits(self.settings)
        with open_run(origin, claim.run, settings, unattended=self.unattended) as opened:
            checked = await opened.check(note)
            found = checked.inspection
            if not found.total:
                return Failed("there are no updates in it")
            if isinstance(checked, InvalidInput) or found.invalid:
                count = f"{found.invalid} of {found.total} lines break a rule; nothing was sent."
                return Failed("\n".join([*violations, count]))
            async with checked.connect() as ready:
                return await self._execute(await ready.approve())

    async def _execute(self, approved: ApprovedRun | NotStarted) -> FileEnding:
        if isinstance(approved, AlreadyFinished):
            return _ending_by(approved.summary)
        if isinstance(approved, NotStarted):
            return Postponed(f"not started: {approved.summary.stopped}")
        self.run_of_file = approved
        try:
            if self._is_ending:
                approved.drain()
            return _ending_of(approved, await approved.execute())
        finally:
            self.run_of_file = None

    def lane_snapshots(self) -> Iterator[LaneSnapshot]:
        """The lanes that are open at this moment."""
        if self.run_of_file is not None:
            run, pacers = self.run_of_file, self.run_of_file.connection.pacers
            why = None if run.looks else "--no-before, or reading is too slow"
            for lane in run.lanes:
                yield lane_snapshot(pacers, lane, lane.tally, no_images=why)

    async def _postpone(self, name: str) -> None:
        """Try a file again after a pause, which is waited for here unless others may go before."""
        # no jitter: nobody else waits for the same file
        new = Backoff(self.first_pause, LONGEST_PAUSE, jitter=0.0)
        backoff, _ = self._postponed.get(name, (new, 0.0))
        pause = backoff.next_pause()
        self._postponed[name] = backoff, anyio.current_time() + pause
        if pause < self.let_others_go:
            await self.health.pause(pause)

    def _waiting(self) -> list[str]:
        now = anyio.current_time()
        return [name for name, (_, until) in self._postponed.items() if now < until]

    async def _drain_when(self, event: anyio.Event | ResettableEvent) -> None:
        await event.wait()
        if self.run_of_file is not None:
            self.run_of_file.drain()

    async def _abort_when_told(self) -> None:
        await self.health.stop_now.wait()
        if self.run_of_file is not None:
            self.run_of_file.abort()


def _ending_of(run: ApprovedRun, summary: Summary) -> FileEnding:
    if too_many := run.failure_limit_passed():
        return Failed(f"stopped: {too_many}; {summary.not_started} were not started")
    return Postponed(summary.stopped) if summary.stopped is not None else _ending_by(summary)


def _ending_by(summary: Summary) -> Failed | None:
    """How a file ends whose run came to its end."""
    if bad := summary.total - summary.succeeded - summary.unchanged:
        codes = ", ".join(f"{code} {count}" for code, count in summary.errors.items())
        return Failed(
            f"{bad} of {summary.total} updates did not succeed: {codes}. Each is in"
            " results.jsonl of its run."
        )
    return None


def _may_pass(error: BatcherError) -> bool:
    """Whether a file can go on later: not when itself is wrong, nor its run directory another's."""
    match error:
        case InputError(__cause__=OSError(errno=number)):
            return number in NO_SPACE
        case InputError() | DamageError():
            return False
        case RunDirectoryError():
            return isinstance(error.__cause__, OSError)
    return True
