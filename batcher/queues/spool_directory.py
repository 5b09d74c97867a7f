"""A spool directory: whole files of updates, each claimed by one worker at a time.

    DIR/NAME.jsonl           waits; written under a name with a dot and renamed, so that it is whole
                             when it is seen
    DIR/claimed/NAME.jsonl   being worked through; NAME.jsonl.lock is flocked by its worker,
                             NAME.run is its run directory (that of NAME.jsonl.gz and
                             NAME.jsonl.zst too, so only one of the three is here at a time)
    DIR/done/, DIR/failed/   both of them after the end; NAME.jsonl.wrong says what was wrong

The kernel lets go of the lock of a worker that dies, so a claimed file whose lock can be had was
left by the dead. Nothing is read here but names; several hosts can share a directory where rename
and flock work across them (a local disk, NFSv4).
"""

import os
import time
from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import suppress
from pathlib import Path

import anyio
import msgspec

from batcher.errors import QueueError
from batcher.records import Claim, Depth, Update
from batcher.storage.atomic_file import LinesFile, sync_directory, write_atomically
from batcher.storage.file_lock import held

ENDINGS = (".jsonl", ".jsonl.gz", ".jsonl.zst")
# seconds; a directory read now and then works on every file system, unlike notices of the kernel
LOOK_AGAIN = 0.2

_encode = msgspec.json.Encoder().encode


class SpoolDirectory:
    """ports.Spool and ports.Producer over a directory. Raises QueueError when it can't be used.

    ``create``: make it when it is not there.
    """

    def __init__(self, path: Path, *, create: bool = True) -> None:
        self.path = path
        self._claimed, self._done, self._failed = path / "claimed", path / "done", path / "failed"
        self._locks: dict[str, int] = {}
        folders = (path, self._claimed, self._done, self._failed)
        try:
            if not create and not all(each.is_dir() for each in folders):
                raise QueueError(
                    f"{path}: no spool directory is there. batcher enqueue and batcher worker make"
                    " one."
                )
            for each in folders:
                each.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError as error:
            raise QueueError(
                f"{path}: can't be used as spool directory: {error.strerror}."
            ) from error

    def __repr__(self) -> str:
        return f"<SpoolDirectory {self.path}, holds {', '.join(self._locks) or 'nothing'}>"

    # the worker's side

    async def claim(self, skip: Collection[str] = ()) -> Claim:
        """The oldest file that nobody has and ``skip`` does not name; one that a dead worker left
        before any other.

        Raises QueueError.
        """
        while True:
            if (claim := self.claim_now(skip)) is not None:
                return claim
            await anyio.sleep(LOOK_AGAIN)

    def claim_now(self, skip: Collection[str] = ()) -> Claim | None:
        """The same without waiting: None when there is none."""
        try:
            for path in (*_oldest_first(self._claimed), *_oldest_first(self.path)):
                if path.name not in skip and (claim := self._take(path)) is not None:
                    return claim
        except OSError as error:
            raise QueueError(
                f"{self.path}: can't be read: {error.strerror}. Trying again may help."
            ) from error
        return None

    def _take(self, path: Path) -> Claim | None:
        """Lock first, then rename: a file in ``claimed`` whose lock is free was left by the
        dead.
        """
        name = path.name
        if (lock := held(self._lock_of(name))) is None:
            return None
        mine = self._claimed / name
        try:
            if not (resumed := mine.exists()):
                if self._in_use(name):
                    os.close(lock)
                    return None
                self._tidy(mine)
                path.rename(mine)
        except FileNotFoundError:  # another worker had it, and may have ended it by now
            self._unlock(name, lock)
            return None
        except OSError:
            self._unlock(name, lock)
            raise
        self._locks[name] = lock
        return Claim(name=name, path=mine, run=_run_of(mine), resumed=resumed)

    def _lock_of(self, name: str) -> Path:
        """One for all files that share a run directory."""
        return self._claimed / f"{_stem(name)}.jsonl.lock"

    def _in_use(self, name: str) -> bool:
        """Whether the run directory of that file is that of one in ``claimed``."""
        return any((self._claimed / f"{_stem(name)}{ending}").exists() for ending in ENDINGS)

    def _tidy(self, mine: Path) -> None:
        """A run directory left here is that of an earlier file of this name, whose worker died
        while it moved them.
        """
        left = _run_of(mine)
        if left.exists():
            left.rename(self._done / _run_of(self._done / _free_name(self._done, mine.name)).name)

    def done(self, claim: Claim) -> None:
        """Move it, and its run directory, to ``done``."""
        self._end(claim, self._done)

    def failed(self, claim: Claim, wrong: str) -> None:
        """Move it, and its run directory, to ``failed``, and write beside it what is wrong."""
        self._end(claim, self._failed, wrong)

    def _end(self, claim: Claim, to: Path, wrong: str | None = None) -> None:
        name = _free_name(to, claim.name)
        try:
            if wrong is not None:
                write_atomically(to / f"{name}.wrong", (wrong.rstrip() + "\n").encode())
            claim.path.rename(to / name)
            # last: a file without its run directory would be worked through once more
            if claim.run.exists():
                claim.run.rename(_run_of(to / name))
        except OSError as error:
            raise QueueError(f"{claim.path}: can't be moved to {to}: {error.strerror}.") from error
        self._unlock(claim.name, self._locks.pop(claim.name))

    def release(self, claim: Claim) -> None:
        """It stays claimed without a holder: the next worker, or a later one, resumes it."""
        os.close(self._locks.pop(claim.name))

    def _unlock(self, name: str, lock: int) -> None:
        """The lock file goes while it is held, and only when there is nothing to lock any more."""
        with suppress(OSError):  # one that stays behind locks nothing
            if not self._in_use(name):
                self._lock_of(name).unlink(missing_ok=True)
        os.close(lock)

    # the sides of producer and admin

    async def send(self, updates: Sequence[Update], batch: str) -> None:
        """One file named after the batch. Raises QueueError when there is one of that name."""
        self.drop(f"{batch}.jsonl", (_encode(update.as_line()) + b"\n" for update in updates))

    def drop(self, name: str, lines: Iterable[bytes]) -> None:
        """Put in a file, whole and durable before any worker sees it.

        Raises QueueError as ``send``.
        """
        beside, there = self.path / f".{name}.new", self.path / name
        if name.startswith("."):
            raise QueueError(
                f"{there}: workers take no name that begins with a dot. Give the file another name."
            )
        try:
            with LinesFile(beside) as file:
                for line in lines:
                    file.write(line)
                file.keep()
            os.link(beside, there)  # unlike a rename it does not replace one that still waits
            beside.unlink()
            sync_directory(self.path)
        except FileExistsError:
            beside.unlink()
            raise QueueError(f"{there}: waits already. Give the file another name.") from None
        except OSError as error:
            raise QueueError(f"{there}: can't be written: {error.strerror}.") from error

    async def depth(self) -> Depth:
        """In files."""
        waiting = list(_oldest_first(self.path))
        return Depth(
            waiting=len(waiting),
            held=len(list(_oldest_first(self._claimed))),
            dead=len(list(_oldest_first(self._failed))),
            oldest_seconds=max(0.0, time.time() - waiting[0].stat().st_mtime) if waiting else None,
        )

    def failures(self) -> dict[str, str]:
        """The files that failed by their names, oldest first: the first line of what was wrong
        with each.
        """
        wrongs = {
            path.name: path.with_name(f"{path.name}.wrong") for path in _oldest_first(self._failed)
        }
        return {
            name: wrong.read_text().partition("\n")[0] if wrong.exists() else ""
            for name, wrong in wrongs.items()
        }

    def redrive(self, name: str) -> None:
        """Put a file that failed in once more, as a new one; its run directory stays.

        Raises QueueError as ``send``.
        """
        failed, there = self._failed / name, self.path / name
        try:
            os.utime(failed)  # it waits from now on
            os.link(failed, there)
            failed.unlink()
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
    """The name itself, or with a number where a file of that name ended before."""
    stem, ending = _stem(name), name[name.rindex(".jsonl") :]
    number, free = 1, name
    while (folder / free).exists() or _run_of(folder / free).exists():
        number += 1
        free = f"{stem}-{number}{ending}"
    return free
