"""A run that follows another one, retry or rollback: its lines are made from the old run's books, then it is a run like any."""

import os
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import click
import msgspec

from batcher.bulk import Following
from batcher.cli.options import Choices
from batcher.cli.run import work
from batcher.clock import SystemClock
from batcher.config import resolve
from batcher.logs import logger
from batcher.past import PastRun, settings_of
from batcher.rundir import RunDirectory, read_summary
from batcher.wiring import Workshop


async def follow(
    path: Path,
    kind: str,
    choices: Choices,
    given: Mapping[str, Any],
    config: Path | None,
    lines: Callable[[PastRun], Iterator[dict[str, Any]]],
    force: bool = False,
) -> int:
    """Make the lines, and run them with the old run's settings and what is given now over them; returns the exit code."""
    old = settings_of(path)
    settings = resolve(given, environ=os.environ, file=config, base=old)
    past = PastRun(path, Workshop(old, clock=SystemClock(), log=logger()))
    click.echo(f"{kind.capitalize()} of {path}:", err=True)
    following = Following(kind=kind, parent=past.where, force=force)
    # the lines name the domains that the old run changed: a map was applied then
    settings = msgspec.structs.replace(settings, domain_map=None, canary=None, max_changes=None, skip_invalid=False)
    return await work(str(path), choices.out or _directory(path, kind), choices, settings, following, lines(past))


def _directory(path: Path, kind: str) -> Path:
    """RUN.rollback; of retries the last one, for as long as it is not finished, else the next."""
    if kind == "rollback":
        return path.with_name(f"{path.name}.{kind}")
    number = 1
    while _finished(candidate := path.with_name(f"{path.name}.{kind}-{number}")):
        number += 1
    return candidate


def _finished(path: Path) -> bool:
    summary = read_summary(RunDirectory(path))
    return summary is not None and summary.not_started == 0
