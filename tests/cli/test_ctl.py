"""``batcher ctl`` as its users meet it: a run and a worker are told what to do while they work."""

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from batcher.emulator import Emulator
from tests.conftest import Command, change, records, trigger
from tests.waiting import until

Write = Callable[..., Path]


@pytest.fixture
def emulator() -> Emulator:
    emulator = Emulator(latency=(0.01, 0.02))
    emulator.seed([trigger(n) for n in range(400)])
    return emulator


async def told(batcher: Command, *arguments: str) -> dict[str, Any]:
    ended = await batcher("ctl", *arguments, "--json")
    assert ended.code == 0, ended.err
    status: dict[str, Any] = json.loads(ended.out)
    return status


async def test_a_run_is_paused_resumed_slowed_down_and_stopped(
    batcher: Command, write_lines: Write, tmp_path: Path, emulator: Emulator
) -> None:
    write_lines([change(n) for n in range(400)])
    async with emulator as url:
        run = ("run", "updates.jsonl", "--endpoint-url", url, "--rate", "100", "--yes")
        process = await batcher.start(*run, "--json")
        await until(lambda: emulator.applied())
        socket = tmp_path / "updates.run" / "control.sock"
        assert socket.stat().st_mode & 0o777 == 0o600
        status = await told(batcher, "updates.run", "pause")
        assert (status["state"], status["total"]) == ("paused", 400)
        while (await told(batcher, "updates.run", "status"))["in_flight"]:
            pass
        before = len(emulator.calls())
        ended = await batcher("ctl", "updates.run", "rate", "50")
        assert ended.code == 0, ended.err
        assert f"(uid {os.getuid()}, process " in ended.err
        assert "at most 50/s for each target, by ctl" in ended.err
        assert "stays" not in ended.err
        faster = await batcher("ctl", "updates.run", "rate", "200")
        assert "the limit of 100/s by its settings (--rate) stays" in faster.err
        assert len(emulator.calls()) == before
        await told(batcher, "updates.run", "resume")
        await until(lambda: len(emulator.calls()) > before)
        assert (await told(batcher, "updates.run", "stop"))["state"] == "stopping"
        out, err = await process.communicate()
        assert process.returncode == 4, err
        assert b"Interrupted: waits for " in err
        assert json.loads(out)["seconds"]["paused"] > 0
        assert not socket.exists()
        nobody = await batcher("ctl", "updates.run", "pause")
        assert (nobody.code, "nothing is at work there" in nobody.err) == (5, True)
    events = records(tmp_path / "updates.run" / "log.jsonl")
    commands = [(each["command"], each["value"]) for each in events if "command" in each]
    assert commands == [
        ("pause", None),
        ("rate", "50"),
        ("rate", "200"),
        ("resume", None),
        ("stop", None),
    ]
    assert all("uid" in each["by"] for each in events if "command" in each)


async def test_a_worker_is_told_by_the_path_that_it_was_given(
    batcher: Command, write_lines: Write, tmp_path: Path, emulator: Emulator
) -> None:
    write_lines([change(n) for n in range(50)])
    assert (await batcher("enqueue", "updates.jsonl", "--queue", "spool:spool")).code == 0
    async with emulator as url:
        flags = ("--queue", "spool:spool", "--endpoint-url", url, "--rate", "20")
        process = await batcher.start("worker", *flags, "--control", "w.sock")
        await until((tmp_path / "w.sock").exists)
        assert (await told(batcher, "w.sock", "pause"))["state"] == "paused"
        second = await batcher("worker", *flags, "--control", "w.sock")
        assert (second.code, "another process listens there" in second.err) == (5, True)
        await told(batcher, "w.sock", "stop")
        _, err = await process.communicate()
        assert process.returncode == 4, err
    assert not list(tmp_path.glob("w.sock*"))


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("rate",), "rate needs a value"),
        (("share", "120%"), "Give a part of the quota"),
        (("rate", "-1", "--json"), "rate: can't be '-1'. Give updates per second"),
        (("rate", "1e999"), "rate: can't be '1e999'. Give updates per second"),
        (("pause", "5"), "pause takes no value"),
        (("halt",), "'halt' is not one of"),
    ],
)
async def test_what_can_not_be_told_is_wrong_usage(
    batcher: Command, arguments: tuple[str, ...], says: str
) -> None:
    ended = await batcher("ctl", "updates.run", *arguments)
    assert (ended.code, says in ended.err) == (2, True), ended.err
