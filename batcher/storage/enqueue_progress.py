"""How far ``enqueue`` came with a file: kept in the user's state directory until all of it is in.

Reads and writes these files and nothing else; each is replaced as a whole, and durable, before the
next request leaves. So what is in the queue and not in here is at most one request's worth.
"""

import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from hashlib import sha256
from pathlib import Path

import msgspec
from msgspec import Struct

from batcher.errors import DamageError, OutputError
from batcher.records import Count
from batcher.storage.atomic_file import write_json
from batcher.storage.file_lock import try_lock
from batcher.storage.file_system import make_directory, remove
from batcher.storage.regular_file import read_document


class EnqueueProgress(Struct, frozen=True, kw_only=True):
    """What of a file is in a queue. ``batch`` names the sending, to the queue too.

    All updates up to line ``up_to`` are in, and those of the lines ``beyond`` it; ``updates``: how
    many these are. ``queue``: its URL without secrets; ``begun_at``: UTC, ISO 8601.
    """

    queue: str
    batch: str
    begun_at: str
    up_to: Count = 0
    beyond: tuple[Count, ...] = ()
    updates: Count = 0

    def is_in(self, line: int) -> bool:
        """Whether the update of that line is in."""
        return line <= self.up_to or line in self.beyond


class ProgressFile:
    """The progress of one command: of one input, for one queue, with these flags.

    ``of``: what tells commands apart; a hash of it is the name.
    """

    def __init__(self, directory: Path, of: Iterable[str | None]) -> None:
        self.path = directory / f"{sha256(msgspec.json.encode(list(of))).hexdigest()}.json"

    def __repr__(self) -> str:
        return f"<ProgressFile {self.path}>"

    @contextmanager
    def hold(self) -> Iterator[bool]:
        """Whether this process has it, as long as nobody else does. Raises OutputError."""
        try:
            make_directory(self.path.parent)
            lock = try_lock(self._lock)
        except (OSError, DamageError) as error:
            raise self._unusable(error) from error
        if lock is None:
            yield False
            return
        try:
            yield True
        finally:
            if not self.is_there:
                with suppress(OSError):  # of a directory that is gone by now, or takes nothing
                    remove(self._lock)
            os.close(lock)

    @property
    def is_there(self) -> bool:
        """Whether something is kept that ``read`` may find."""
        return self.path.exists()

    def read(self) -> EnqueueProgress | None:
        """What an earlier command left; None: nothing. Raises OutputError."""
        try:
            return msgspec.json.decode(read_document(self.path), type=EnqueueProgress)
        except FileNotFoundError:
            return None
        except (OSError, ValueError, DamageError) as error:
            raise self._unusable(error) from error

    def write(self, progress: EnqueueProgress) -> None:
        """Replace it, durably; its directory is made again where it is gone. Raises OutputError."""
        try:
            make_directory(self.path.parent)
            write_json(self.path, progress)
        except (OSError, OutputError) as error:
            raise self._unusable(error) from error

    def remove(self) -> None:
        """Forget it: all of the file is in. Raises OutputError."""
        try:
            remove(self.path)
        except OSError as error:
            raise self._unusable(error) from error

    @property
    def _lock(self) -> Path:
        return self.path.with_suffix(".lock")

    def _unusable(self, error: Exception) -> OutputError:
        cause = error if isinstance(error, OSError) else error.__cause__ or error
        reason = cause.strerror if isinstance(cause, OSError) else cause
        return OutputError(
            f"{self.path}: how far enqueue comes can't be kept there: {reason}. Put that right, or"
            " set XDG_STATE_HOME to a directory that can be written."
        )
