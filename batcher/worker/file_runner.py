"""One file of a spool directory worked through as a run, and what came of it.

Nothing is moved here. Whatever is raised over a file is an ending of that file.
"""

import errno
import traceback
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

from anyio import CancelScope, to_thread
from msgspec.structs import replace

from batcher.config import Settings
from batcher.engine.pace_control import PaceControl
from batcher.errors import (
    BatcherError,
    DamageError,
    InputError,
    OtherRunError,
    RunDirectoryError,
    is_out_of_threads,
)
from batcher.jobs.run import AlreadyFinished, InvalidInput, NotStarted, open_run
from batcher.jobs.run_execution import ApprovedRun
from batcher.jobs.run_order import Unattended
from batcher.ports import Claim
from batcher.records import Summary, Superseded
from batcher.status.snapshot import LaneSnapshot
from batcher.storage.atomic_file import AtomicFile
from batcher.storage.file_system import OF_THE_HOST
from batcher.storage.run_directory import RunDirectory
from batcher.task_groups import first_cause
from batcher.updates.hint import Hint
from batcher.updates.violations import Violation
from batcher.wiring.lane_snapshot import lane_snapshot
from batcher.wiring.pacers import Pacers

VIOLATIONS_TOLD = 20  # of a file
_NOT_BEGUN = "the worker was told to take no more before it was begun"


@dataclass(frozen=True)
class Failed:
    """A file that ends in ``failed``."""

    reason: str


@dataclass(frozen=True)
class Postponed:
    """A file that can't go on now.

    ``of_file``: for a reason of its own, as far as one can tell; ``over``: it is worked through,
    and can't be moved where it belongs.
    """

    reason: str
    of_file: bool = False
    over: bool = False


FileEnding: TypeAlias = Failed | Postponed | None
"""What came of a file; None: it is done."""


@dataclass(eq=False, repr=False)
class FileRunner:
    """Works through one file after the other. ``run``: of the file that it has now.

    ``more_than_asked``: in words, an update that changed what nobody asked for.
    """

    settings: Settings
    unattended: Unattended
    control: PaceControl | None = None

    def __post_init__(self) -> None:
        self.run: ApprovedRun | None = None
        self.more_than_asked: str | None = None
        self._draining = False
        self._preparing: CancelScope | None = None  # until the first update of a file may leave

    async def work_through(self, claim: Claim) -> FileEnding:
        """Run a file, or what is left of it; raises nothing."""
        try:
            with CancelScope() as self._preparing:
                if self._draining:
                    self._preparing.cancel()
                return await self._run_through(claim)
            return Postponed(_NOT_BEGUN)
        except BatcherError as error:
            return _ending_after(error, f"{claim.path.parent}/")
        except Exception as error:  # whatever it is: it was raised over this file, and others wait
            cause = first_cause(error)
            return Postponed(_place_of(cause), of_file=not _is_of_the_host(cause))

    async def _run_through(self, claim: Claim) -> FileEnding:
        violations: list[str] = []

        def note_hint(hint: Hint) -> None:
            violations.append(hint.text(claim.path.name))

        def note(line: int, violation: Violation) -> None:
            if len(violations) < VIOLATIONS_TOLD:
                violations.append(f"line {line}: {violation}")

        # who waits for messages knows no target that is left for later
        settings = replace(self.settings.without_start_limits, without_target=None)
        origin = str(claim.path)
        with open_run(
            origin, claim.run, settings, unattended=self.unattended, control=self.control
        ) as opened:
            checked = await opened.check(note, note_hint)
            found = checked.inspection
            if not found.total:
                return Failed(f"there are {found.nothing}")
            if isinstance(checked, InvalidInput) or found.invalid:
                count = f"{found.invalid} of {found.total} lines break a rule; nothing was sent."
                return Failed("\n".join([*violations, count]))
            async with checked.connect() as ready:
                ending = await self._execute(await ready.approve())
        if isinstance(ending, Failed):  # before somebody mends its lines where it lies
            await to_thread.run_sync(_keep_copy, claim)
        return ending

    async def _execute(self, approved: ApprovedRun | NotStarted) -> FileEnding:
        self._preparing = None
        if isinstance(approved, AlreadyFinished):
            return _ending_by(approved.summary)
        if isinstance(approved, NotStarted):
            return Postponed(f"not started: {approved.summary.stopped}")
        if self._draining:
            return Postponed(_NOT_BEGUN)
        self.run = approved
        try:
            return _ending_of(approved, await approved.execute())
        finally:
            if self.unattended.on_breaker is not None:
                for target in approved.state.tallies:  # of the next file it is seen anew
                    self.unattended.on_breaker(target, None)
            found = (tally.more_than_asked for tally in approved.state.tallies.values())
            self.more_than_asked = next(filter(None, found), self.more_than_asked)
            self.run = None

    def lane_snapshots(self) -> Iterator[LaneSnapshot]:
        """The lanes that are open at this moment."""
        if self.run is not None:
            run, pacers = self.run, self.run.connection.pacers
            why = None if run.looks else "--no-before, or reading is too slow"
            for lane in run.lanes:
                yield lane_snapshot(pacers, lane, lane.tally, no_images=why)

    def pacers(self) -> Pacers | None:
        """The pacers of the file that it has now."""
        return None if self.run is None else self.run.connection.pacers

    def drain(self) -> None:
        """Take nothing new, finish what is in flight; of what is prepared for it nothing is."""
        self._draining = True
        if self.run is not None:
            self.run.drain()
        elif self._preparing is not None:
            self._preparing.cancel()

    def abort(self) -> None:
        """Stop at once."""
        if self.run is not None:
            self.run.abort()


def _keep_copy(claim: Claim) -> None:
    """Keep what a run was made of in its directory, so that it can be undone. Raises OutputError.

    A packed file was unpacked there; one that is there is of this run already.
    """
    copy = RunDirectory(claim.run).input_copy
    if copy.exists():
        return
    with claim.path.open("rb") as file, AtomicFile(copy) as kept:
        kept.write_from(file)
        kept.commit()


def _ending_of(run: ApprovedRun, summary: Summary) -> FileEnding:
    if too_many := run.ended_by_its_updates():
        return Failed(f"stopped: {too_many}; {summary.not_started} were not started")
    return Postponed(summary.stopped) if summary.stopped is not None else _ending_by(summary)


def _ending_by(summary: Summary) -> Failed | None:
    """How a file ends whose run came to its end."""
    if bad := summary.total - summary.succeeded - summary.unchanged:
        codes = ", ".join(f"{code} {count}" for code, count in summary.errors.items())
        left_out = ""
        if isinstance(summary.superseded, Superseded):
            left_out = f" {summary.superseded.updates} of them would undo a later update."
        return Failed(
            f"{bad} of {summary.total} updates did not succeed: {codes}.{left_out} Each is in"
            " results.jsonl of its run."
        )
    return None


def _ending_after(error: BatcherError, folder: str) -> Failed | Postponed:
    """Not to be tried again when the file itself is wrong, or its run directory another's.

    ``folder``: that it has been in so far, and is in no more when the reason is read.
    """
    reason, cause = str(error).replace(folder, ""), error.__cause__
    match error:
        case InputError(__cause__=OSError()) if _is_of_the_host(cause):
            return Postponed(reason)
        case InputError() | DamageError():
            return Failed(reason)
        case OtherRunError():
            return Failed(
                f"its run was begun otherwise: {error.differences}. To go on with it, start the"
                " worker with that as it was, and put the file back with batcher queue redrive. To"
                " do all of the file as a new one, move its run directory away first."
            )
        case RunDirectoryError(__cause__=OSError()):
            return Postponed(reason, of_file=not _is_of_the_host(cause))
        case RunDirectoryError():
            return Failed(reason)
    return Postponed(reason)


def _is_of_the_host(error: BaseException | None) -> bool:
    """Whether any file would meet that now."""
    if isinstance(error, OSError):
        return error.errno in (*OF_THE_HOST, errno.EFBIG)
    return isinstance(error, MemoryError) or is_out_of_threads(error)


def _place_of(error: BaseException) -> str:
    """What was raised and where, without what it may hold of the file."""
    what = error.strerror if isinstance(error, OSError) else None
    calls = traceback.extract_tb(error.__traceback__)[-2:]
    where = " < ".join(f"{Path(call.filename).name}:{call.lineno}" for call in reversed(calls))
    return f"{what or type(error).__name__} at {where}"
