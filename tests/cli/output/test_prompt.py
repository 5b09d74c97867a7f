"""The question before anything is sent, on a terminal: answered, or ended by a signal at once."""

import asyncio
import json
import os
import pty
import signal
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from batcher.cli.output.prompt import agreed
from batcher.emulator import Emulator, account_of
from tests.conftest import Command, Process, change, trigger


@asynccontextmanager
async def asked(
    command: Command, url: str, *flags: str, question: str = "Start? [y/N]: "
) -> AsyncIterator[tuple[Process, int]]:
    """``batcher run`` at its question, and the terminal's other side."""
    ours, theirs = pty.openpty()
    process = await command.start(
        "run", "updates.jsonl", "--endpoint-url", url, *flags, stdin=theirs
    )
    os.close(theirs)
    assert process.stderr is not None
    try:
        async with asyncio.timeout(30):
            await process.stderr.readuntil(question.encode())
            yield process, ours
    finally:
        if process.returncode is None:
            process.kill()
        await process.communicate()
        os.close(ours)


async def test_a_signal_ends_the_question_at_once_and_nothing_is_sent(
    batcher: Command, write_lines: Callable[..., Path]
) -> None:
    write_lines([change(1)])
    emulator = Emulator()
    emulator.seed([trigger(1)])
    async with emulator as url:
        async with asked(batcher, url) as (process, _):
            process.send_signal(signal.SIGINT)
            _, err = await process.communicate()
        assert (process.returncode, err.strip()) == (4, b"Interrupted.")
        async with asked(batcher, url) as (process, terminal):
            os.write(terminal, b"n\n")
            _, err = await process.communicate()
        assert process.returncode == 2
        assert b"Nothing was sent." in err
        assert emulator.applied() == []
        async with asked(batcher, url) as (process, terminal):
            os.write(terminal, b"y\n")
            await process.communicate()
        assert process.returncode == 0
    assert len(emulator.applied()) == 1


async def test_after_a_canary_the_summary_is_of_all_but_the_time_of_its_question(
    batcher: Command, write_lines: Callable[..., Path]
) -> None:
    write_lines([change(n) for n in range(30)])
    emulator = Emulator()
    emulator.seed([trigger(n) for n in range(30)])
    async with (
        emulator as url,
        asked(batcher, url, "--canary", "29", "--rate", "100", "--no-progress") as (
            process,
            terminal,
        ),
    ):
        os.write(terminal, b"y\n")
        assert process.stderr is not None
        await process.stderr.readuntil(b"Go on with the rest? [y/N]: ")
        os.write(terminal, b"y\n")
        await process.communicate()
    assert process.returncode == 0
    summary = json.loads((batcher.folder / "updates.run" / "summary.json").read_bytes())
    assert (summary["succeeded"], summary["attempts"]) == (30, 30)
    assert summary["rate"] * summary["wall_seconds"] == pytest.approx(30, rel=0.05)


@pytest.mark.parametrize(("number", "before"), [(signal.SIGTERM, b"y"), (signal.SIGINT, b"")])
async def test_a_signal_at_the_question_of_a_canary_ends_the_run_as_one_that_was_interrupted(
    number: signal.Signals, before: bytes, batcher: Command, write_lines: Callable[..., Path]
) -> None:
    """Also with half a line typed and handed over."""
    write_lines([change(n) for n in range(3)])
    emulator = Emulator()
    emulator.seed([trigger(n) for n in range(3)])
    question = "Go on with the rest? [y/N]: "
    async with (
        emulator as url,
        asked(batcher, url, "--canary", "1", "--yes", question=question) as (process, terminal),
    ):
        if before:
            os.write(terminal, before + b"\x04")  # hands over what is typed
        process.send_signal(number)
        _, err = await process.communicate()
    summary = json.loads((batcher.folder / "updates.run" / "summary.json").read_bytes())
    assert (process.returncode, summary["stopped"], summary["not_started"]) == (4, "interrupted", 2)
    assert b"Stopped early: interrupted. Run the same command again to resume." in err
    assert len(emulator.applied()) == 1


async def test_without_a_terminal_only_a_flag_agrees(capsys: pytest.CaptureFixture[str]) -> None:
    assert await agreed(True, {})
    assert not await agreed(False, {})
    assert "there is no terminal to ask on. Give --yes" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("flags", "typed", "code"),
    [
        ((), "default", 0),
        (("--yes",), "default", 0),
        (("--yes",), "y", 2),
        ((), "defaul", 2),
        (("--yes", "--confirm", "other"), "", 2),
    ],
)
async def test_of_a_protected_target_the_name_is_typed(
    batcher: Command,
    write_lines: Callable[..., Path],
    flags: tuple[str, ...],
    typed: str,
    code: int,
) -> None:
    write_lines([change(1)])
    emulator = Emulator()
    emulator.seed([trigger(1)])
    place = f"{account_of('AKIDEXAMPLE')}, eu-west-1"
    question = f"{place} is protected. Type the name of the target, default: "
    async with (
        emulator as url,
        asked(batcher, url, "--protected", "--reason", "OPS-12", *flags, question=question) as (
            process,
            terminal,
        ),
    ):
        os.write(terminal, f"{typed}\n".encode())
        await process.communicate()
    assert (process.returncode, len(emulator.applied())) == (code, int(code == 0))


async def test_without_a_terminal_a_protected_target_takes_its_name(
    batcher: Command, write_lines: Callable[..., Path], tmp_path: Path
) -> None:
    write_lines([{**change(1), "target": "prod"}, change(2)])
    emulator = Emulator()
    emulator.seed([trigger(1), trigger(2)])
    async with emulator as url:
        table = f'endpoint_url = "{url}"\n'
        (tmp_path / "c.toml").write_text(
            f"[targets.prod]\nprotected = true\n{table}[targets.dev]\n{table}"
        )
        command = ("run", "updates.jsonl", "--config", "c.toml", "--yes", "--target", "dev")
        nothing = [word for word in command if word != "--yes"]
        every = "--reason TEXT; it is kept with the run. As there is no terminal to ask on, give"
        refused = await batcher(*nothing)
        assert f"{every} --confirm prod --yes, too." in refused.err
        refused = await batcher(*command)
        assert f"{every} --confirm prod, too." in refused.err
        assert "(target prod" not in refused.err, "before anything is looked at"
        refused = await batcher(*command, "--confirm", "prod")
        assert refused.err.strip().endswith("it is kept with the run.")
        refused = await batcher(*nothing, "--reason", "OPS-12")
        assert "Give --confirm prod beside --yes, which lacks, too." in refused.err
        command += ("--reason", "OPS-12")
        for flags in ((), ("--confirm", "dev")):
            refused = await batcher(*command, *flags)
            assert refused.code == 2
            assert "Give --confirm prod beside --yes" in refused.err
        assert not emulator.applied()
        assert "(target prod, protected, http" in refused.err
        assert (await batcher(*command, "--confirm", "prod")).code == 0
    assert len(emulator.applied()) == 2


async def test_of_many_targets_the_question_says_accounts_and_regions_in_one_line(
    batcher: Command, write_lines: Callable[..., Path], tmp_path: Path
) -> None:
    names = [f"shop{n:02}" for n in range(12)]
    tables = "".join(f'[targets.{name}]\nregion = "eu-west-1"\n' for name in names)
    (tmp_path / "many.toml").write_text(tables)
    write_lines([change(1, target=name) for name in names])
    places = f"1 account ({account_of('AKIDEXAMPLE')}) in 1 Region (eu-west-1)"
    question = f"To be changed: 12 targets: {places}. Start? [y/N]: "
    emulator = Emulator()
    async with emulator as url:
        flags = ("--config", "many.toml")
        async with asked(batcher, url, *flags, question=question) as (process, terminal):
            os.write(terminal, b"n\n")
            await process.communicate()
    assert process.returncode == 2
    assert emulator.applied() == []
