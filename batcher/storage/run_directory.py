"""The run directory: the names of its files, who holds it, and what it is a run of.

The one place that knows these names. The journals among the files are written by ``journal``.
"""

import os
import socket
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, Self, TextIO

import msgspec

from batcher.accounting.time_spent import RunTimeSpent
from batcher.errors import DamageError, InUseError, OtherRunError, RunDirectoryError
from batcher.records import Summary
from batcher.storage.atomic_file import write_atomically, write_json
from batcher.storage.directory_check import refuse_foreign_directory
from batcher.storage.file_lock import is_in_place, is_locked, try_lock
from batcher.storage.file_system import (
    make_directory,
    open_or_create,
    remove,
    remove_directories,
    remove_leftovers,
)
from batcher.storage.regular_file import read_document, refuse_irregular
from batcher.storage.run_journals import NO_LINES, Heads, RunJournals
from batcher.storage.run_manifest import (
    RunManifest,
    differences,
    input_difference,
    load_manifest,
    meaning_differences,
    missing_tables,
    selection_difference,
)
from batcher.storage.run_sessions import all_sessions
from batcher.storage.unix_socket import refuse_other_than_socket
from batcher.target_identity import all_known
from batcher.updates.selection import Selection

REHEARSAL_REPORT = "rehearsal.json"  # in the directory of a rehearsal, whose runs touch nothing


class RunDirectory:
    """A run directory held by this process. Use as a context manager."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.manifest = path / "run.json"
        self.results = path / "results.jsonl"
        self.before = path / "before.jsonl"
        self.failed = path / "failed.jsonl"
        self.retries = path / "retries.json"
        self.summary = path / "summary.json"
        self.log = path / "log.jsonl"
        self.timeline = path / "timeline.jsonl"
        self.report = path / "report.html"
        self.waves = path / "waves.json"
        self.input_copy = path / "input.jsonl"
        self.lock = path / "lock"
        self.control = path / "control.sock"
        self._lock: int | None = None
        self._lock_before = b"", (0, 0)  # its content and times before it was taken
        self._made: list[Path] = []  # directories
        self._found: frozenset[Path] = frozenset()  # files that were there before

    def __enter__(self) -> Self:
        try:
            refuse_foreign_directory(self.path)
            self._made = make_directory(self.path)
            self._found = frozenset(self.path.iterdir())
            self._refuse_irregular()
            self._lock = try_lock(self.lock)
        except OSError as error:
            remove_directories(self._made)
            raise RunDirectoryError(
                f"{self.path}: can't be used as run directory: {error.strerror}. Give another with"
                " --out."
            ) from error
        if self._lock is None:
            raise InUseError(
                f"{self.path}: in use by {self._holder()}. Wait for it, stop it, or start a new run"
                " in another directory with --out."
            )
        if self.manifest.exists():
            with suppress(OSError):  # on a disk that can only be read they stay
                remove_leftovers(self.path)
        with suppress(OSError):  # on a full disk: only a person who finds it in use would read it
            found = os.fstat(self._lock)
            times = (found.st_atime_ns, found.st_mtime_ns)
            self._lock_before = os.pread(self._lock, found.st_size, 0), times
            self._write_lock(f"process {os.getpid()} on {socket.gethostname()}".encode())
        return self

    def __exit__(self, *exception: object) -> None:
        if self._lock is not None:
            if self.in_place and not self.manifest.exists():
                self._remove_traces()
            # on a disk that has failed, the name of the holder stays; it holds nothing
            with suppress(OSError):
                content, times = self._lock_before
                self._write_lock(content)
                os.utime(self._lock, ns=times)  # who has changed nothing else leaves no trace
            os.close(self._lock)

    def _refuse_irregular(self) -> None:
        """Raise DamageError where one of its files is no regular file, or socket, of this user.

        A run does not rest on its report and what is kept for that.
        """
        others = (self.path, self.control, self.report, self.timeline)
        for path in vars(self).values():
            if isinstance(path, Path) and path not in others:
                refuse_irregular(path)
        refuse_other_than_socket(self.control)

    @property
    def in_place(self) -> bool:
        """Whether the directory of that name is still the one that this process holds."""
        return self._lock is not None and is_in_place(self._lock, self.lock)

    def _holder(self) -> str:
        return self.noted_holder() or "another process"

    def noted_holder(self) -> str | None:
        """Who holds it by its own words, or did when it was ended by force. Takes no lock."""
        with suppress(OSError, DamageError):
            return read_document(self.lock).decode(errors="replace").strip() or None
        return None

    def is_held(self) -> bool:
        """Whether a process holds it, this one or another, whatever the lock says of that."""
        with suppress(DamageError):
            return is_locked(self.lock)
        return False

    @property
    def was_killed(self) -> bool:
        """Whether the session before this one was ended by force; of a directory that is held."""
        return bool(self._lock_before[0].strip())

    def note_end(self) -> None:
        """A session came to its end in it: one that was killed earlier is not named any more."""
        self._lock_before = b"", self._lock_before[1]

    def _write_lock(self, content: bytes) -> None:
        assert self._lock is not None
        os.ftruncate(self._lock, 0)
        os.pwrite(self._lock, content, 0)

    def _remove_traces(self) -> None:
        """Nothing was started here: remove what this process made, and nothing else."""
        for path in {self.input_copy, self.log, self.lock, self.control} - self._found:
            remove(path)
        remove_directories(self._made)

    def claim(self, manifest: RunManifest) -> RunManifest:
        """Write ``run.json``, or check that the one there is of the same input and meaning.

        Targets and accounts that no session knew before are put in: whoever claims it has held the
        others against those that it has. Returns the manifest of the
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
        before = self.check_same_run(manifest)
        targets = all_known(before.targets, manifest.targets)
        sessions = all_sessions(before.sessions, manifest.sessions)
        known = msgspec.structs.replace(before, targets=targets, sessions=sessions)
        if known != before:
            self._write_manifest(known, replace=True)
        return known

    def check_same_run(self, manifest: RunManifest) -> RunManifest:
        """Raise RunDirectoryError where that can't be the run in it; returns what there is."""
        before = self.read_manifest()
        if found := differences(before, manifest):
            raise OtherRunError(self.path, found)
        return before

    def check_same_settings(self, settings: Mapping[str, Any], *, tables: bool) -> None:
        """Raise RunDirectoryError where lines would mean something else than when it was started.

        ``tables``: also where a target has lost the table that it had.
        """
        before = self.read_manifest().settings
        found = meaning_differences(before, settings)
        if tables:
            found += missing_tables(before, settings)
        if found:
            raise OtherRunError(self.path, found)

    def check_same_selection(self, selection: Selection | None) -> None:
        """Raise RunDirectoryError where the run in it is of other lines of the same input."""
        if found := selection_difference(self.read_manifest().selection, selection):
            raise OtherRunError(self.path, found)

    def open_log(self) -> TextIO:
        """Its log, for appending, also after what a crash left of a line.

        Raises DamageError, OSError.
        """
        file = open_or_create(self.log, os.O_RDWR | os.O_APPEND)
        if (size := os.fstat(file).st_size) and os.pread(file, 1, size - 1) != b"\n":
            with suppress(OSError):  # a full disk is told of by the journal
                os.write(file, b"\n")
        return open(file, "a", encoding="utf-8")

    def _write_manifest(self, manifest: RunManifest, *, replace: bool) -> None:
        text = msgspec.json.format(msgspec.json.encode(manifest), indent=2)
        write_atomically(self.manifest, text, replace=replace)

    def read_manifest(self) -> RunManifest:
        """What ``run.json`` says. Raises RunDirectoryError when it is no run directory."""
        return load_manifest(self.manifest)

    def check_same_input(self, size: int, sha256: str, updates: int | None = None) -> None:
        """Raise RunDirectoryError for an input that is not the one the run was started with."""
        before = self.read_manifest().input
        if before.sha256 != sha256:
            raise OtherRunError(self.path, [input_difference(before, size, sha256)])
        if before.size != size or updates not in (None, before.updates):
            raise RunDirectoryError(
                f"{self.manifest}: says {before.size} bytes and {before.updates} updates of an"
                f" input that has {size} and {updates or before.updates}. Restore it, or start"
                " anew with another --out."
            )

    def write_summary(self, summary: Summary) -> None:
        write_json(self.summary, summary)

    def read_summary(self) -> Summary | None:
        """The summary of a run; None when it never came to one, or what is there is none."""
        try:
            return msgspec.json.decode(read_document(self.summary), type=Summary)
        except (OSError, ValueError, RecursionError):
            return None

    def write_heads(self, heads: Heads, spent: RunTimeSpent | None = None) -> None:
        """Write into ``run.json`` how far the journals go; the rest of it stays.

        ``spent``: what its sessions took so far, where that has changed.

        Raises RunDirectoryError, DamageError, OutputError.
        """
        if not self.in_place:
            raise RunDirectoryError(f"{self.path}: removed or replaced. Put it back as it was.")
        said = msgspec.json.decode(read_document(self.manifest))
        news = {"heads": heads} if spent is None else {"heads": heads, "spent": spent}
        write_json(self.manifest, said | msgspec.to_builtins(news))

    def journals(self) -> RunJournals:
        """Its journals, for reading, with what ``run.json`` knows of them.

        Raises RunDirectoryError where it is gone and they are not, DamageError.
        """
        if self.manifest.exists():
            return RunJournals(self.results, self.before, self.read_manifest().heads)
        for path in (self.results, self.before):
            if path.exists():
                raise RunDirectoryError(
                    f"{self.manifest}: is gone, and {path.name} is there. Restore it, or give"
                    " another directory with --out."
                )
        return RunJournals(self.results, self.before, NO_LINES)
