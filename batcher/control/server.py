"""The control socket of a run or a worker: where it is told to pause, to slow down, to stop.

One request a connection. Who connects is slow, silent or hostile at his own cost: each is given a
few seconds and few bytes, and only the owner and root are heard.
"""

import os
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any, Protocol

import anyio
from structlog.typing import FilteringBoundLogger

from batcher.control.messages import (
    REQUEST_AT_MOST,
    ControlReply,
    ControlRequest,
    as_line,
    parse_rate,
    parse_share,
    read_request,
)
from batcher.control.peer import Peer, peer_of
from batcher.engine.pace_control import PaceControl
from batcher.errors import ControlError
from batcher.storage.file_lock import lock_of, note_holder, try_lock
from batcher.storage.file_system import create_socket, remove
from batcher.task_groups import open_task_group

AT_WORK = "at work"  # the state of who waits for nothing
CTL = "ctl"  # by whom pauses and bounds are, in a PaceControl
AT_ONCE = 8  # connections
WITHIN = 5.0  # seconds for a request and its reply
PAUSE = 1.0  # seconds after a connection that could not be taken


class AtWork(Protocol):
    """What is controlled: a run, or a worker."""

    @property
    def stopping(self) -> bool:
        """Whether it takes nothing new any more."""
        ...

    def status(self) -> dict[str, Any]:
        """Where it stands, as JSON; ``progress``: that in words, ``state``: one of its own."""
        ...

    def stop(self) -> None:
        """Stop as at a first signal. Called once."""
        ...


class ControlServer:
    """Answers requests over a socket that listens."""

    def __init__(
        self,
        listening: socket.socket,
        at_work: AtWork,
        control: PaceControl,
        log: FilteringBoundLogger,
        *,
        within: float = WITHIN,
    ) -> None:
        self._socket = listening
        self._at_work = at_work
        self._control = control
        self._log = log
        self._within = within
        self._free = anyio.Semaphore(AT_ONCE)
        self._told_to_stop = False  # it takes a moment until that counts

    async def serve(self) -> None:
        """Answer whoever connects. Runs until it is cancelled."""
        async with open_task_group() as tasks:
            while True:
                await self._free.acquire()
                await anyio.wait_readable(self._socket)
                try:
                    connection, _ = self._socket.accept()
                except OSError as error:  # who connected has gone, or no descriptor is left
                    self._free.release()
                    self._log.debug("control.not_accepted", reason=error.strerror)
                    await anyio.sleep(PAUSE)
                    continue
                tasks.start_soon(self._answer, connection)

    async def _answer(self, connection: socket.socket) -> None:
        try:
            with connection, anyio.move_on_after(self._within), suppress(OSError):
                connection.setblocking(False)
                peer = await peer_of(connection)
                await _send(connection, as_line(await self._reply(connection, peer)))
        finally:
            self._free.release()

    async def _reply(self, connection: socket.socket, peer: Peer) -> ControlReply:
        try:
            line = await _line(connection)
            if peer.uid not in (None, 0, os.geteuid()):
                raise ControlError(
                    f"{peer} may not tell it anything: its own user and root may. Act as one of"
                    " them."
                )
            self._do(read_request(line), peer)
        except ControlError as error:
            self._log.warning("control.refused", reason=str(error), by=str(peer))
            return ControlReply(error=str(error))
        return ControlReply(status=self.status())

    def _do(self, request: ControlRequest, peer: Peer) -> None:
        control, command, value = self._control, request.command, request.value
        if command == "status":
            return
        self._log.warning("control.told", command=command, value=value, by=str(peer))
        match command:
            case "pause":
                control.pause(CTL, f"by {peer} at {control.clock.wall()}")
            case "resume":
                control.resume(CTL)
            case "rate":
                control.bound(CTL, rate=parse_rate(value), share=control.shares.get(CTL))
            case "share":
                control.bound(CTL, rate=control.rates.get(CTL), share=parse_share(value))
            case "stop" if not self._stopping:
                self._told_to_stop = True
                self._at_work.stop()

    @property
    def _stopping(self) -> bool:
        return self._told_to_stop or self._at_work.stopping

    def status(self) -> dict[str, Any]:
        """Where it stands, and what it was told."""
        control = self._control
        status = self._at_work.status()
        state = "paused" if control.pauses else status.get("state", AT_WORK)
        return {
            **status,
            "state": "stopping" if self._stopping else state,
            "paused": control.pauses,
            "rates": control.rates,
            "shares": control.shares,
        }


@asynccontextmanager
async def serving(
    path: Path, at_work: AtWork, control: PaceControl, log: FilteringBoundLogger
) -> AsyncIterator[None]:
    """Listen by that name while entered; the socket is removed at the end.

    Only for who holds the place. Raises DamageError for what is no socket of this user, and
    ControlError where there can be none.
    """
    try:
        listening = create_socket(path)
    except OSError as error:
        raise ControlError(f"{path}: there can be no socket: {error.strerror or error}.") from error
    made = os.lstat(path)
    with listening:
        try:
            async with open_task_group() as tasks:
                tasks.start_soon(ControlServer(listening, at_work, control, log).serve)
                yield
                tasks.cancel_scope.cancel()
        finally:
            with suppress(OSError):  # whatever has that name by now, if it is not ours, stays
                if os.path.samestat(made, os.lstat(path)):
                    remove(path)


@asynccontextmanager
async def serving_alone(
    path: Path, at_work: AtWork, control: PaceControl, log: FilteringBoundLogger
) -> AsyncIterator[None]:
    """Serve as ``serving`` does where nobody holds the place yet: a lock beside the socket says so.

    Raises ControlError also where another process holds it.
    """
    lock = lock_of(path)
    try:
        if (held := try_lock(lock)) is None:
            raise ControlError(
                f"--control {path}: another process listens there. Give each worker a path of its"
                " own."
            )
    except OSError as error:
        raise ControlError(f"--control {path}: {error.strerror}. Give another path.") from error
    try:
        note_holder(held)
        async with serving(path, at_work, control, log):
            yield
    finally:
        with suppress(OSError):
            remove(lock)
        os.close(held)


async def _line(connection: socket.socket) -> bytes:
    """What is said, up to the end of the line. Raises ControlError, OSError."""
    said = b""
    while b"\n" not in said:
        await anyio.wait_readable(connection)
        part = connection.recv(REQUEST_AT_MOST)
        said += part
        if not part or len(said) > REQUEST_AT_MOST:
            raise ControlError(f"no request: a line of {REQUEST_AT_MOST} bytes at most is one.")
    return said.partition(b"\n")[0]


async def _send(connection: socket.socket, line: bytes) -> None:
    while line:
        await anyio.wait_writable(connection)
        line = line[connection.send(line) :]
