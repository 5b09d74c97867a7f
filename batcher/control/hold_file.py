"""A process that sends nothing while a file is there."""

import os
from pathlib import Path

from anyio import to_thread
from structlog.typing import FilteringBoundLogger

from batcher.engine.pace_control import PaceControl

HOLD_FILE = "hold file"  # by whom it is paused, in a PaceControl
LOOK_EVERY = 1.0  # seconds


class HoldFile:
    """Looks whether the file is there, whatever it is; where that can't be told, it is."""

    def __init__(self, path: Path, control: PaceControl, log: FilteringBoundLogger) -> None:
        self._path = path
        self._control = control
        self._log = log

    async def look(self) -> None:
        """Pause, or go on, as the file says; what changed is told once."""
        why = await to_thread.run_sync(_why_held, self._path, abandon_on_cancel=True)
        before = self._control.pauses.get(HOLD_FILE)
        if why == before:
            return
        if why is None:
            self._control.resume(HOLD_FILE)
            self._log.warning("hold_file.gone", path=str(self._path))
        else:
            self._control.pause(HOLD_FILE, why)
            self._log.warning("hold_file.found", path=str(self._path), reason=why)

    async def run(self) -> None:
        """Look each second. Runs until it is cancelled."""
        while True:
            await self._control.clock.sleep(LOOK_EVERY)
            await self.look()

    def let_go(self) -> None:
        """Pause no longer."""
        self._control.resume(HOLD_FILE)


def _why_held(path: Path) -> str | None:
    try:
        os.lstat(path)
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        return f"as nobody can tell whether {path} is there ({error.strerror})"
    return f"while {path} is there"
