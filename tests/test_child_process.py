"""A command as a child: its exit code, what it says, and that it ends with all that it started."""

import os
import sys

import anyio
import pytest

from batcher.child_process import LINE_AT_MOST, ChildEnded, run_child
from tests.waiting import until


async def run(
    *arguments: str, given: bytes = b"", at_most: float = 20
) -> tuple[ChildEnded, list[str]]:
    said: list[str] = []
    environ = {"BATCHER_WAVE": "3"}
    ended = await run_child(
        arguments, given=given, environ=environ, at_most=at_most, on_line=said.append
    )
    return ended, said


@pytest.mark.parametrize(
    ("script", "shown", "said"),
    [
        ("exit 0", "exit code 0", []),
        ("exit 75", "exit code 75", []),
        ("cat; echo wave $BATCHER_WAVE >&2; printf end", "exit code 0", ["given", "wave 3", "end"]),
        ("kill -9 $$", "it was ended by SIGKILL", []),
        ("printf 'a\\377\\r\\n\\n'", "exit code 0", ["a\ufffd", ""]),
    ],
)
async def test_how_it_ended_and_what_it_said(script: str, shown: str, said: list[str]) -> None:
    ended, lines = await run("sh", "-c", script, given=b"given\n")
    assert (str(ended), lines) == (shown, said)


async def test_it_need_not_read_and_a_line_without_an_end_is_told_in_parts() -> None:
    program = f"print('x' * {3 * LINE_AT_MOST}, end='')"
    ended, lines = await run(sys.executable, "-c", program, given=b"y" * 1_000_000)
    assert ended.code == 0
    assert "".join(lines) == "x" * 3 * LINE_AT_MOST
    assert max(map(len, lines)) <= 2 * LINE_AT_MOST


async def test_without_a_listener_both_outputs_go_to_standard_error(
    capfd: pytest.CaptureFixture[str],
) -> None:
    ended = await run_child(["sh", "-c", "cat; echo err >&2; exit 3"], given=b"out\n")
    assert (str(ended), capfd.readouterr()) == ("exit code 3", ("", "out\nerr\n"))


@pytest.mark.parametrize("name", ["/no/such/command", "/", "a\0b"])
async def test_what_can_not_be_started_has_no_exit_code(name: str) -> None:
    ended, _ = await run(name)
    assert ended.code is None
    assert "can't be started" in str(ended)


async def test_one_that_takes_too_long_is_ended_with_what_it_started() -> None:
    ended, said = await run("sh", "-c", "sleep 60 & echo $!; wait", at_most=0.3)
    assert str(ended) == "it did not end within 0.3 s"
    await until(lambda: not is_running(int(said[0])))


async def test_one_that_is_cancelled_is_ended_with_what_it_started() -> None:
    said: list[str] = []
    async with anyio.create_task_group() as tasks:

        async def check() -> None:
            await run_child(
                ["sh", "-c", "sleep 60 & echo $!; wait"],
                given=b"",
                environ={},
                at_most=60,
                on_line=said.append,
            )

        tasks.start_soon(check)
        await until(lambda: said)
        tasks.cancel_scope.cancel()
    await until(lambda: not is_running(int(said[0])))


async def test_what_it_leaves_behind_is_not_waited_for() -> None:
    ended, said = await run("sh", "-c", "sleep 60 & echo $!")
    assert (ended.code, is_running(int(said[0]))) == (0, True)
    os.kill(int(said[0]), 9)


def is_running(pid: int) -> bool:
    try:
        with open(f"/proc/{pid}/stat") as file:
            return file.read().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False
