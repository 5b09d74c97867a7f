"""A run that follows another one, retry or rollback: its lines are made from the old run's
books, then it is a run like any.
"""

import hashlib
import os
from collections.abc import Callable, Iterator, Mapping
from itertools import count
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO, Any

import click
import msgspec

from batcher.cli.options import Choices
from batcher.cli.run import work
from batcher.config import resolve
from batcher.jobs.run import Following
from batcher.jobs.run_reader import RunReader, settings_of
from batcher.storage.run_directory import RunDirectory, read_facts, read_summary
from batcher.wiring.line_readers import line_reader


async def follow(
    path: Path,
    kind: str,
    choices: Choices,
    given: Mapping[str, Any],
    config: Path | None,
    lines: Callable[[RunReader], Iterator[dict[str, Any]]],
    force: bool = False,
) -> int:
    """Make the lines, and run them with the old run's settings and what is given now over them;
    returns the exit code.

    The old run's directory is held until the end: it must not go on meanwhile. Raises
    RunDirectoryError when it does, and InputError when there are no lines.
    """
    old = settings_of(path)
    # those were for the start of that run
    base = msgspec.structs.replace(old, canary=None, max_changes=None, deadline=None)
    settings = resolve(given, environ=os.environ, file=config, base=base)
    past = RunReader(path, line_reader(old, any_target=True))
    following = Following(kind=kind, parent=past.where, force=force)
    # the lines name the domains that the old run changed: a map was applied then
    settings = msgspec.structs.replace(settings, domain_map=None, skip_invalid=False)
    with past.directory, TemporaryFile(dir=path) as made:
        click.echo(f"{kind.capitalize()} of {path}:", err=True)
        sha256 = _write(lines(past), made)
        return await work(
            str(path),
            choices.out or _directory(path, kind, sha256),
            choices,
            settings,
            following,
            made,
        )


def _write(lines: Iterator[dict[str, Any]], file: IO[bytes]) -> str:
    """Write the lines, and go back to the first; returns their SHA-256."""
    encode, digest = msgspec.json.Encoder().encode, hashlib.sha256()
    for line in lines:
        raw = encode(line) + b"\n"
        digest.update(raw)
        file.write(raw)
    file.seek(0)
    return digest.hexdigest()


def _directory(path: Path, kind: str, sha256: str) -> Path:
    """RUN.rollback, RUN.rollback-2 … or RUN.retry-1, -2 …: one of just these lines that is not
    finished, else the next.
    """
    for number in count(1):
        ending = "" if (kind, number) == ("rollback", 1) else f"-{number}"
        directory = RunDirectory(path.with_name(f"{path.name}.{kind}{ending}"))
        if not directory.facts.exists():
            break
        if not _finished(directory):
            if read_facts(directory).input.sha256 == sha256:
                break
            click.echo(
                f"{directory.path} is not finished, but of other updates: it is left as it is.",
                err=True,
            )
    return directory.path


def _finished(directory: RunDirectory) -> bool:
    summary = read_summary(directory)
    return summary is not None and summary.not_started == 0
