"""A worker's life: what it is told by signals, whether it is alive and ready, what it waits for.

No queue and no AWS here. The watchdog is a thread of its own: it notices a loop that is stuck, says
where, and ends the process, so that its supervisor starts a new one; by then nothing can be lost
that a crash could not lose.
"""

import faulthandler
import os
import socket
import sys
import threading
import time
from contextlib import suppress

import anyio
from structlog.typing import FilteringBoundLogger

from batcher.resettable_event import ResettableEvent
from batcher.signals import run_signals

HEARTBEAT = 1.0  # seconds
STUCK_AFTER = 60.0  # seconds without a beat
STUCK = 70  # exit code, EX_SOFTWARE


class Health:
    """What happens to one worker. ``grace``: seconds that a signal leaves for what is in flight."""

    def __init__(self, log: FilteringBoundLogger, *, grace: float) -> None:
        self.stop = anyio.Event()
        self.stop_now = anyio.Event()
        self.reload = ResettableEvent()
        self.interrupted = False
        self.begun = False  # it has asked its queue for work, and was answered
        self.last_heartbeat = time.monotonic()
        self._grace = grace
        self._log = log
        self._troubles: dict[str, str] = {}

    @property
    def trouble(self) -> str | None:
        """Why the worker is not ready, or None."""
        return "; ".join(self._troubles.values()) or (None if self.begun else "it is starting")

    def mark_unhealthy(self, part: str, reason: str) -> None:
        """That part of the worker can't work, and why; it is said once."""
        if self._troubles.get(part) != reason:
            self._log.warning("worker.not_ready", part=part, reason=reason)
        self._troubles[part] = reason

    def mark_healthy(self, part: str) -> None:
        """It can again."""
        if self._troubles.pop(part, None) is not None:
            self._log.warning("worker.recovered", part=part)

    async def pause(self, seconds: float) -> None:
        """Sleep, but no longer than until the worker is told to stop."""
        with anyio.move_on_after(seconds):
            await self.stop.wait()

    async def run_signals(self) -> None:
        """SIGTERM and SIGINT stop, the second one at once; SIGHUP reloads.

        Runs until it is cancelled.
        """
        await run_signals(
            grace=self._grace,
            drain=self._stop,
            abort=self.stop_now.set,
            grace_over=self.stop_now.set,
            reload=self.reload.set,
        )

    def _stop(self) -> None:
        self._log.warning("worker.stopping", grace_seconds=self._grace)
        self.interrupted = True
        self.stop.set()
        tell_supervisor("STOPPING=1")

    async def run_heartbeat(self) -> None:
        """Show that the loop turns. Runs until it is cancelled."""
        ended = threading.Event()
        threading.Thread(target=self._watch, args=[ended], name="watchdog", daemon=True).start()
        tell_supervisor("READY=1")
        try:
            while True:
                self.last_heartbeat = time.monotonic()
                tell_supervisor("WATCHDOG=1")
                await anyio.sleep(HEARTBEAT)
        finally:
            ended.set()

    def _watch(self, ended: threading.Event) -> None:
        while time.monotonic() - self.last_heartbeat < STUCK_AFTER:
            if ended.wait(HEARTBEAT):
                return
        self._log.error("worker.stuck", seconds=round(time.monotonic() - self.last_heartbeat, 1))
        faulthandler.dump_traceback(sys.stderr)  # where, without what any variable holds
        os._exit(STUCK)


def tell_supervisor(word: str) -> None:
    """Say a word of systemd's notification protocol, where systemd listens."""
    if address := os.environ.get("NOTIFY_SOCKET"):
        with suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as notes:
            notes.sendto(word.encode(), "\0" + address[1:] if address.startswith("@") else address)
