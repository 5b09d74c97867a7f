"""A signal ends a command, whatever it waits for, with exit code 4, and nothing is left of it."""

import array
import asyncio
import contextlib
import fcntl
import json
import os
import signal
import subprocess
import sys
import termios
from pathlib import Path

import pytest

from batcher.cli.endings import ENDING
from batcher.cli.output.error_report import report_of
from tests.conftest import Command
from tests.waiting import until

INT, TERM, HUP = ENDING
PLACE = ("--endpoint-url", "http://127.0.0.1:9", "--region", "eu-west-1")


async def started(batcher: Command, *arguments: str, stdin: int, stdout: int) -> "Ended":
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "batcher", *arguments),
        cwd=batcher.folder,
        env=batcher.environ,
        stdin=stdin,
        stdout=stdout,
        stderr=asyncio.subprocess.PIPE,
    )
    return Ended(process)


class Ended:
    """A command that is going to be ended."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process

    async def by(self, number: signal.Signals) -> tuple[int | None, str, str]:
        """Exit code, standard output and standard error after a signal.

        It comes once the command waits: between Python's last look and the wait it would be lost.
        """
        await until(self._waits)
        self._process.send_signal(number)
        async with asyncio.timeout(30):
            out, err = await self._process.communicate()
        return self._process.returncode, (out or b"").decode(), err.decode().strip()

    def _waits(self) -> bool:
        stat = Path(f"/proc/{self._process.pid}/stat").read_text()
        return stat.rpartition(")")[2].split()[0] == "S"


INTERRUPTED = json.dumps(report_of(KeyboardInterrupt()).as_json()) + "\n"


def unread(pipe: int) -> int:
    """Bytes in a pipe that nobody has read."""
    count = array.array("i", [0])
    fcntl.ioctl(pipe, termios.FIONREAD, count)
    return count[0]


@pytest.mark.parametrize(
    ("arguments", "number", "out"),
    [
        (("run", "f", "--yes", "--json", *PLACE), TERM, INTERRUPTED),
        (("plan", "f", "--json", *PLACE), INT, INTERRUPTED),
        (("validate", "f"), HUP, ""),
        (("enqueue", "f", "--queue", "spool:s"), TERM, ""),
        (("emulator", "--seed", "f"), TERM, ""),
    ],
)
async def test_a_fifo_that_says_nothing(
    arguments: tuple[str, ...], number: signal.Signals, out: str, batcher: Command, tmp_path: Path
) -> None:
    fifo = tmp_path / "f"
    os.mkfifo(fifo)

    def opened() -> int | None:
        with contextlib.suppress(OSError):  # nobody reads it yet
            return os.open(fifo, os.O_WRONLY | os.O_NONBLOCK)
        return None

    null = asyncio.subprocess.DEVNULL
    command = await started(batcher, *arguments, stdin=null, stdout=asyncio.subprocess.PIPE)
    writing = await until(opened)
    assert await command.by(number) == (4, out, "Interrupted.")
    os.close(writing)
    assert [each.name for each in tmp_path.iterdir()] == ["f"]


@pytest.mark.parametrize(
    ("arguments", "number"),
    [(("run", "-", "--yes", "--out", "o.run", *PLACE), HUP), (("plan", "-", *PLACE), TERM)],
)
async def test_standard_input_that_stops_half_way(
    arguments: tuple[str, ...], number: signal.Signals, batcher: Command, tmp_path: Path
) -> None:
    reading, writing = os.pipe()
    out = asyncio.subprocess.PIPE
    command = await started(batcher, *arguments, stdin=reading, stdout=out)
    os.write(writing, b'{"DomainName"')
    await until(lambda: unread(reading) == 0)
    assert await command.by(number) == (4, "", "Interrupted.")
    os.close(reading)
    os.close(writing)
    assert list(tmp_path.iterdir()) == []


async def test_standard_output_that_nobody_reads(batcher: Command) -> None:
    reading, writing = os.pipe()
    fcntl.fcntl(writing, fcntl.F_SETPIPE_SZ, 4096)
    command = await started(batcher, "schema", stdin=asyncio.subprocess.DEVNULL, stdout=writing)
    os.close(writing)
    await until(lambda: unread(reading) == 4096)
    assert await command.by(TERM) == (4, "", "Interrupted.")
    os.close(reading)


@pytest.mark.parametrize("locale", [{}, {"PYTHONUTF8": "0"}, {"PYTHONUTF8": "1"}])
def test_names_of_files_are_read_as_utf8_whatever_the_locale(locale: dict[str, str]) -> None:
    program = (
        "import sys\n"
        "from batcher.cli.endings import use_utf8\n"
        "use_utf8()\n"
        "print(sys.getfilesystemencoding(), ascii(sys.argv[1:]))"
    )
    environ = {"PYTHONPATH": str(Path.cwd()), "LC_ALL": "C", "PYTHONCOERCECLOCALE": "0"}
    command = [sys.executable, "-c", program, "zo\u00eb".encode(), b"\xff", b"a b"]
    said = subprocess.run(command, env=environ | locale, capture_output=True, text=True, check=True)
    assert said.stdout == "utf-8 ['zo\\xeb', '\\udcff', 'a b']\n"


AT_THE_LAST_MOMENT = """
import atexit, os, signal, sys
atexit.register(os.kill, os.getpid(), int(sys.argv.pop(1)))
from batcher.cli import main
main()
"""


@pytest.mark.parametrize("number", ENDING)
def test_a_signal_after_all_is_done_and_said_changes_nothing(
    batcher: Command, number: signal.Signals
) -> None:
    ended = subprocess.run(
        [sys.executable, "-c", AT_THE_LAST_MOMENT, str(int(number)), "--version"],
        env=batcher.environ,
        capture_output=True,
        text=True,
    )
    assert (ended.returncode, ended.stderr) == (0, "")
    assert ended.stdout.startswith("batcher")


AT_IMPORT = """
import functools, os, signal, sys

def interrupt():
    exec("os.kill(os.getpid(), signal.SIGINT)\\nfor _ in range(9): pass", globals())

class Finder:
    def find_spec(self, name, path=None, target=None):
        if name == {module!r} and {where!r} == "the code":
            interrupt()
        if name == {module!r} and {where!r} == "the end of an object":
            Ending()

class Ending:
    def __del__(self):
        interrupt()

def named(self, owner, name, named=functools.cached_property.__set_name__):
    if owner.__module__ == {module!r} and {where!r} == "a class":
        interrupt()
    named(self, owner, name)

functools.cached_property.__set_name__ = named
sys.meta_path.insert(0, Finder())
"""


@pytest.mark.parametrize(
    ("module", "where", "command"),
    [
        ("click", "the code", ("--help",)),
        ("click", "the end of an object", ("--help",)),
        ("batcher.cli.commands.run", "the code", ("run", "--help")),
        ("batcher.updates.update_model", "the code", ("validate", "u.jsonl")),
        ("batcher.sources.inspection", "the end of an object", ("validate", "u.jsonl")),
        ("aiohttp", "the code", ("plan", "u.jsonl", "--json", *PLACE)),
        ("batcher.engine.omitted_members", "a class", ("plan", "u.jsonl", "--json", *PLACE)),
    ],
)
async def test_a_signal_while_it_imports_what_it_needs_ends_it_as_any_other(
    module: str, where: str, command: tuple[str, ...], batcher: Command, tmp_path: Path
) -> None:
    (tmp_path / "site").mkdir()
    text = AT_IMPORT.format(module=module, where=where)
    (tmp_path / "site" / "sitecustomize.py").write_text(text)
    batcher.environ["PYTHONPATH"] += f":{tmp_path / 'site'}"
    ended = await batcher(*command)
    assert (ended.code, ended.err.strip()) == (4, "Interrupted.")
    assert ended.out == (INTERRUPTED if "--json" in command else "")
