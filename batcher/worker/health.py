"""A worker's health: whether it is alive and ready, and what it was told by signals.

No queue and no AWS here. The watchdog is a thread of its own: it notices an event loop that is
stuck, says where, and ends the process, so that its supervisor starts a new one; by then nothing
can be lost that a crash could not lose.
"""

import faulthandler
import os
import socket
import sys
import threading
from collections.abc import Collection, Iterator
from contextlib import suppress
from functools import partial

import anyio
from structlog.typing import FilteringBoundLogger

from batcher.clock import SystemClock
from batcher.number_text import several
from batcher.resettable_event import ResettableEvent
from batcher.signals import run_signals
from batcher.status.snapshot import REASONS_TOLD, UnusableTarget

HEARTBEAT_EVERY = 1.0  # seconds
STUCK_AFTER = 60.0  # seconds without a heartbeat
STUCK = 70  # exit code, EX_SOFTWARE
_TARGET = "target "  # what parts begin with that are targets


class Health:
    """The state of one worker process: what works, what does not, what it was told.

    ``grace``: seconds that a signal leaves for what is in flight.
    """

    def __init__(self, log: FilteringBoundLogger, *, grace: float) -> None:
        self.stop = anyio.Event()
        self.stop_now = anyio.Event()
        self.reload = ResettableEvent()
        self._clock = SystemClock()
        self._last_heartbeat = self._clock.now()
        self._grace = grace
        self._log = log
        self._started = False
        self._unhealthy: dict[str, str] = {}
        self._stopped: dict[str, str] = {}

    @property
    def not_ready(self) -> str | None:
        """Why the worker is not ready; None: it is. Of many reasons the first are told."""
        parts = sorted(self._unhealthy, key=_is_of_target)
        if not parts:
            return None if self._started else "it is starting"
        told = [self._unhealthy[part] for part in parts[:REASONS_TOLD]]
        if (more := len(parts) - REASONS_TOLD) > 0:
            told.append(f"and {several(more, 'more target')} that can't be used")
        return "; ".join(told)

    def unusable(self) -> Iterator[UnusableTarget]:
        """The targets that can't be used now."""
        for part, reason in self._unhealthy.items():
            if _is_of_target(part):
                yield UnusableTarget(target=part.removeprefix(_TARGET), reason=reason)

    def mark_started(self) -> None:
        """Note that the queue has answered."""
        self._started = True

    def mark_unhealthy(self, part: str, reason: str) -> None:
        """Note why a part of the worker can't work; a reason is logged once."""
        if self._unhealthy.get(part) != reason:
            self._log.warning("worker.not_ready", part=part, reason=reason)
        self._unhealthy[part] = reason

    def mark_target(self, target: str, reason: str | None) -> None:
        """Note why a target can't be used; None: it can."""
        part = part_of_target(target)
        if reason is None:
            self.mark_healthy(part)
        else:
            self.mark_unhealthy(part, reason)

    def keep_targets(self, known: Collection[str]) -> None:
        """Say nothing more of targets that are known no more, but why one was stopped for good."""
        for each in list(self.unusable()):
            if each.target not in known:
                self.mark_target(each.target, None)

    def reason(self, part: str) -> str | None:
        """Why a part of the worker can't work; None: it can."""
        return self._unhealthy.get(part)

    def stop_for_good(self, part: str, reason: str) -> None:
        """Note that a part of the worker does nothing more in this process, and why."""
        self._log.error("worker.stopped_for_good", part=part, reason=reason)
        self._stopped[part] = reason
        self.mark_unhealthy(part, reason)

    def stopped(self, part: str) -> str | None:
        """Why a part of the worker does nothing more; None: it works, or is tried again."""
        return self._stopped.get(part)

    def mark_healthy(self, part: str) -> None:
        """Note that a part of the worker works, whether or not it did before."""
        if part not in self._stopped and self._unhealthy.pop(part, None) is not None:
            self._log.warning("worker.recovered", part=part)

    async def pause(self, seconds: float) -> None:
        """Sleep, but no longer than until the worker is told to stop or to reload."""
        with anyio.move_on_after(seconds):
            async with anyio.create_task_group() as waiting:
                for event in (self.stop, self.reload):
                    waiting.start_soon(cancel_when, event, waiting.cancel_scope)

    async def run_signals(self) -> None:
        """SIGTERM and SIGINT stop, the second one at once; SIGHUP reloads.

        Runs until it is cancelled.
        """
        await run_signals(
            grace=self._grace,
            drain=self._drain,
            abort=self.stop_now.set,
            grace_over=self.stop_now.set,
            reload=self.reload.set,
        )

    def _drain(self) -> None:
        self._log.warning("worker.stopping", grace_seconds=self._grace)
        self.stop.set()
        tell_supervisor("STOPPING=1")

    @property
    def heartbeat_age(self) -> float:
        """Seconds since the event loop last turned."""
        return self._clock.now() - self._last_heartbeat

    async def run_heartbeat(
        self, *, every: float = HEARTBEAT_EVERY, stuck_after: float = STUCK_AFTER
    ) -> None:
        """Show that the event loop turns, and have a watchdog look. Runs until it is cancelled."""
        ended = threading.Event()
        watchdog = partial(self._watch, ended, every, stuck_after)
        threading.Thread(target=watchdog, name="watchdog", daemon=True).start()
        tell_supervisor("READY=1")
        try:
            while True:
                self._last_heartbeat = self._clock.now()
                tell_supervisor("WATCHDOG=1")
                await anyio.sleep(every)
        finally:
            ended.set()

    def _watch(self, ended: threading.Event, every: float, stuck_after: float) -> None:
        """Count time in turns of its own: in a process that is frozen as a whole it stands too."""
        seen, silent = self._last_heartbeat, 0.0
        while silent < stuck_after:
            if ended.wait(every):
                return
            silent = silent + every if seen == self._last_heartbeat else 0.0
            seen = self._last_heartbeat
        self._log.error("worker.stuck", seconds=round(silent, 1))
        faulthandler.dump_traceback(sys.stderr)  # where, without what any variable holds
        os._exit(STUCK)


def part_of_target(target: str) -> str:
    """The part of a worker that a target is."""
    return f"{_TARGET}{target}"


def _is_of_target(part: str) -> bool:
    return part.startswith(_TARGET)


async def cancel_when(event: anyio.Event | ResettableEvent, scope: anyio.CancelScope) -> None:
    """Cancel a scope as soon as something has happened."""
    await event.wait()
    scope.cancel()


def tell_supervisor(state: str) -> None:
    """Send a state of systemd's notification protocol, where systemd listens."""
    if address := os.environ.get("NOTIFY_SOCKET"):
        address = "\0" + address[1:] if address.startswith("@") else address
        with suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as supervisor:
            supervisor.sendto(state.encode(), address)
