"""A spool directory: whole files of updates, each claimed by one worker at a time.

    DIR/NAME.jsonl           waits; it is taken once it was still for some seconds. Written under a
                             name with a dot first, it is whole when it is seen
    DIR/claimed/NAME.jsonl   being worked through; NAME.jsonl.lock is flocked by its worker,
                             NAME.run is its run directory (that of NAME.jsonl.gz and
                             NAME.jsonl.zst too, so only one of the three is here at a time)
    DIR/done/, DIR/failed/   both of them after the end; NAME.jsonl.wrong says why it failed

The kernel releases the lock of a worker that dies, so a claimed file whose lock is free was left by
one that died, or put back with its run. Nothing is read here but names; several hosts can share a
directory where rename and flock work across them (a local disk, NFSv4).
"""

import errno
import os
from collections import deque
from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

import anyio
import msgspec

from batcher.clock import SystemClock
from batcher.errors import (
    DamageError,
    MissingQueueError,
    OutputError,
    OutputExistsError,
    QueueError,
)
from batcher.foreign_text import printable, shortened
from batcher.ports import Claim, Unclaimable
from batcher.queues.spool_claims import SpoolClaims
from batcher.queues.spool_files import (
    SpoolFile,
    StillnessCheck,
    files_in,
    free_name,
    is_as_seen,
    reason_of,
    run_of,
    stamp_of,
    working_name,
)
from batcher.records import Depth, Update
from batcher.storage.atomic_file import AtomicFile, write_atomically
from batcher.storage.directory_check import why_not_own
from batcher.storage.file_system import OF_THE_HOST, make_directory, move, remove
from batcher.storage.regular_file import read_document

# seconds; a directory read now and then works on every file system, unlike notices of the kernel
POLL = 0.2
LOOKING = 0.1  # of the time at most goes to reading the directory, also of a hundred thousand files
STILL_FOR = 5.0  # seconds that a file was not written to when it is taken
_OF_THE_PLACE = (*OF_THE_HOST, errno.EACCES)  # of the directory, not of one file

REASON_AT_MOST = 10_000  # characters of what is wrong with a file

_encode = msgspec.json.Encoder().encode


class SpoolDirectory:
    """ports.Spool and ports.Producer over a directory. Raises QueueError when it can't be used.

    ``create``: make it when it is not there. ``still_for``: seconds that a file was not written to
    when it is taken.
    """

    depth_every = 1.0

    def __init__(self, path: Path, *, create: bool = True, still_for: float = STILL_FOR) -> None:
        self.path = path
        self._stillness = StillnessCheck(still_for)
        self._claimed, self._done, self._failed = path / "claimed", path / "done", path / "failed"
        self._claims = SpoolClaims(self._claimed, self._done, self._failed)
        self._clock = SystemClock()
        self._waiting = deque[SpoolFile]()  # and were still, at the last look
        self._look_at = 0.0  # monotonic seconds; earlier where none is left of these
        folders = (path, self._claimed, self._done, self._failed)
        try:
            for each in folders:
                if os.path.lexists(each) and (why := why_not_own(each)) is not None:
                    raise QueueError(
                        f"{each}: can't be used as spool directory: {why}. What others change there"
                        " would be sent. Nothing in it was touched."
                    )
            if not create and not all(each.is_dir() for each in folders):
                raise MissingQueueError(
                    f"{path}: no spool directory is there. batcher enqueue and batcher worker make"
                    " one."
                )
            if not any(each.exists() for each in folders[1:]):
                self._refuse_other_use()
            for each in folders:
                make_directory(each)
        except OSError as error:
            raise QueueError(
                f"{path}: can't be used as spool directory: {error.strerror}."
            ) from error

    def _refuse_other_use(self) -> None:
        """Raise QueueError where it is no spool directory yet, and has been for something else."""
        names = sorted(os.listdir(self.path)) if self.path.exists() else []
        found = next((name for name in names if not _may_be_put_first(name)), None)
        if found is not None:
            raise QueueError(
                f"{self.path}: is no spool directory yet, and holds {printable(found)!r}: each"
                " .jsonl in it would be sent. Give a directory of its own; if it is meant, make"
                " the directory claimed in it first. Nothing in it was touched."
            )

    def __repr__(self) -> str:
        return f"<SpoolDirectory {self.path}, holds {', '.join(self._claims) or 'nothing'}>"

    @property
    def being_written(self) -> tuple[str, ...]:
        """Files that were not still at the last look."""
        return self._stillness.moving

    async def claim(self, skip: Collection[str] = ()) -> Claim | Unclaimable:
        """Claim the oldest file that nobody has, a dead worker's first; waits until there is one.

        ``skip``: names of files to leave out. Raises QueueError.
        """
        while True:
            if (claim := self.try_claim(skip)) is not None:
                return claim
            await anyio.sleep(max(POLL, self._look_at - self._clock.now()))

    def try_claim(self, skip: Collection[str] = ()) -> Claim | Unclaimable | None:
        """Claim a file as ``claim`` does, without waiting; None when there is none."""
        try:
            for file in files_in(self._claimed):
                name = file.path.name
                if name not in skip and (claim := self._claim_file(file, name)) is not None:
                    return claim
            return self._claim_waiting(skip)
        except OSError as error:
            raise QueueError(
                f"{self.path}: can't be read: {error.strerror}. Trying again may help."
            ) from error

    def _claim_waiting(self, skip: Collection[str]) -> Claim | Unclaimable | None:
        """Claim one that waits. Of many, the directory is not read for each."""
        if not self._waiting or self._clock.now() >= self._look_at:
            self._look()
        skipped = list[SpoolFile]()
        try:
            while self._waiting:
                file = self._waiting.popleft()
                if (name := working_name(file.path.name)) in skip:
                    skipped.append(file)
                elif not is_as_seen(file):
                    continue  # taken by another worker, written to, or mended since
                elif (claim := self._claim_file(file, name)) is not None:
                    return claim
        finally:
            self._waiting.extendleft(reversed(skipped))
        return None

    def _look(self) -> None:
        began, epoch = self._clock.now(), self._clock.epoch()
        self._waiting = deque(self._stillness.still(files_in(self.path), began, epoch))
        ended = self._clock.now()
        self._look_at = ended + (ended - began) / LOOKING

    def _claim_file(self, file: SpoolFile, name: str) -> Claim | Unclaimable | None:
        """None: another worker has it. Raises OSError for what is not that file's own fault."""
        try:
            if file.wrong is not None:
                return Unclaimable(name=name, path=file.path, reason=file.wrong)
            return self._claims.take(file.path, name)
        except (OSError, DamageError) as error:
            if isinstance(error, OSError) and error.errno in _OF_THE_PLACE:
                raise
            reason = f"can't be claimed: {getattr(error, 'strerror', None) or error}"
            return Unclaimable(name=name, path=file.path, reason=reason)

    def why_changed(self, claim: Claim) -> str | None:
        """Why a claimed file is not the one that was claimed, in words; None where it is."""
        now = stamp_of(claim.path)
        if now == claim.stamp:
            return None
        if claim.stamp is None or now is None:
            return "it was taken away, or replaced, while it was worked through."
        return (
            f"it was still being written: {claim.stamp.size:,} bytes when it was taken,"
            f" {now.size:,} by now. Put it in again when it is whole, best under a name that begins"
            " with a dot, renamed at the end. What was done by then is in its run directory."
        )

    def done(self, claim: Claim) -> None:
        """Move a file, and its run directory, to ``done``."""
        self._end(claim, self._done)

    def failed(self, claim: Claim | Unclaimable, wrong: str) -> None:
        """Move a file, and its run directory, to ``failed``, and write beside it what is wrong."""
        self._end(claim, self._failed, wrong)

    def _end(self, claim: Claim | Unclaimable, to: Path, wrong: str | None = None) -> None:
        """Raises QueueError when it can't be moved, and OutputError."""
        ended = to / free_name(to, claim.name)
        if wrong is not None:
            reason = shortened(wrong.rstrip(), REASON_AT_MOST).encode(errors="backslashreplace")
            write_atomically(reason_of(ended), reason + b"\n")
        try:
            move(claim.path, ended)
            # last: a file without its run directory would be worked through once more
            if isinstance(claim, Claim) and claim.run.exists():
                move(claim.run, run_of(ended))
        except OSError as error:
            if wrong is not None and not os.path.lexists(ended):
                with suppress(OSError):
                    remove(reason_of(ended))
            raise QueueError(f"{claim.path}: can't be moved to {to}: {error.strerror}.") from error
        if isinstance(claim, Claim):
            self._claims.end(claim)

    def release(self, claim: Claim) -> None:
        """Let go of a file: it stays in ``claimed``, and another worker resumes it."""
        self._claims.release(claim)

    async def send(self, updates: Sequence[Update], batch: str) -> None:
        """Put in one file named after the batch. Raises QueueError when it waits already."""
        self.put(f"{batch}.jsonl", (_encode(update.as_line()) + b"\n" for update in updates))

    def put(self, name: str, lines: Iterable[bytes]) -> None:
        """Put in a file, whole and durable before any worker sees it.

        Raises QueueError for a name that waits already, or that workers do not take.
        """
        there = self.path / name
        if name.startswith("."):
            raise QueueError(
                f"{there}: workers take no name that begins with a dot. Give the file another name."
            )
        try:
            with AtomicFile(there) as file:
                for line in lines:
                    file.write(line)
                file.commit()
        except OutputExistsError:
            raise QueueError(f"{there}: waits already. Give the file another name.") from None
        except OutputError as error:
            raise QueueError(str(error)) from error

    async def depth(self) -> Depth:
        """Count the files."""
        waiting = files_in(self.path)
        oldest = waiting[0].stamp.written_ns / 1e9 if waiting else None
        return Depth(
            waiting=len(waiting),
            held=len(files_in(self._claimed)),
            dead=len(files_in(self._failed)),
            oldest_seconds=max(0.0, self._clock.epoch() - oldest) if oldest else None,
        )

    def failures(self) -> dict[str, str]:
        """The names of the files that failed, oldest first, and the first line of why."""
        return {file.path.name: _why_failed(file) for file in files_in(self._failed)}

    def newest_failures(self, at_most: int) -> dict[str, str]:
        """As ``failures``, of those that failed last, newest first. Raises OSError."""
        files = sorted(files_in(self._failed), key=lambda file: file.changed_at, reverse=True)
        return {file.path.name: _why_failed(file) for file in files[:at_most]}

    @contextmanager
    def hold_failed(self, name: str) -> Iterator[Claim]:
        """A file that failed, while nobody can claim one of its name.

        Raises QueueError when one of that name is being worked through.
        """
        failed = self._failed / name
        try:
            with self._claims.hold(name) as mine:
                if mine is None:
                    raise QueueError(
                        f"{self._claimed / name}: is being worked through. Put {failed} back when"
                        " that is done."
                    )
                yield Claim(name=name, path=failed, run=run_of(failed), resumed=False)
        except OSError as error:
            raise QueueError(f"{failed}: can't be put back: {error.strerror}.") from error

    def put_back(self, failed: Claim) -> None:
        """Put a file that is held in once more, as a new one; its run directory stays.

        Raises QueueError when one of that name waits already, OSError.
        """
        there = self.path / failed.name
        os.utime(failed.path)  # it waits from now on
        try:
            move(failed.path, there)
        except FileExistsError:
            raise QueueError(
                f"{there}: waits already. Put {failed.path} back when that is done."
            ) from None
        if not failed.run.exists():  # else it says of that why it ended
            remove(reason_of(failed.path))

    def put_back_with_run(self, failed: Claim) -> None:
        """Put a file that is held back with its run directory, as if its worker had died.

        So the next worker goes on with it. Raises OSError.
        """
        mine = self._claimed / failed.name
        remove(reason_of(failed.path))
        # before the file: one without its run directory would be worked through once more
        move(failed.run, run_of(mine))
        move(failed.path, mine)


def _why_failed(file: SpoolFile) -> str:
    """The first line of what is wrong with a file; empty where that can't be read."""
    with suppress(OSError, DamageError):
        return read_document(reason_of(file.path)).decode(errors="replace").partition("\n")[0]
    return ""


def _may_be_put_first(name: str) -> bool:
    """Whether a file of that name may be in a spool directory before its first worker is."""
    return ".jsonl" in name or name.startswith(".") or name == "lost+found"
