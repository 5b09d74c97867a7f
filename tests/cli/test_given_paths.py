"""Every command that is given a path at which there is not what it needs says so, and what to do.

A row is a command line with the path as P, and the exit codes where there is nothing at it, an
empty file, what is of the wrong kind (a directory for a file, a file for a directory), and bytes
that are no text. None: that is fine, and the command goes on.
"""

import json
import shlex
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from batcher.cli import batcher as every_command
from batcher.cli.output.error_report import next_step
from tests.conftest import Command, change, trigger

Codes = tuple[int | None, int | None, int | None, int | None]

INPUT: Codes = (2, 2, 2, 2)
RUN: Codes = (5, 5, 5, 5)
ROWS: dict[str, Codes] = {
    "validate P": INPUT,
    "lint P": INPUT,
    "plan P": INPUT,
    "run P --yes": INPUT,
    "enqueue P --queue spool:queue": INPUT,
    "rehearse P": INPUT,
    "compose P --set SegmentFilter=1": INPUT,
    "compose rows.csv --set SegmentFilter=1 --template P": INPUT,
    "compose u.jsonl --set SegmentFilter=1 --current P": INPUT,
    "lint u.jsonl --current P": INPUT,
    "rehearse u.jsonl --current P": INPUT,
    "simulate P --events e.jsonl --current t.jsonl": INPUT,
    "simulate u.jsonl --events P --current t.jsonl": INPUT,
    "simulate u.jsonl --events e.jsonl --current P": INPUT,
    "simulate u.jsonl --events e.jsonl --current t.jsonl --segments P": (2, None, 2, 2),
    "simulate u.jsonl --events e.jsonl --current t.jsonl --mapping P": INPUT,
    "explain P e.jsonl": INPUT,
    "explain t.jsonl P": INPUT,
    "explain t.jsonl e.jsonl --segments P": (2, None, 2, 2),
    "explain t.jsonl e.jsonl --mapping P": INPUT,
    "drift P": (2, 2, 5, 2),
    "verify P": RUN,
    "retry P": RUN,
    "rollback P": RUN,
    "report P": RUN,
    "ctl P status": RUN,
    "history acme/t1 --in P": (2, 2, None, 2),
    "emulator --port 0 --organization P": INPUT,
    "emulator --port 0 --seed P": (2, None, 2, 2),
    "worker --queue spool:P --once": (None, 5, None, 5),
    "worker --queue spool:queue --once --http 127.0.0.1:0 --http-token-file P": INPUT,
    "validate u.jsonl --config P": (2, None, 2, 2),
    "run u.jsonl --yes --only-file P": INPUT,
}
OF_ALL = ("--config", "--only-file")  # read in the same way for each command
NOT_READ = (
    "--out", "--sample-events", "--state", "--results", "--control", "--hold-file", "--clamp",
    "--limiter", "--hook", "--set", "--unset", "--append", "--remove", "--replace", "--columns",
)  # fmt: skip


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.replace(" ", "_"))
async def test_what_is_not_there_or_no_use_is_named_and_what_to_do_is_said(
    row: str, batcher: Command, tmp_path: Path
) -> None:
    batcher.environ["BATCHER_ENDPOINT_URL"] = "http://127.0.0.1:1"
    for name, content in (("u.jsonl", change(1)), ("t.jsonl", trigger(1))):
        (tmp_path / name).write_text(json.dumps(content) + "\n")
    (tmp_path / "e.jsonl").write_text(
        '{"profile":"p","object_type":"Orders","timestamp":"2026-11-01T10:00:00Z","object":{}}\n'
    )
    (tmp_path / "rows.csv").write_text("DomainName,EventTriggerName\nacme,t1\n")
    (tmp_path / "empty").touch()
    (tmp_path / "folder").mkdir()
    (tmp_path / "bytes").write_bytes(b"\x80\x81\xff\n")
    for path, code in zip(("missing", "empty", "folder", "bytes"), ROWS[row], strict=True):
        if code is None:
            continue
        words = [word.replace("P", path) if "P" in word else word for word in shlex.split(row)]
        ended = await batcher(*words)
        told = ended.err
        assert (ended.code, "Traceback" in told) == (code, False), (words, told)
        assert path in told, (words, told)
        is_usage = "Try 'batcher " in told
        assert is_usage or next_step(" ".join(told.split())) is not None, (words, told)
        assert "Error(" not in told, told  # of Python


def test_no_parameter_that_names_what_is_read_is_left_out() -> None:
    taken = {(row.split()[0], word) for row in ROWS for word in row.split()}
    untried = [
        (command, parameter.opts[0])
        for command, parameter in _parameters()
        if isinstance(parameter, click.Option)
        and parameter.opts[0] not in (*OF_ALL, *NOT_READ)
        and (command, parameter.opts[0]) not in taken
    ]
    assert untried == [("doctor", "--queue")]  # it tells of the worker's
    arguments = {name for name, each in _parameters() if isinstance(each, click.Argument)}
    assert arguments <= {command for command, _ in taken} | {"queue"}


def _parameters() -> Iterator[tuple[str, click.Parameter]]:
    """Each parameter that is a path, by its type or by what it is called, and its command."""
    context = click.Context(every_command)
    for name in every_command.list_commands(context):
        command = every_command.get_command(context, name)
        assert command is not None
        for parameter in command.params:
            called = str(getattr(parameter, "metavar", None))
            words = ("FILE", "RUN", "PATH", "DIR", "BASE", "URL")
            if isinstance(parameter.type, click.Path) or any(each in called for each in words):
                yield name, parameter
