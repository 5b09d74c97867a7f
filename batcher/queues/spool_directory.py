"""A spool directory: whole files of updates, each claimed by one worker at a time.

    DIR/NAME.jsonl           waits; written under a name with a dot first, so that it is whole when
                             it is seen
    DIR/claimed/NAME.jsonl   being worked through; NAME.jsonl.lock is flocked by its worker,
                             NAME.run is its run directory (that of NAME.jsonl.gz and
                             NAME.jsonl.zst too, so only one of the three is here at a time)
    DIR/done/, DIR/failed/   both of them after the end; NAME.jsonl.wrong says why it failed

The kernel releases the lock of a worker that dies, so a claimed file whose lock is free was left by
one that died. Nothing is read here but names; several hosts can share a directory where rename
and flock work across them (a local disk, NFSv4).
"""

import os
from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import suppress
from pathlib import Path

import anyio
import msgspec

from batcher.clock import SystemClock
from batcher.errors import OutputError, OutputExistsError, QueueError
from batcher.ports import Claim
from batcher.records import Depth, Update
from batcher.storage.atomic_file import AtomicFile, write_atomically
from batcher.storage.directory_check import why_not_own
from batcher.storage.file_lock import try_lock
from batcher.storage.file_system import make_directory, move, remove

ENDINGS = (".jsonl", ".jsonl.gz", ".jsonl.zst")
# seconds; a directory read now and then works on every file system, unlike notices of the kernel
POLL = 0.2

_encode = msgspec.json.Encoder().encode


class SpoolDirectory:
    """ports.Spool and ports.Producer over a directory. Raises QueueError when it can't be used.

    ``create``: make it when it is not there.
    """

    def __init__(self, path: Path, *, create: bool = True) -> None:
        self.path = path
        self._claimed, self._done, self._failed = path / "claimed", path / "done", path / "failed"
        self._locks: dict[str, int] = {}
        self._clock = SystemClock()
        folders = (path, self._claimed, self._done, self._failed)
        try:
            if not create and not all(each.is_dir() for each in folders):
                raise QueueError(
                    f"{path}: no spool directory is there. batcher enqueue and batcher worker make"
                    " one."
                )
            for each in folders:
                if os.path.lexists(each) and (why := why_not_own(each)) is not None:
                    raise QueueError(
                        f"{each}: can't be used as spool directory: {why}. What others change there"
                        " would be sent. Nothing in it was touched."
                    )
                make_directory(each)
        except OSError as error:
            raise QueueError(
                f"{path}: can't be used as spool directory: {error.strerror}."
            ) from error

    def __repr__(self) -> str:
        return f"<SpoolDirectory {self.path}, holds {', '.join(self._locks) or 'nothing'}>"

    async def claim(self, skip: Collection[str] = ()) -> Claim:
        """Claim the oldest file that nobody has, a dead worker's first; waits until there is one.

        ``skip``: names of files to leave out. Raises QueueError.
        """
        while True:
            if (claim := self.try_claim(skip)) is not None:
                return claim
            await anyio.sleep(POLL)

    def try_claim(self, skip: Collection[str] = ()) -> Claim | None:
        """Claim a file as ``claim`` does, without waiting; None when there is none."""
        try:
            for path in (*_oldest_first(self._claimed), *_oldest_first(self.path)):
                if path.name not in skip and (claim := self._claim_file(path)) is not None:
                    return claim
        except OSError as error:
            raise QueueError(
                f"{self.path}: can't be read: {error.strerror}. Trying again may help."
            ) from error
        return None

    def _claim_file(self, path: Path) -> Claim | None:
        """Lock first, then rename: so a file in ``claimed`` without a lock is a dead worker's."""
        name = path.name
        if (lock := try_lock(self._lock_of(name))) is None:
            return None
        mine = self._claimed / name
        try:
            if not (resumed := mine.exists()):
                if self._in_use(name):
                    os.close(lock)
                    return None
                self._set_aside_run_of(mine)
                move(path, mine)
        except FileNotFoundError:  # another worker had it, and may have ended it by now
            self._unlock(name, lock)
            return None
        except OSError:
            self._unlock(name, lock)
            raise
        self._locks[name] = lock
        return Claim(name=name, path=mine, run=_run_of(mine), resumed=resumed)

    def _lock_of(self, name: str) -> Path:
        """The lock of all files that share a run directory."""
        return self._claimed / f"{_stem(name)}.jsonl.lock"

    def _in_use(self, name: str) -> bool:
        """Whether the run directory of that file is that of one in ``claimed``."""
        return any((self._claimed / f"{_stem(name)}{ending}").exists() for ending in ENDINGS)

    def _set_aside_run_of(self, mine: Path) -> None:
        """Move away the run of an earlier file of this name, whose worker died moving the two."""
        stale = _run_of(mine)
        if stale.exists():
            move(stale, _run_of(self._done / _free_name(self._done, mine.name)))

    def done(self, claim: Claim) -> None:
        """Move a file, and its run directory, to ``done``."""
        self._end(claim, self._done)

    def failed(self, claim: Claim, wrong: str) -> None:
        """Move a file, and its run directory, to ``failed``, and write beside it what is wrong."""
        self._end(claim, self._failed, wrong)

    def _end(self, claim: Claim, to: Path, wrong: str | None = None) -> None:
        name = _free_name(to, claim.name)
        try:
            if wrong is not None:
                write_atomically(to / f"{name}.wrong", (wrong.rstrip() + "\n").encode())
            move(claim.path, to / name)
            # last: a file without its run directory would be worked through once more
            if claim.run.exists():
                move(claim.run, _run_of(to / name))
        except OSError as error:
            raise QueueError(f"{claim.path}: can't be moved to {to}: {error.strerror}.") from error
        self._unlock(claim.name, self._locks.pop(claim.name))

    def release(self, claim: Claim) -> None:
        """Let go of a file: it stays in ``claimed``, and another worker resumes it."""
        os.close(self._locks.pop(claim.name))

    def _unlock(self, name: str, lock: int) -> None:
        """The lock file goes while it is held, and only when there is nothing to lock any more."""
        with suppress(OSError):  # one that stays behind locks nothing
            if not self._in_use(name):
                remove(self._lock_of(name))
        os.close(lock)

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
        waiting = list(_oldest_first(self.path))
        oldest = waiting[0].stat().st_mtime if waiting else None
        return Depth(
            waiting=len(waiting),
            held=len(list(_oldest_first(self._claimed))),
            dead=len(list(_oldest_first(self._failed))),
            oldest_seconds=max(0.0, self._clock.epoch() - oldest) if oldest else None,
        )

    def failures(self) -> dict[str, str]:
        """The names of the files that failed, oldest first, and the first line of why."""
        found = {}
        for path in _oldest_first(self._failed):
            reason = path.with_name(f"{path.name}.wrong")
            found[path.name] = reason.read_text().partition("\n")[0] if reason.exists() else ""
        return found

    def redrive(self, name: str) -> None:
        """Put a file that failed in once more, as a new one; its run directory stays.

        Raises QueueError when one of that name waits already.
        """
        failed, there = self._failed / name, self.path / name
        try:
            os.utime(failed)  # it waits from now on
            move(failed, there)
        except FileExistsError:
            raise QueueError(
                f"{there}: waits already. Put {failed} back when that is done."
            ) from None
        except OSError as error:
            raise QueueError(f"{failed}: can't be put back: {error.strerror}.") from error


def _oldest_first(folder: Path) -> Iterator[Path]:
    """Files of updates, by the time they were written, then by name."""
    found = []
    with os.scandir(folder) as entries:
        for entry in entries:
            if entry.name.endswith(ENDINGS) and not entry.name.startswith("."):
                with suppress(FileNotFoundError):  # taken in the meantime
                    found.append((entry.stat().st_mtime_ns, entry.name))
    return (folder / name for _, name in sorted(found))


def _run_of(path: Path) -> Path:
    """The run directory that belongs to a file."""
    return path.with_name(f"{_stem(path.name)}.run")


def _stem(name: str) -> str:
    return name[: name.rindex(".jsonl")]


def _free_name(folder: Path, name: str) -> str:
    """The name, with a number where a file of that name ended before."""
    stem, ending = _stem(name), name[name.rindex(".jsonl") :]
    number, free = 1, name
    while (folder / free).exists() or _run_of(folder / free).exists():
        number += 1
        free = f"{stem}-{number}{ending}"
    return free
