"""A worker's loop that is stuck is noticed from outside, and its supervisor is told."""

import asyncio
import os
import signal
import socket
import sys
from pathlib import Path

import anyio
import pytest

from batcher.logs import logger
from batcher.worker.health import STUCK, Health
from tests.waiting import until

_STUCK = """
import anyio, time
from functools import partial
from batcher.logs import logger
from batcher.worker.health import Health

async def main():
    async with anyio.create_task_group() as tasks:
        health = Health(logger(), grace=1.0)
        tasks.start_soon(partial(health.run_heartbeat, every=0.05, stuck_after=0.3))
        await anyio.sleep(0.2)
        a_secret = "SECRET-VALUE-1"
        time.sleep(60)  # what no loop may do

anyio.run(main)
"""


async def test_a_stuck_loop_ends_the_process_and_says_where_without_saying_what() -> None:
    worker = await asyncio.create_subprocess_exec(
        sys.executable,
        "-c",
        _STUCK,
        stderr=asyncio.subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": os.getcwd()},
    )
    async with asyncio.timeout(30):
        _, err = await worker.communicate()
    assert worker.returncode == STUCK
    assert b"in main" in err
    assert b"SECRET" not in err


async def test_a_worker_that_was_frozen_as_a_whole_is_not_stuck() -> None:
    stuck, lives = "time.sleep(60)", "print(flush=True); await anyio.sleep(2); raise SystemExit(3)"
    worker = await asyncio.create_subprocess_exec(
        sys.executable,
        "-c",
        _STUCK.replace("stuck_after=0.3", "stuck_after=1.0").replace(stuck, lives),
        stdout=asyncio.subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": os.getcwd()},
    )
    assert worker.stdout is not None
    async with asyncio.timeout(60):
        assert await worker.stdout.readline() == b"\n"
        worker.send_signal(signal.SIGSTOP)
        thaw = anyio.current_time() + 3.0
        await until(lambda: anyio.current_time() > thaw)
        worker.send_signal(signal.SIGCONT)
        await worker.communicate()
    assert worker.returncode != STUCK


async def test_a_supervisor_that_listens_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as supervisor:
        supervisor.bind(str(tmp_path / "notify"))
        supervisor.setblocking(False)
        monkeypatch.setenv("NOTIFY_SOCKET", str(tmp_path / "notify"))
        beating = asyncio.create_task(Health(logger(), grace=1.0).run_heartbeat())
        async with asyncio.timeout(10):
            words = [await asyncio.get_running_loop().sock_recv(supervisor, 100) for _ in range(2)]
        beating.cancel()
    assert words == [b"READY=1", b"WATCHDOG=1"]


def test_of_targets_that_new_settings_do_not_have_nothing_is_said_any_more() -> None:
    health = Health(logger(), grace=1.0)
    health.mark_started()
    for name in ("kept", "gone"):
        health.mark_target(name, f"{name}: no credentials")
    health.mark_unhealthy("queue", "no queue")
    health.keep_targets({"kept", "new"})
    assert health.not_ready == "no queue; kept: no credentials"
    health.stop_for_good("target gone", "it changed what nobody asked for")
    health.keep_targets({"new"})
    assert health.not_ready == "no queue; it changed what nobody asked for", "that is to be seen"
