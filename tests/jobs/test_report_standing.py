"""How a run stands, by what its directory says of who holds it and how it ended."""

import os
import socket
from pathlib import Path

import pytest

from batcher.jobs.report_standing import Standing
from batcher.records import INTERRUPTED, Seconds, Summary
from batcher.storage.file_lock import try_lock
from batcher.storage.run_directory import RunDirectory

HOST = socket.gethostname()


@pytest.mark.parametrize(
    ("holder", "held", "stopped", "left", "state"),
    [
        ("", False, None, 0, "finished"),
        ("", False, None, 2, "stopped"),
        ("", False, INTERRUPTED, 2, "interrupted"),
        ("", False, "too many failures.", 2, "stopped"),
        ("", False, "nothing", 2, "killed"),
        ("process PARENT on HOST", True, None, 0, "under_way"),
        ("process PARENT on HOST", False, None, 2, "killed"),  # a number that is another's now
        ("process OWN on HOST", True, None, 0, "finished"),  # who ends it reports it
        ("process OWN on HOST", False, None, 2, "killed"),  # always 7 in a container, say
        ("process 1 on elsewhere", True, None, 2, "under_way"),
        ("process 1 on elsewhere", False, None, 2, "killed"),
        (f"process {10**20} on HOST", False, None, 2, "killed"),
    ],
)
def test_a_run_is_at_work_ended_stopped_or_killed(
    tmp_path: Path, holder: str, held: bool, stopped: str | None, left: int, state: str
) -> None:
    named = {"PARENT": os.getppid(), "OWN": os.getpid(), "HOST": HOST}
    for name, value in named.items():
        holder = holder.replace(name, str(value))
    (tmp_path / "lock").write_text(holder)
    summary = Summary(wall_seconds=1, rate=1, seconds=Seconds(), stopped=stopped)
    lock = try_lock(tmp_path / "lock")
    assert lock is not None
    if not held:
        os.close(lock)
    found = Standing.of(RunDirectory(tmp_path), None if stopped == "nothing" else summary, left, 5)
    if held:
        os.close(lock)
    assert found.state == state
    assert found.text.endswith(".")
    assert ".." not in found.text
    assert ("have no result yet" in found.text) is (left > 0)
