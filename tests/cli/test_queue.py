"""``batcher queue``: a spool directory's depth, the files that failed, and their redrive, as shown.

What the commands say of message queues is in ``tests/queues/test_workers.py``.
"""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from batcher.cli.commands.queue import queue
from batcher.queues.spool_directory import SpoolDirectory
from tests.conftest import Command


def run(*arguments: str) -> Result:
    return CliRunner().invoke(queue, arguments)


@pytest.fixture
async def url(tmp_path: Path) -> str:
    """A spool directory with a file that waits and one that failed."""
    spool = SpoolDirectory(tmp_path, still_for=0.0)
    spool.put("bad.jsonl", [b"{}\n"])
    spool.failed(await spool.claim(), "line 1: wrong\nline 2: wrong too")
    spool.put("good.jsonl", [b"{}\n"])
    return f"spool:{tmp_path}"


def test_status_says_what_waits_is_held_and_was_set_aside(url: str) -> None:
    shown = run("status", url)
    assert shown.exit_code == 0
    assert shown.stdout.startswith("1 waiting, 0 held by workers, 1 dead; the oldest for ")
    depth = json.loads(run("status", url, "--json").stdout)
    assert (depth["waiting"], depth["held"], depth["dead"]) == (1, 0, 1)


def test_dead_lists_files_each_with_the_first_line_of_what_was_wrong(url: str) -> None:
    shown = run("dead", url)
    assert (shown.stdout, shown.stderr) == ("bad.jsonl  line 1: wrong\n", "Files that failed: 1.\n")
    assert json.loads(run("dead", url, "--json").stdout) == {
        "file": "bad.jsonl",
        "reason": "line 1: wrong",
    }


def test_redrive_puts_them_back_and_says_how_many(url: str) -> None:
    assert run("redrive", url).stderr.startswith("1 put back.\n  1 edited or never begun")
    assert run("redrive", url).stderr == "0 put back.\n"
    assert run("status", url).stdout.startswith("2 waiting, 0 held by workers, 0 dead")


@pytest.mark.parametrize("command", ["dead", "status"])
@pytest.mark.parametrize(
    ("queue_url", "code"),
    [("spool:none", 5), ("nothing:x", 2), ("redis://127.0.0.1:1/0?stream=s", 5)],
)
async def test_an_error_is_one_json_object_too(
    batcher: Command, command: str, queue_url: str, code: int
) -> None:
    ended = await batcher("queue", command, queue_url, "--json")
    assert ended.code == code, ended.err
    (said,) = map(json.loads, ended.out.splitlines())
    assert list(said) == ["error", "code", "next"]
    assert said["error"] in ended.err
