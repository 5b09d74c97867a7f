"""Sending the complete files of a results directory to where they are kept for good."""

import os
from dataclasses import dataclass
from pathlib import Path

import anyio
from structlog.typing import FilteringBoundLogger

from batcher.backoff import Backoff
from batcher.errors import DamageError, UploadError
from batcher.ports import Uploader
from batcher.resettable_event import ResettableEvent
from batcher.storage.file_lock import try_lock
from batcher.storage.file_system import remove
from batcher.storage.results_files import IMAGES, ResultsFiles

PAUSE, LONGEST_PAUSE = 1.0, 60.0  # seconds after a file that could not be sent


@dataclass(eq=False, repr=False)
class ResultsSender:
    """Sends files, oldest first, and removes each when it has arrived.

    ``waiting``: how many there were when it looked last, which it does with each change.
    """

    files: ResultsFiles
    uploader: Uploader
    log: FilteringBoundLogger

    def __post_init__(self) -> None:
        self._completed = ResettableEvent()
        self.waiting = 0

    def notify(self) -> None:
        """Say that there is another complete file."""
        self._look()
        self._completed.set()

    async def run(self) -> None:
        """Send what is there and what comes. Runs until it is cancelled.

        A file that can't be sent holds the others back for no longer than a pause.
        """
        backoff = Backoff(PAUSE, LONGEST_PAUSE)
        while True:
            self._completed.clear()
            left = False
            for path in self._look():
                if await self._send(path):
                    backoff.reset()
                else:
                    left = True
                    await anyio.sleep(backoff.next_pause())
            if not left:
                await self._completed.wait()

    async def send_rest(self, within: float) -> None:
        """Send what is there, for so many seconds and to the first that can't be sent."""
        with anyio.move_on_after(within):
            for path in self._look():
                if not await self._send(path):
                    break

    def _look(self) -> list[Path]:
        complete = self.files.complete()
        self.waiting = len(complete)
        return complete

    async def _send(self, path: Path) -> bool:
        """Send one file, unless another worker is sending it; False: look at it again later."""
        try:
            if (lock := try_lock(path, create=False)) is None:
                return path not in self.files.complete()
            try:
                if path.parent.name == IMAGES:
                    await self.uploader.send(path, IMAGES)
                else:
                    await self.uploader.send(path)
                remove(path)
                self.waiting -= 1
            finally:
                os.close(lock)
        except (UploadError, OSError, DamageError) as error:
            self._look()
            self.log.warning(
                "results.not_sent", part=path.name, waiting=self.waiting, reason=str(error)
            )
            return False
        return True
