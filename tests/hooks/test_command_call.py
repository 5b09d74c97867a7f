"""Commands that are told: what they read, how they end, and that none outlives its time."""

import os
from pathlib import Path

import anyio
import pytest

from batcher.hooks.command_call import call_command
from tests.waiting import until


async def test_a_command_reads_the_body_and_has_no_shell(tmp_path: Path) -> None:
    kept = tmp_path / "kept; touch x"
    assert await call_command(["tee", str(kept)], b'{"a": 1}') is None
    assert kept.read_bytes() == b'{"a": 1}'
    assert os.listdir(tmp_path) == [kept.name]


async def test_what_it_prints_goes_to_standard_error(capfd: pytest.CaptureFixture[str]) -> None:
    assert await call_command(["sh", "-c", "echo out; echo err >&2"], b"{}") is None
    out, err = capfd.readouterr()
    assert (out, err) == ("", "out\nerr\n")


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (["true"], None),  # does not read what it is told
        (["sh", "-c", "exit 3"], "exit status 3"),
        (["sh", "-c", "kill -9 $$"], "ended by signal 9"),
        (["./no-such-command"], "it can't be started: No such file or directory"),
        (["a\0b"], "it can't be started: a name with NUL in it"),
        (["/"], "it can't be started: Permission denied"),
    ],
)
async def test_how_it_ended(arguments: list[str], reason: str | None) -> None:
    assert await call_command(arguments, b"x" * 1_000_000) == reason


async def test_cancelled_it_is_killed_with_its_children(tmp_path: Path) -> None:
    pid = tmp_path / "pid"
    script = f"sleep 600 & echo $! > {pid}.new; mv {pid}.new {pid}; wait"
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(call_command, ["sh", "-c", script], b"{}")
        await until(pid.exists)
        child = int(pid.read_text())
        tasks.cancel_scope.cancel()
    await until(lambda: not _runs(child))


def _runs(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False
