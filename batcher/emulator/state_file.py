"""The state file: read at the start, written at the end, and at most once a second.

A file that the emulator did not write or load is never replaced.
"""

import asyncio
import json
import os
import secrets
import stat
from contextlib import suppress
from pathlib import Path

from batcher.emulator.store import Store

WRITE_EVERY = 1.0  # seconds


class StateFile:
    """Keeps a store in a file; each version is put in place whole, mode 0600."""

    def __init__(self, path: Path, store: Store) -> None:
        self._path = path
        self._store = store
        self._changed = asyncio.Event()
        self._ours: os.stat_result | None = None  # of the version that was loaded or written last

    def load(self) -> bool:
        """Whether there was a file to load.

        ValueError naming it when it is no state of the emulator.
        """
        try:
            file = os.open(self._path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
        except FileNotFoundError:
            self.save()  # now rather than at the end, when it would be too late to give another
            return False
        with open(file, "rb") as opened:
            self._ours = os.fstat(file)
            if not stat.S_ISREG(self._ours.st_mode):
                raise ValueError(f"state file {self._path}: it is no regular file")
            try:
                self._store.load(json.loads(opened.read()))
            except (ValueError, RecursionError) as error:
                raise ValueError(f"state file {self._path}: {error}") from None
        return True

    def save(self) -> None:
        """Put the state in place. Raises OSError, where something else did so meanwhile, too."""
        part = self._path.with_name(f".batcher-{secrets.token_hex(8)}.new")
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW
        with open(os.open(part, flags, 0o600), "w", encoding="utf-8") as file:
            try:
                os.fchmod(file.fileno(), 0o600)
                json.dump(self._store.dump(), file)
                file.flush()
                self._put_in_place(part)
                self._ours = os.fstat(file.fileno())
            finally:
                with suppress(FileNotFoundError):
                    part.unlink()

    def _put_in_place(self, part: Path) -> None:
        found = os.lstat(self._path) if os.path.lexists(self._path) else None
        if found is None:
            # taken exclusively, then replaced: never what came there meanwhile
            os.close(os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
            part.replace(self._path)
        elif self._ours is not None and os.path.samestat(found, self._ours):
            part.replace(self._path)
        else:
            raise FileExistsError(f"state file {self._path}: something else wrote it meanwhile")

    def touch(self) -> None:
        self._changed.set()

    async def keep(self) -> None:
        """Writes after changes, until cancelled."""
        while True:
            await self._changed.wait()
            self._changed.clear()
            self.save()
            await asyncio.sleep(WRITE_EVERY)
