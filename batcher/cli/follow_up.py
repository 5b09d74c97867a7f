"""A run that follows another one, retry or rollback: with its settings, started like any run."""

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import msgspec

from batcher.cli.idle_target import refuse_target_at_run
from batcher.cli.options import Choices, settings_from
from batcher.cli.output.echo import echo
from batcher.cli.start import start
from batcher.jobs.follow_up import FollowUp, open_follow_up


async def follow(
    path: Path,
    kind: str,
    choices: Choices,
    given: Mapping[str, Any],
    config: Path | None,
    make: Callable[[FollowUp, str], None],
    force: bool = False,
    opened: AbstractContextManager[FollowUp] | None = None,
) -> int:
    """Make the lines of a follow-up, and run them; returns the exit code.

    ``make`` is told, too, how progress is to be shown. ``opened``: of something else than the run
    in ``path``. Settings: those of the old run, and what is given now over them. Raises
    RunDirectoryError when the old run is going on, and InputError when there are no lines.
    """
    with opened or open_follow_up(path, kind) as follow_up:
        settings = settings_from(given, config, base=follow_up.settings)
        if not given.get("rollback_on_failure"):  # of a file or a variable, it is for runs
            settings = msgspec.structs.replace(settings, rollback_on_failure=False)
        refuse_target_at_run(follow_up.run.manifest.targets, settings)
        echo(f"{kind.capitalize()} of {path}:", err=True)
        make(follow_up, settings.progress)
        for note in follow_up.notes:
            echo(note, err=True)
        out, dry_run = choices.out or _directory(follow_up), choices.dry_run
        with follow_up.open_run(settings, out, force=force, dry_run=dry_run) as begun:
            return await start(begun, choices)


def _directory(follow_up: FollowUp) -> Path:
    place = follow_up.place()
    for path in place.left_alone:
        echo(f"{path} is not finished, but of other updates: it is left as it is.", err=True)
    return place.directory
