"""How a run stands, by what its directory says of who holds it and how it ended."""

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from batcher.jobs.report_standing import Standing
from batcher.records import INTERRUPTED, Seconds, Summary
from batcher.storage.run_directory import RunDirectory

HOST = socket.gethostname()


def ended() -> int:
    """The number of a process that is no more."""
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    return process.pid


@pytest.mark.parametrize(
    ("holder", "stopped", "left", "state"),
    [
        ("", None, 0, "finished"),
        ("", None, 2, "stopped"),
        ("", INTERRUPTED, 2, "interrupted"),
        ("", "too many failures.", 2, "stopped"),
        ("", "nothing", 2, "killed"),
        ("process PARENT on HOST", None, 0, "under_way"),
        ("process OWN on HOST", None, 0, "finished"),  # who ends it reports it
        ("process 1 on elsewhere", None, 2, "under_way"),
        (f"process {10**20} on HOST", None, 2, "killed"),
        ("process ENDED on HOST", None, 2, "killed"),
    ],
)
def test_a_run_is_at_work_ended_stopped_or_killed(
    tmp_path: Path, holder: str, stopped: str | None, left: int, state: str
) -> None:
    named = {"PARENT": os.getppid(), "OWN": os.getpid(), "ENDED": ended(), "HOST": HOST}
    for name, value in named.items():
        holder = holder.replace(name, str(value))
    (tmp_path / "lock").write_text(holder)
    summary = Summary(wall_seconds=1, rate=1, seconds=Seconds(), stopped=stopped)
    found = Standing.of(RunDirectory(tmp_path), None if stopped == "nothing" else summary, left, 5)
    assert found.state == state
    assert found.text.endswith(".")
    assert ".." not in found.text
    assert ("have no result yet" in found.text) is (left > 0)
