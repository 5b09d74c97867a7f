"""A command that was forked is what the same command in a process of its own is."""

import os
import signal
from asyncio.subprocess import DEVNULL, PIPE
from pathlib import Path

import pytest

from tests.conftest import Command
from tests.forked_process import ForkedProcess, can_be_forked


@pytest.mark.parametrize(
    "arguments",
    [
        ("--version",),
        ("--help",),
        ("validate", "naïve \udcff.jsonl"),
        ("validate", "updates.jsonl", "--json"),
        ("schema",),
        ("quota", "show"),
        ("run", "--no-such-flag"),
        ("enqueue", "-", "--queue", "spool:spool"),
    ],
    ids=lambda arguments: " ".join(arguments)[:12].strip(),
)
async def test_it_ends_with_the_same_code_and_has_said_the_same(
    batcher: Command, tmp_path: Path, arguments: tuple[str, ...]
) -> None:
    line = '{"DomainName": "ä", "Nonsense": "😀"}\n'
    (tmp_path / "updates.jsonl").write_text(line)
    given = line.encode() * 9 if "-" in arguments else None
    stdin = DEVNULL if given is None else PIPE
    process = await batcher.start(*arguments, stdin=stdin)
    assert isinstance(process, ForkedProcess)
    out, err = await process.communicate(given)
    batcher.environ["LANG"] = "C.UTF-8"
    assert not can_be_forked(batcher.environ)
    own = await batcher(*arguments, given=given)
    assert (process.returncode, out.decode(), err.decode()) == (own.code, own.out, own.err)


async def test_its_end_by_a_signal_is_told_and_it_takes_no_more(
    batcher: Command, tmp_path: Path
) -> None:
    os.mkfifo(tmp_path / "updates.jsonl")
    process = await batcher.start("validate", "updates.jsonl")
    assert Path(f"/proc/{process.pid}/cwd").readlink() == tmp_path
    process.kill()
    assert await process.communicate() == (b"", b"")
    assert process.returncode == -signal.SIGKILL
    with pytest.raises(ProcessLookupError):
        process.terminate()


@pytest.mark.parametrize("name", ["LANG", "PYTHONUTF8", "TZ", "COLUMNS", "LD_PRELOAD"])
def test_what_an_import_or_the_start_of_python_may_see_is_not_forked(
    batcher: Command, name: str
) -> None:
    assert can_be_forked(batcher.environ)
    assert not can_be_forked(batcher.environ | {name: "1"})
    assert not can_be_forked(batcher.environ | {"PYTHONPATH": "/elsewhere"})
