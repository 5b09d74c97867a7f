"""``batcher emulator`` as a process of its own."""

import asyncio
import json
import os
import signal
import socket
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from batcher.cli.commands.emulator import emulator as command
from tests.conftest import trigger

NAME = {"DomainName": "acme", "EventTriggerName": "t1"}
RUN = "from batcher.cli.commands.emulator import emulator; emulator(prog_name='batcher emulator')"


@asynccontextmanager
async def _running(*arguments: str, ended_by: int = signal.SIGTERM) -> AsyncIterator[str]:
    """The command's address; at the end the signal, and exit code 0."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", RUN, *arguments),
        env={"PATH": os.environ["PATH"], "PYTHONPATH": str(Path.cwd())},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        assert process.stdout is not None
        yield (await process.stdout.readline()).decode().strip()
    finally:
        process.send_signal(ended_by)
        out, err = await process.communicate()
        assert (process.returncode, out, err) == (0, b"", b"")


@pytest.mark.parametrize("ended_by", [signal.SIGTERM, signal.SIGINT])
async def test_the_command_serves_until_a_signal_and_keeps_its_state(
    connect: Any, tmp_path: Path, ended_by: int
) -> None:
    seed, state = tmp_path / "seed.jsonl", tmp_path / "state.json"
    seed.write_text(json.dumps(trigger(1) | {"Description": "seeded"}) + "\n")
    flags = (
        "--state",
        str(state),
        "--seed",
        str(seed),
        "--latency",
        "0-1",
        "--key",
        "AKIDTEST:secret",
    )
    async with _running(*flags, "--quota", "GetEventTrigger=0.001/1", ended_by=ended_by) as url:
        assert url.startswith("http://127.0.0.1:")
        client = await connect(url)
        assert (await client.get_event_trigger(**NAME))["Description"] == "seeded"
        with pytest.raises(client.exceptions.ThrottlingException):
            await client.get_event_trigger(**NAME)
        await client.update_event_trigger(**NAME, Description="new")
    async with _running(*flags, "--fault", "internal=1", "--rate", "9", "--clear-omitted") as url:
        client = await connect(url)
        with pytest.raises(client.exceptions.InternalServerException):
            await client.get_event_trigger(**NAME)
    assert (
        json.loads(state.read_bytes())["places"][0]["domains"][0]["triggers"][0]["Description"]
        == "new"
    )


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--quota", "UpdateEventTrigger"], "--quota UpdateEventTrigger: could not convert"),
        (["--quota", "UpdateEventTrigger=0/1"], "rate is 0.0: it must be a number above 0"),
        (["--quota", "Nonsense=1/1"], "unknown operation 'Nonsense'; known are"),
        (["--fault", "internal"], "--fault internal: write a kind and a probability"),
        (["--fault", "meteor=0.5"], "unknown fault 'meteor'"),
        (["--latency", "fast"], "--latency fast: write milliseconds"),
        (["--latency", "80-20"], "the lower one first"),
        (["--key", "only-id"], "--key: write an access key id and its secret"),
        (["--burst", "3"], "a burst needs a rate"),
        (["--seed", "absent.jsonl"], "does not exist"),
        (["--seed", "bad.jsonl"], "bad.jsonl: line 2: The body is not JSON"),
        (["--state", "bad.jsonl"], "state file bad.jsonl: Extra data"),
    ],
)
def test_a_wrong_flag_is_explained_with_exit_code_2(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: list[str], said: str
) -> None:
    (tmp_path / "bad.jsonl").write_text(f"{json.dumps(trigger(1))}\n{{\n")
    monkeypatch.chdir(tmp_path)
    ended = CliRunner().invoke(command, arguments)
    assert (ended.exit_code, ended.stdout) == (2, "")
    assert said in ended.stderr


def test_a_port_in_use_is_exit_code_5_and_one_line() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        ended = CliRunner().invoke(command, ["--port", str(taken.getsockname()[1])])
    assert (ended.exit_code, ended.stderr.count("\n")) == (5, 1)
    assert "in use" in ended.stderr


def test_the_help_has_an_example() -> None:
    assert "Example: batcher emulator --port" in CliRunner().invoke(command, ["--help"]).stdout
