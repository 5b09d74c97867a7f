"""A shell for the commands of a page: ``batcher`` is forked, what is more than it goes to bash."""

import asyncio
import re
import shlex
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click

from batcher.cli import batcher as commands
from tests.conftest import Command, Ended
from tests.docs.command_blocks import ShownCommand
from tests.waiting import until

BIN = Path(sys.executable).parent
SERVERS = ("emulator", "worker")
ENDS = (0, 4)  # of what is ended by SIGTERM
_MASKED = (
    (r"\d{4}-\d\d-\d\d[T ][\d:.]+Z?", "TIME"),
    (r"\b\d+(\.\d+)? ?(s|seconds?|min|minutes?)\b", "SECONDS"),
    (r"~?\d+(\.\d+)?/s\b", "RATE"),
    (r"http://127\.0\.0\.1:\d+", "ADDRESS"),
    (r"\b[0-9a-f]{12,64}\b", "DIGEST"),
    (r"arn:aws:\S+", "ARN"),
    (r"\b\d{12}\b", "ACCOUNT"),
    (r"\s+", " "),
)


class PageShell:
    """Runs commands one after the other in one folder; ``instead``: texts put in place of others.

    ``answered``: a question whether to start is answered with yes, by ``--yes``.
    """

    def __init__(self, batcher: Command, instead: Mapping[str, str]) -> None:
        self._batcher = batcher
        self._instead = instead
        self._running: list[tuple[str, Any]] = []

    async def run(self, shown: ShownCommand, where: str) -> None:
        """Run a command and hold exit code and output against what is shown."""
        text = self._with_own_places(shown.text)
        if text.startswith("export "):
            self._export(text)
            return
        words = shlex.split(text)
        if words[-1] == "&" or (words[1:2] and words[1] in SERVERS and "--once" not in words):
            await self._start(words, shown)
            return
        ended = await self._ended(text, words)
        assert ended.code in (shown.codes or (ended.code,)), (
            f"{where}: {text}\n{ended.code}: {ended.out}{ended.err}"
        )
        output = [self._with_own_places(line) for line in shown.output]
        missing = _missing(output, ended.out + ended.err)
        assert not missing, f"{where}: {text}\nlacks {missing} in\n{ended.out}{ended.err}"

    async def stop(self) -> None:
        """End what runs in the background; all of it has to end well."""
        for text, process in reversed(self._running):
            if process.returncode is None:
                process.terminate()
            _, err = await process.communicate()
            assert process.returncode in ENDS, f"{text}\n{process.returncode}: {err.decode()}"

    async def _ended(self, text: str, words: list[str]) -> Ended:
        into = words.index(">") if ">" in words else len(words)
        if words[0] == "batcher" and not {"|", "&&", ">>"} & set(words):
            ended = await self._batcher(*_answered(words[1:into]))
            for name in words[into + 1 :]:
                (self._batcher.folder / name).write_text(ended.out)
            return ended
        process = await asyncio.create_subprocess_exec(
            "bash",
            "-ec",
            text,
            cwd=self._batcher.folder,
            env=self._batcher.environ | {"PATH": f"{BIN}:{self._batcher.environ['PATH']}"},
            stdin=-3,
            stdout=-1,
            stderr=-1,
        )
        out, err = await process.communicate()
        return Ended(code=process.returncode or 0, out=out.decode(), err=err.decode())

    async def _start(self, words: list[str], shown: ShownCommand) -> None:
        process: Any = await self._batcher.start(*(word for word in words[1:] if word != "&"))
        self._running.append((shown.text, process))
        if words[1] == "emulator":
            line = (await process.stdout.readline()).decode()
            assert not _missing(shown.output, line), line
        elif words[1] == "worker":
            while b"Draining" not in await process.stderr.readline():
                assert process.returncode is None
        else:
            await until(lambda: [*self._batcher.folder.glob("*.run/control.sock")])

    def _export(self, text: str) -> None:
        for word in shlex.split(text)[1:]:
            name, _, value = word.partition("=")
            if name != "PATH":
                self._batcher.environ[name] = value

    def _with_own_places(self, text: str) -> str:
        for shown, own in self._instead.items():
            text = text.replace(shown, own)
        return text


def command_of(words: list[str]) -> tuple[click.Command | None, list[str]]:
    """The command that words call, and what follows its name."""
    found = commands.get_command(click.Context(commands), words[0])
    if isinstance(found, click.Group) and len(words) > 1:
        return found.get_command(click.Context(found), words[1]), words[2:]
    return found, words[1:]


def _answered(words: list[str]) -> list[str]:
    """With ``--yes`` where a command would ask: a page has a person at the terminal."""
    command, _ = command_of(words)
    asks = command is not None and any("--yes" in each.opts for each in command.params)
    return [*words, "--yes"] if asks and not {"--yes", "--dry-run"} & set(words) else words


def _missing(shown: list[str], said: str) -> list[str]:
    """The shown lines that are not among those that were said, in their order."""
    left = iter(_masked(line) for line in said.splitlines())
    return [line for line in shown if line.strip() != "…" and _masked(line) not in left]


def _masked(line: str) -> str:
    for pattern, mask in _MASKED:
        line = re.sub(pattern, mask, line)
    return line.strip()
