"""Which worker has a file of a spool directory: locks, and moves into ``claimed``.

Two files of one stem share a lock, since they would share a run directory.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from batcher.ports import Claim
from batcher.queues.spool_files import ENDINGS, free_name, run_of, stamp_of, stem_of
from batcher.storage.file_lock import try_lock
from batcher.storage.file_system import move, remove


class SpoolClaims:
    """The files that this process has in ``claimed``.

    ``done``, ``failed``: where runs go that were left.
    """

    def __init__(self, claimed: Path, done: Path, failed: Path) -> None:
        self._claimed, self._done, self._failed = claimed, done, failed
        self._locks: dict[str, int] = {}

    def __iter__(self) -> Iterator[str]:
        return iter(self._locks)

    def __repr__(self) -> str:
        return f"<SpoolClaims of {', '.join(self._locks) or 'nothing'}>"

    def take(self, path: Path, name: str) -> Claim | None:
        """Claim a file, under that name; None where another worker has it.

        Lock first, then rename: so a file in ``claimed`` without a lock is a dead worker's. Raises
        OSError, DamageError.
        """
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
        return Claim(name=name, path=mine, run=run_of(mine), resumed=resumed, stamp=stamp_of(mine))

    def release(self, claim: Claim) -> None:
        """Let go of a file that stays where it is."""
        os.close(self._locks.pop(claim.name))

    def end(self, claim: Claim) -> None:
        """Let go of a file that is there no more."""
        self._unlock(claim.name, self._locks.pop(claim.name))

    @contextmanager
    def hold(self, name: str) -> Iterator[Path | None]:
        """Where a file of that name is to be put, while nobody else can claim one of its name.

        None: somebody works on one. Raises OSError, DamageError.
        """
        if (lock := try_lock(self._lock_of(name))) is None:
            yield None
            return
        try:
            if self._in_use(name):
                yield None
                return
            mine = self._claimed / name
            self._set_aside_run_of(mine)
            yield mine
        finally:
            self._unlock(name, lock)

    def _lock_of(self, name: str) -> Path:
        """The lock of all files that share a run directory."""
        return self._claimed / f"{stem_of(name)}.jsonl.lock"

    def _in_use(self, name: str) -> bool:
        """Whether the run directory of that file is that of one in ``claimed``."""
        return any((self._claimed / f"{stem_of(name)}{ending}").exists() for ending in ENDINGS)

    def _set_aside_run_of(self, mine: Path) -> None:
        """Move away the run of an earlier file of this name: who moved the two died over it."""
        if not (stale := run_of(mine)).exists():
            return
        file = self._failed / mine.name
        if not file.exists() or run_of(file).exists():
            file = self._done / free_name(self._done, mine.name)
        move(stale, run_of(file))

    def _unlock(self, name: str, lock: int) -> None:
        """The lock file goes while it is held, and only when there is nothing to lock any more."""
        with suppress(OSError):  # one that stays behind locks nothing
            if not self._in_use(name):
                remove(self._lock_of(name))
        os.close(lock)
