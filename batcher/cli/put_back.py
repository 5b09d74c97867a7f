"""``--rollback-on-failure``: a run put back as soon as it has stopped itself, and both told of."""

from pathlib import Path
from typing import Any

import msgspec

from batcher.cli.options import Choices
from batcher.cli.output.echo import echo
from batcher.cli.rollback import make_undos
from batcher.cli.start import STOPPED_ITSELF, start
from batcher.config import Settings
from batcher.errors import BatcherError
from batcher.jobs.follow_up import FollowUp, open_follow_up
from batcher.jobs.undo import (
    finished_rollback,
    has_images,
    is_finished,
    is_to_be_undone,
    note_undo,
    rollback_of,
    settings_of_undo,
    what_stays,
)
from batcher.number_text import several
from batcher.storage.run_directory import RunDirectory
from batcher.storage.run_manifest import ROLLBACK

INTERRUPTED_CODE = 4  # exit code


async def put_back(path: Path, settings: Settings, choices: Choices) -> int:
    """Put back what the run in a directory did; returns the exit code.

    Nobody is asked: who started the run has said so. Where this ends early, the same command goes
    on with it, and what ended it is said here: why the run stopped itself is the exit code's.
    """
    code, lines = 0, None
    echo(f"What {path} did is being put back (--rollback-on-failure):", err=True)
    try:
        with open_follow_up(path, ROLLBACK) as follow_up:
            rollback = finished_rollback(path)
            if rollback is None and has_images(path):
                make_undos(None, follow_up, settings.progress)
                if lines := follow_up.lines:
                    rollback = follow_up.place().directory
                    note_undo(path, rollback, done=False)
                    code = await _roll_back(follow_up, rollback, settings)
            note_undo(path, rollback, done=rollback is None or is_finished(rollback))
    except BatcherError as error:
        echo(f"batcher: {error}", err=True)
    echo(_outcome(path, lines), err=True)
    if choices.as_json:
        _print_json(path, rollback_of(path))
    return INTERRUPTED_CODE if code == INTERRUPTED_CODE else STOPPED_ITSELF


async def _roll_back(follow_up: FollowUp, out: Path, settings: Settings) -> int:
    settings = settings_of_undo(follow_up.run.place, settings)
    agreed = Choices(
        out=out,
        yes=True,
        confirm=tuple(settings.known_targets),
        dry_run=False,
        as_json=False,
    )
    with follow_up.open_run(settings, out) as begun:
        return await start(begun, agreed)


def _outcome(path: Path, lines: int | None) -> str:
    """What was put back and what was not. ``lines``: of the rollback, None: not known."""
    rollback = rollback_of(path)
    left, created = what_stays(path, rollback)
    if is_to_be_undone(path):
        begun = rollback is not None and RunDirectory(rollback).read_summary() is not None
        count = left if begun else lines
        are = "is" if count == 1 else "are"
        still = f"{several(count, 'trigger')} {are} still changed: " if count else ""
        said = f"{still}putting back what {path} did is pending, not done"
        return f"{said}. The same command again goes on with it."
    stays = [f"{several(left, 'update')} of the rollback left alone or undone in part"] * (left > 0)
    if created:
        stays.append(f"{several(created, 'created trigger')} still there")
    but = f" but for {' and '.join(stays)}" if stays else ""
    if rollback is None:
        there = f", with {stays[0]}" if stays else ""
        return f"{path}: it has changed nothing that could be put back{there}."
    return f"What {path} did was put back{but}: see {rollback}."


def _print_json(path: Path, rollback: Path | None) -> None:
    """The summary of the run, and in it that of its rollback."""
    said: dict[str, Any] = msgspec.to_builtins(RunDirectory(path).read_summary()) or {}
    if rollback is not None:
        found = RunDirectory(rollback).read_summary()
        said["rollback"] = {"directory": str(rollback)} | (msgspec.to_builtins(found) or {})
    echo(msgspec.json.encode(said))
