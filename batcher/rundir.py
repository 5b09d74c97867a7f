"""The run directory: what is being run, who is at it, and what came of it. One place knows its files.

The journal in it is ``journal.py``'s.
"""

import fcntl
import os
import socket
from contextlib import suppress
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct

from batcher.errors import RunDirectoryError
from batcher.records import Summary


class InputFacts(Struct, frozen=True, kw_only=True):
    """What pins an input: its path, its size in bytes, its SHA-256, its number of updates."""

    path: str
    size: int
    sha256: str
    updates: int


class RunFacts(Struct, frozen=True, kw_only=True):
    """``run.json``: what is being run. No secrets."""

    run: str
    input: InputFacts
    settings: dict[str, Any]
    targets: dict[str, dict[str, str | None]]
    versions: dict[str, str]
    started_at: str


MEANING = ("target", "skip_invalid")  # settings that change what a line means; the others may differ on a resume


class RunDirectory:
    """A run directory held by this process. Use as a context manager."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._lock: int | None = None

    results = property(lambda self: self.path / "results.jsonl")
    failed = property(lambda self: self.path / "failed.jsonl")
    log = property(lambda self: self.path / "log.jsonl")
    summary = property(lambda self: self.path / "summary.json")
    facts = property(lambda self: self.path / "run.json")

    def __enter__(self) -> "RunDirectory":
        try:
            self.path.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._lock = os.open(self.path / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise RunDirectoryError(
                f"{self.path}: can't be used as run directory: {error.strerror}. Give another with --out."
            ) from error
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            holder = os.pread(self._lock, 200, 0).decode(errors="replace").strip() or "another process"
            os.close(self._lock)
            raise RunDirectoryError(
                f"{self.path}: in use by {holder}. Wait for it, stop it, or give another directory with --out."
            ) from error
        os.ftruncate(self._lock, 0)
        os.pwrite(self._lock, f"process {os.getpid()} on {socket.gethostname()}".encode(), 0)
        return self

    def __exit__(self, *exception: object) -> None:
        if self._lock is not None:
            if not self.facts.exists():
                self._leave_no_trace()
            os.ftruncate(self._lock, 0)
            os.close(self._lock)  # the kernel lets go of the lock, also when the process is killed

    def _leave_no_trace(self) -> None:
        """Nothing was started here: take away what was put in, and the directory when that was all."""
        for name in ("input.jsonl", "lock"):
            (self.path / name).unlink(missing_ok=True)
        with suppress(OSError):
            self.path.rmdir()

    def claim(self, facts: RunFacts) -> RunFacts:
        """Write ``run.json``, or check that the one there is of the same input and meaning.

        Returns the facts of the run's first session. Raises RunDirectoryError that says what differs.
        """
        if not self.facts.exists():
            write_atomically(self.facts, msgspec.json.format(msgspec.json.encode(facts), indent=2))
            return facts
        try:
            before = msgspec.json.decode(self.facts.read_bytes(), type=RunFacts)
        except (OSError, msgspec.DecodeError) as error:
            raise RunDirectoryError(f"{self.facts}: can't be read ({error}). Start anew with another --out.") from error
        if differences := _differences(before, facts):
            raise RunDirectoryError(
                f"{self.path}: belongs to another run: {'; '.join(differences)}. "
                "Put that back to resume it, or give another directory with --out to start anew."
            )
        return before

    def write_summary(self, summary: Summary) -> None:
        write_atomically(self.summary, msgspec.json.format(msgspec.json.encode(summary), indent=2) + b"\n")


def write_atomically(path: Path, content: bytes) -> None:
    """Replace a file as a whole, mode 0600, durable when this returns."""
    beside = path.with_name(f".{path.name}.new")
    with open(os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600), "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    beside.replace(path)


def _differences(before: RunFacts, now: RunFacts) -> list[str]:
    found = []
    if before.input.sha256 != now.input.sha256:
        found.append(
            f"the input was {before.input.size} bytes with SHA-256 {before.input.sha256[:12]}…, "
            f"now {now.input.size} bytes with {now.input.sha256[:12]}…"
        )
    for name in MEANING:
        if before.settings.get(name) != now.settings.get(name):
            found.append(f"{name} was {before.settings.get(name)!r}, now {now.settings.get(name)!r}")
    for name, target in before.targets.items():
        for fact in ("region", "account"):
            if (was := target.get(fact)) != (is_ := now.targets.get(name, {}).get(fact)):
                found.append(f"the {fact} of target {name} was {was}, now {is_}")
    return found
