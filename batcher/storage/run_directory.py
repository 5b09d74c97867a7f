"""The run directory: what is being run, who holds it, and what came of it.

The one place that knows the names of its files. The journals among them are written by ``journal``.
"""

import os
import socket
from contextlib import suppress
from pathlib import Path
from typing import Any, Self, TextIO

import msgspec
from msgspec import Struct

from batcher.errors import RunDirectoryError
from batcher.records import Summary
from batcher.storage.atomic_file import write_atomically, write_json
from batcher.storage.directory_check import refuse_foreign_directory
from batcher.storage.file_lock import is_in_place, try_lock
from batcher.storage.file_system import (
    make_directory,
    open_or_create,
    remove,
    remove_directories,
)
from batcher.target_identity import TargetIdentity, all_known, place_differences


class InputFingerprint(Struct, frozen=True, kw_only=True):
    """What an input is known by: its path, size in bytes, SHA-256, and number of updates."""

    path: str
    size: int
    sha256: str
    updates: int


class RunManifest(Struct, frozen=True, kw_only=True):
    """``run.json``: what is being run. No secrets."""

    run: str
    input: InputFingerprint
    settings: dict[str, Any]
    targets: dict[str, TargetIdentity]
    versions: dict[str, str]
    started_at: str
    kind: str = "run"  # or retry, rollback
    parent: str | None = None  # the directory of the run that this one follows


SETTINGS_OF_MEANING = ("target", "skip_invalid", "merge", "create_missing", "domain_map")
"""Settings that change what a line means; the others may differ on a resume."""


class RunDirectory:
    """A run directory held by this process. Use as a context manager."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.manifest = path / "run.json"
        self.results = path / "results.jsonl"
        self.before = path / "before.jsonl"
        self.failed = path / "failed.jsonl"
        self.summary = path / "summary.json"
        self.log = path / "log.jsonl"
        self._lock_path = path / "lock"
        self._lock: int | None = None
        self._made: list[Path] = []  # directories
        self._found: frozenset[Path] = frozenset()  # files that were there before

    def __enter__(self) -> Self:
        try:
            refuse_foreign_directory(self.path)
            self._made = make_directory(self.path)
            self._found = frozenset(self.path.iterdir())
            self._lock = try_lock(self._lock_path)
        except OSError as error:
            remove_directories(self._made)
            raise RunDirectoryError(
                f"{self.path}: can't be used as run directory: {error.strerror}. Give another with"
                " --out."
            ) from error
        if self._lock is None:
            raise RunDirectoryError(
                f"{self.path}: in use by {self._holder()}. Wait for it, stop it, or start a new run"
                " in another directory with --out."
            )
        with suppress(OSError):  # on a full disk: only a person who finds it in use would read it
            os.ftruncate(self._lock, 0)
            os.pwrite(self._lock, f"process {os.getpid()} on {socket.gethostname()}".encode(), 0)
        return self

    def __exit__(self, *exception: object) -> None:
        if self._lock is not None:
            if self.in_place and not self.manifest.exists():
                self._remove_traces()
            # on a disk that has failed, the name of the holder stays; it holds nothing
            with suppress(OSError):
                os.ftruncate(self._lock, 0)
            os.close(self._lock)

    @property
    def in_place(self) -> bool:
        """Whether the directory of that name is still the one that this process holds."""
        return self._lock is not None and is_in_place(self._lock, self._lock_path)

    def _holder(self) -> str:
        with suppress(OSError):
            if holder := self._lock_path.read_text(errors="replace").strip():
                return holder
        return "another process"

    def _remove_traces(self) -> None:
        """Nothing was started here: remove what this process made, and nothing else."""
        for path in {self.path / "input.jsonl", self._lock_path} - self._found:
            remove(path)
        remove_directories(self._made)

    def claim(self, manifest: RunManifest) -> RunManifest:
        """Write ``run.json``, or check that the one there is of the same input, meaning and places.

        Targets and accounts that no session knew before are put in. Returns the manifest of the
        run's first session with these. Raises RunDirectoryError, which says what differs.
        """
        if not self.in_place:
            raise RunDirectoryError(
                f"{self.path}: removed or replaced since this process took it. Run the same command"
                " again."
            )
        if not self.manifest.exists():
            self._write_manifest(manifest, replace=False)
            return manifest
        before = read_manifest(self)
        if differences := _differences(before, manifest):
            raise RunDirectoryError(_another(self, differences))
        if (targets := all_known(before.targets, manifest.targets)) != before.targets:
            before = msgspec.structs.replace(before, targets=targets)
            self._write_manifest(before, replace=True)
        return before

    def open_log(self) -> TextIO:
        """Its log, for appending. Raises DamageError, OSError."""
        file = open_or_create(self.log, os.O_WRONLY | os.O_APPEND)
        return open(file, "a", encoding="utf-8")

    def _write_manifest(self, manifest: RunManifest, *, replace: bool) -> None:
        text = msgspec.json.format(msgspec.json.encode(manifest), indent=2)
        write_atomically(self.manifest, text, replace=replace)

    def write_summary(self, summary: Summary) -> None:
        write_json(self.summary, summary)


def read_manifest(directory: RunDirectory) -> RunManifest:
    """What ``run.json`` says. Raises RunDirectoryError when it is no run directory."""
    try:
        return msgspec.json.decode(directory.manifest.read_bytes(), type=RunManifest)
    except (FileNotFoundError, NotADirectoryError) as error:
        raise RunDirectoryError(
            f"{directory.path}: no run directory: there is no run.json in it."
        ) from error
    except (OSError, msgspec.DecodeError) as error:
        raise RunDirectoryError(
            f"{directory.manifest}: can't be read ({error}). Start anew with another --out."
        ) from error


def read_summary(directory: RunDirectory) -> Summary | None:
    """The summary of a run; None when it never came to one."""
    try:
        return msgspec.json.decode(directory.summary.read_bytes(), type=Summary)
    except (FileNotFoundError, NotADirectoryError, msgspec.DecodeError):
        return None


def check_same_input(
    directory: RunDirectory, before: InputFingerprint, size: int, sha256: str
) -> None:
    """Raise RunDirectoryError when an input is not the one that the run was started with."""
    if before.sha256 != sha256:
        raise RunDirectoryError(_another(directory, [input_difference(before, size, sha256)]))


def _another(directory: RunDirectory, differences: list[str]) -> str:
    return (
        f"{directory.path}: belongs to another run: {'; '.join(differences)}. "
        "Put that back to resume it, or give another directory with --out to start anew."
    )


def input_difference(before: InputFingerprint, size: int, sha256: str) -> str:
    """How an input differs from the one that a run was started with."""
    return (
        f"the input was {before.size} bytes with SHA-256 {before.sha256[:12]}…, now {size} bytes"
        f" with {sha256[:12]}…"
    )


def _differences(before: RunManifest, now: RunManifest) -> list[str]:
    found = []
    if before.input.sha256 != now.input.sha256:
        found.append(input_difference(before.input, now.input.size, now.input.sha256))
    for name in SETTINGS_OF_MEANING:
        was, is_now = before.settings.get(name), now.settings.get(name)
        if was != is_now:
            found.append(f"{name} was {was!r}, now {is_now!r}")
    return [*found, *place_differences(before.targets, now.targets)]
