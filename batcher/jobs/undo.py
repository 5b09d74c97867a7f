"""A run that is to be put back, as its check failed or its own updates stopped it.

Kept in its directory until it is done, so that whoever runs the same command again goes on with it.
"""

from glob import escape
from pathlib import Path

import msgspec
from msgspec import UNSET

from batcher.config import Settings
from batcher.errors import RunDirectoryError
from batcher.jobs.run_reason import with_earlier_words
from batcher.storage.run_directory import RunDirectory
from batcher.storage.run_manifest import ROLLBACK
from batcher.storage.stored_path import stored_path, text_of_path
from batcher.storage.wave_file import WaveProgress, read_waves, write_waves

REASON_AT_MOST = 1000  # characters


def is_to_be_undone(path: Path) -> bool:
    """Whether the run in a directory is to be put back, and was not so far."""
    undo = read_waves(RunDirectory(path).waves).undo
    return undo is not None and not undo.done


def refuse_undone(path: Path, progress: WaveProgress) -> None:
    """Raise RunDirectoryError for a run that was put back: nothing more of it is done."""
    undo = progress.undo
    if undo is not None and undo.done:
        by = "" if undo.directory is None else f" by {undo.directory}"
        raise RunDirectoryError(
            f"{path}: this run was put back{by}, as {undo.reason}. To do it anew, give another"
            " directory with --out."
        )


def rollback_of(path: Path) -> Path | None:
    """The directory of the rollback that puts a run back, once it has begun."""
    undo = read_waves(RunDirectory(path).waves).undo
    return None if undo is None or undo.directory is None else Path(undo.directory)


def rollbacks_of(path: Path) -> list[Path]:
    """The directories of rollbacks of a run, noted by it or beside it under their own names."""
    path, noted = path.absolute(), rollback_of(path)
    found = [] if noted is None or not RunDirectory(noted).manifest.exists() else [noted]
    for each in sorted(path.parent.glob(f"{escape(path.name)}.{ROLLBACK}*")):
        if any(each == one.absolute() for one in found):
            continue
        if (directory := RunDirectory(each)).manifest.exists():
            manifest = directory.read_manifest()
            parent = stored_path(manifest.parent or "")
            if manifest.kind == ROLLBACK and parent.name == path.name:
                found.append(each)
    return found


def finished_rollback(path: Path) -> Path | None:
    """The directory of its rollback, where that is done, and nobody came to note it."""
    rollback = rollback_of(path)
    return rollback if rollback is not None and is_finished(rollback) else None


def note_undo(path: Path, rollback: Path | None, *, done: bool) -> None:
    """Keep how far it is. ``rollback``: the directory of it. By who holds ``path``."""
    file = RunDirectory(path).waves
    progress = read_waves(file)
    assert progress.undo is not None
    directory = None if rollback is None else text_of_path(rollback)
    undo = msgspec.structs.replace(progress.undo, directory=directory, done=done)
    write_waves(file, msgspec.structs.replace(progress, undo=undo))


def settings_of_undo(path: Path, settings: Settings) -> Settings:
    """Settings of the rollback of the run in ``path``: why it is done is known."""
    directory = RunDirectory(path)
    undo = read_waves(directory.waves).undo
    settings = with_earlier_words(settings, directory).without_start_limits
    reason = None if undo is None else f"--rollback-on-failure: {undo.reason}"[:REASON_AT_MOST]
    return msgspec.structs.replace(settings, reason=reason)


def is_finished(directory: Path) -> bool:
    """Whether each update of the rollback in a directory has a result, and it is no part of one."""
    summary = RunDirectory(directory).read_summary()
    return summary is not None and summary.not_started == 0 and summary.selection is UNSET


def what_stays(path: Path, rollback: Path | None) -> tuple[int, int]:
    """What a finished rollback left of a run: updates, in full or in part, and created triggers."""
    run = RunDirectory(path).read_summary()
    done = None if rollback is None else RunDirectory(rollback).read_summary()
    left = 0 if done is None else done.total - done.succeeded - done.unchanged
    return left, 0 if run is None else sum(run.created.values())


def has_images(path: Path) -> bool:
    """Whether a run kept anything that could be put back."""
    before = RunDirectory(path).before
    return before.exists() and before.stat().st_size > 0
