"""The state file: read at the start, written at the end, and at most once a second."""

import asyncio
import json
import os
from pathlib import Path

from batcher.emulator.store import Store

WRITE_EVERY = 1.0  # seconds


class StateFile:
    """Keeps a store in a file; each version is put in place whole, mode 0600."""

    def __init__(self, path: Path, store: Store) -> None:
        self._path = path
        self._store = store
        self._changed = asyncio.Event()

    def load(self) -> bool:
        """Whether there was a file to load.

        ValueError naming it when it is no state of the emulator.
        """
        try:
            self._store.load(json.loads(self._path.read_bytes()))
        except FileNotFoundError:
            self.save()  # now rather than at the end, when it would be too late to give another
            return False
        except (ValueError, RecursionError) as error:
            raise ValueError(f"state file {self._path}: {error}") from None
        return True

    def save(self) -> None:
        part = self._path.with_name(f"{self._path.name}.part")
        descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with open(descriptor, "w", encoding="utf-8") as file:
            json.dump(self._store.dump(), file)
        part.replace(self._path)

    def touch(self) -> None:
        self._changed.set()

    async def keep(self) -> None:
        """Writes after changes, until cancelled."""
        while True:
            await self._changed.wait()
            self._changed.clear()
            self.save()
            await asyncio.sleep(WRITE_EVERY)
