"""Whatever a command makes can be used by its owner only, whatever the umask."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path

from batcher.emulator import Emulator
from tests.conftest import Command, change, trigger

Write = Callable[..., Path]


def modes(folder: Path) -> Iterator[tuple[str, str]]:
    """Path and mode of all that is in a folder."""
    for path in sorted(folder.rglob("*")):
        kind = "directory" if path.is_dir() else "file"
        yield str(path.relative_to(folder)), f"{kind} {path.lstat().st_mode & 0o7777:o}"


async def test_files_are_0600_and_directories_0700_also_where_all_is_open_to_all(
    batcher: Command, write_lines: Write, tmp_path: Path
) -> None:
    emulator = Emulator()
    emulator.seed([trigger(n) for n in range(4)])
    emulator.script("UpdateEventTrigger", ["access-denied"])
    write_lines([change(n) for n in range(4)])
    given = set(tmp_path.rglob("*"))
    batcher.environ["BATCHER_QUEUE"] = "spool:spool"
    own = b""  # standard input of its own: a process that has this umask
    before = os.umask(0)
    try:
        async with emulator as url:
            flags = ("--endpoint-url", url, "--rate", "1000")
            for command, code in (
                (("plan", "updates.jsonl", "--out", "plan.jsonl", *flags), 0),
                (("export", "--domain", "acme", "--out", "export.jsonl", *flags), 0),
                (("run", "updates.jsonl", "--out", "deep/er/u.run", "--yes", *flags), 1),
                (("retry", "deep/er/u.run", "--yes", *flags), 0),
                (("enqueue", "updates.jsonl"), 0),
                (("worker", "--once", "--results", "results", *flags), 0),
            ):
                ended = await batcher(*command, given=own)
                assert ended.code == code, ended.err
    finally:
        os.umask(before)
    made = {path: mode for path, mode in modes(tmp_path) if tmp_path / path not in given}
    assert {"deep/er", "deep/er/u.run/results.jsonl", "plan.jsonl", "spool/done"} <= made.keys()
    assert {*made.values()} == {"file 600", "directory 700"}, made
