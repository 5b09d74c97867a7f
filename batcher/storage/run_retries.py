"""``retries.json`` of a run directory: where its retries are, noted before each sends anything.

The process that makes a retry holds the directory of the run that it retries.
"""

import msgspec
from msgspec import Struct

from batcher.errors import OutputError, RunDirectoryError
from batcher.storage.atomic_file import write_json
from batcher.storage.regular_file import read_document
from batcher.storage.run_directory import RunDirectory
from batcher.storage.run_manifest import RunManifest
from batcher.storage.stored_path import stored_path, text_of_path

RETRY = "retry"  # the kind of run


class NotedRetry(Struct, frozen=True, kw_only=True):
    """A retry: the id of its run, and the absolute path of its directory."""

    run: str
    directory: str


def noted_retries(parent: RunDirectory) -> list[NotedRetry]:
    """The retries of a run, oldest first. Raises RunDirectoryError, DamageError."""
    try:
        return msgspec.json.decode(read_document(parent.retries), type=list[NotedRetry])
    except FileNotFoundError:
        return []
    except (OSError, ValueError, RecursionError) as error:
        raise RunDirectoryError(
            f"{parent.retries}: can't be read ({error}). It says where the retries of this run are:"
            " restore it, or run batcher verify --repair on it to go on with those beside the run."
        ) from error


def note_in_parent(directory: RunDirectory, manifest: RunManifest) -> None:
    """Write down in the run that it retries, for good, where a retry is; nothing for other runs.

    ``manifest``: what the retry is about to be claimed with. Raises RunDirectoryError, also where
    that can't be written.
    """
    if manifest.kind != RETRY or manifest.parent is None:
        return
    begun = directory.manifest.exists()
    run = directory.check_same_run(manifest).run if begun else manifest.run
    parent = RunDirectory(stored_path(manifest.parent))
    retry = NotedRetry(run=run, directory=text_of_path(directory.path.absolute()))
    if retry in (noted := noted_retries(parent)):
        return
    try:
        write_json(parent.retries, [*noted, retry])
    except OutputError as error:
        raise RunDirectoryError(
            f"{parent.retries}: can't be written ({error.__cause__}), and a retry has to be noted"
            " there before it sends anything. Make that directory writable."
        ) from error
