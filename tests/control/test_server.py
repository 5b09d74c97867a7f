"""Who is connected can tell a run what to do, and can't hurt it: slow, silent, huge, many."""

import json
import os
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import pytest
from anyio import to_thread

from batcher.clock import SystemClock
from batcher.control.client import tell
from batcher.control.messages import REQUEST_AT_MOST, ControlRequest
from batcher.control.server import AT_ONCE, ControlServer, serving
from batcher.engine.pace_control import PaceControl
from batcher.errors import ControlError
from batcher.logs import logger
from batcher.storage.file_system import create_socket
from batcher.storage.unix_socket import connect_socket
from batcher.task_groups import open_task_group


class Job:
    """Something at work that counts how often it is stopped."""

    stopped = 0
    state = ""

    @property
    def stopping(self) -> bool:
        return self.stopped > 0

    def status(self) -> dict[str, Any]:
        return {"progress": "half-way"} | ({"state": self.state} if self.state else {})

    def stop(self) -> None:
        self.stopped += 1


async def ask(place: Path, command: Any, value: str | None = None) -> dict[str, Any]:
    request = ControlRequest(command=command, value=value)
    reply = await to_thread.run_sync(tell, place, request)
    return reply.status


async def test_a_run_is_paused_slowed_down_and_stopped_and_says_where_it_stands(
    tmp_path: Path,
) -> None:
    job, control, path = Job(), PaceControl(SystemClock()), tmp_path / "s"
    async with serving(path, job, control, logger()):
        control.pause("timetable", "by the timetable")
        paused = await ask(path, "pause")
        assert paused["state"] == "paused"
        assert f"(uid {os.getuid()}, process {os.getpid()}) at 20" in paused["paused"]["ctl"]
        await ask(path, "rate", "2.5")
        bounded = await ask(path, "share", "20%")
        assert (bounded["rates"], bounded["shares"]) == ({"ctl": 2.5}, {"ctl": 0.2})
        assert (control.rate, control.share) == (2.5, 0.2)
        resumed = await ask(path, "resume")  # what others asked for stays
        assert resumed["paused"] == {"timetable": "by the timetable"}
        assert (await ask(path, "rate", "auto"))["shares"] == {"ctl": 0.2}
        assert (await ask(path, "share", "auto"))["progress"] == "half-way"
        assert (control.rate, control.share) == (None, None)
        control.resume("timetable")
        assert (await ask(path, "status"))["state"] == "at work"
        job.state = "check running"
        assert (await ask(path, "status"))["state"] == "check running"
        for _ in range(2):  # a second signal would end it at once
            assert (await ask(path, "stop"))["state"] == "stopping"
        assert job.stopped == 1
    assert not path.exists()


@asynccontextmanager
async def impatient(path: Path) -> AsyncIterator[PaceControl]:
    """A server that gives each of its clients a fifth of a second."""
    control = PaceControl(SystemClock())
    with create_socket(path) as listening:
        server = ControlServer(listening, Job(), control, logger(), within=0.2)
        async with open_task_group() as tasks:
            tasks.start_soon(server.serve)
            yield control
            tasks.cancel_scope.cancel()


@pytest.mark.parametrize(
    "said",
    [
        b"",
        b"{",
        b"\n",
        b"\0\xff\n",
        b'{"command":"pause"',
        b"x" * (REQUEST_AT_MOST + 1),
        b"[" * (REQUEST_AT_MOST - 1) + b"\n",
    ],
    ids=["silent", "slow", "empty", "binary", "unended", "huge", "deep"],
)
async def test_whatever_others_say_or_do_not_say_who_asks_is_answered(
    tmp_path: Path, said: bytes
) -> None:
    path, others = tmp_path / "s", list[socket.socket]()
    async with impatient(path) as control:
        for _ in range(AT_ONCE + 3):
            others.append(connect_socket(path, 5.0))
            others[-1].sendall(said)
        assert (await ask(path, "status"))["progress"] == "half-way"
        assert control.paused is None
    for each in others:
        with each, each.makefile("rb") as replies:
            line = b""
            with suppress(ConnectionResetError):  # it has not read all of that
                line = replies.readline()
            assert line == b"" or json.loads(line)["error"]


async def test_a_client_that_goes_away_ends_nothing(tmp_path: Path) -> None:
    path = tmp_path / "s"
    async with impatient(path):
        for _ in range(AT_ONCE * 2):
            with connect_socket(path, 5.0) as gone:
                gone.sendall(b'{"command":"status"}\n')
        assert (await ask(path, "status"))["state"] == "at work"


async def test_what_took_its_name_meanwhile_stays(tmp_path: Path) -> None:
    path, control = tmp_path / "s", PaceControl(SystemClock())
    async with serving(path, Job(), control, logger()):
        path.rename(tmp_path / "moved")
        path.write_text("precious")
    assert path.read_text() == "precious"


async def test_where_there_can_be_no_socket_it_is_told(tmp_path: Path) -> None:
    path, control = tmp_path / "none" / "s", PaceControl(SystemClock())
    with pytest.raises(ControlError, match="there can be no socket: No such file"):
        async with serving(path, Job(), control, logger()):
            pass
