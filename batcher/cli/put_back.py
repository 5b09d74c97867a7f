"""``--rollback-on-failure``: a run put back as soon as it has stopped itself, and both told of."""

from pathlib import Path
from typing import Any

import msgspec

from batcher.cli.options import Choices
from batcher.cli.output.echo import echo
from batcher.cli.output.format import several
from batcher.cli.rollback import make_undos
from batcher.cli.start import STOPPED_ITSELF, start
from batcher.config import Settings
from batcher.jobs.follow_up import FollowUp, open_follow_up
from batcher.jobs.run_order import ROLLBACK
from batcher.jobs.undo import (
    finished_rollback,
    has_images,
    is_finished,
    note_undo,
    settings_of_undo,
    what_stays,
)
from batcher.storage.run_directory import RunDirectory


async def put_back(path: Path, settings: Settings, choices: Choices) -> int:
    """Put back what the run in a directory did; returns the exit code.

    Nobody is asked: who started the run has said so. Where this ends early, the same command goes
    on with it.
    """
    code = 0
    with open_follow_up(path, ROLLBACK) as follow_up:
        rollback = finished_rollback(path)
        if rollback is None and has_images(path):
            rollback, code = await _roll_back(follow_up, settings_of_undo(path, settings), choices)
        done = rollback is None or is_finished(rollback)
        note_undo(path, rollback, done=done)
    echo(_outcome(path, rollback, done=done), err=True)
    if choices.as_json:
        _print_json(path, rollback)
    return code if code not in (0, 1) else STOPPED_ITSELF


def _outcome(path: Path, rollback: Path | None, *, done: bool) -> str:
    if not done:
        return f"Not all was put back: the same command again goes on with {rollback}."
    left, created = what_stays(path, rollback)
    stays = [f"{several(left, 'update')} of the rollback left alone or undone in part"] * (left > 0)
    if created:
        stays.append(f"{several(created, 'created trigger')} still there")
    but = f" but for {' and '.join(stays)}" if stays else ""
    if rollback is None:
        there = f", with {stays[0]}" if stays else ""
        return f"{path}: it has changed nothing that could be put back{there}."
    return f"What {path} did was put back{but}: see {rollback}."


async def _roll_back(follow_up: FollowUp, settings: Settings, choices: Choices) -> tuple[Path, int]:
    echo(f"Rollback of {follow_up.run.place} (--rollback-on-failure):", err=True)
    make_undos(None, follow_up)
    out = follow_up.place().directory
    note_undo(follow_up.run.place, out, done=False)
    agreed = Choices(
        out=out,
        yes=True,
        confirm=tuple(settings.known_targets),
        dry_run=False,
        as_json=False,
        no_progress=choices.no_progress,
    )
    with follow_up.open_run(settings, out) as begun:
        return out, await start(begun, agreed)


def _print_json(path: Path, rollback: Path | None) -> None:
    """The summary of the run, and in it that of its rollback."""
    said: dict[str, Any] = msgspec.to_builtins(RunDirectory(path).read_summary()) or {}
    if rollback is not None:
        found = RunDirectory(rollback).read_summary()
        said["rollback"] = {"directory": str(rollback)} | (msgspec.to_builtins(found) or {})
    echo(msgspec.json.encode(said))
