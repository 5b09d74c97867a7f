"""Files of updates in a directory: their names, their order, and whether one is being written.

Nothing is opened here, and nothing moved.
"""

import hashlib
import os
import stat
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from batcher.ports import FileStamp

ENDINGS = (".jsonl", ".jsonl.gz", ".jsonl.zst")
NAME_AT_MOST = 240  # bytes; what is put behind one still fits into the 255 of a file system


class SpoolFile(NamedTuple):
    """A file of updates, by its name, as it is now. ``wrong``: why nobody can read it."""

    path: Path
    stamp: FileStamp
    changed_at: float  # seconds since the epoch, by the clock of the file system
    wrong: str | None = None


class StillnessCheck:
    """Tells files that are being written from those that have been still for ``seconds``.

    ``moving``: names of those that were not at the last look.
    """

    def __init__(self, seconds: float) -> None:
        self.moving: tuple[str, ...] = ()
        self._seconds = seconds
        self._seen: dict[str, tuple[FileStamp, float]] = {}

    def still(self, files: Iterable[SpoolFile], now: float, epoch: float) -> list[SpoolFile]:
        """Return those that are still. ``now``: monotonic seconds; ``epoch``: since 1970."""
        seen, still, moving = {}, [], []
        for file in files:
            name = file.path.name
            stamp, since = self._seen.get(name, (file.stamp, now))
            since = since if stamp == file.stamp else now
            seen[name] = file.stamp, since
            # the two clocks may differ: then it is what was seen here that counts
            if max(epoch - file.changed_at, now - since) >= self._seconds:
                still.append(file)
            else:
                moving.append(name)
        self._seen, self.moving = seen, tuple(moving)
        return still


def files_in(folder: Path) -> list[SpoolFile]:
    """Files of updates, by the time they were written, then by name. Raises OSError."""
    return sorted(_found(folder), key=lambda file: (file.stamp.written_ns, file.path.name))


def _found(folder: Path) -> Iterator[SpoolFile]:
    with os.scandir(folder) as entries:
        for entry in entries:
            if entry.name.endswith(ENDINGS) and not entry.name.startswith("."):
                with suppress(FileNotFoundError):  # taken in the meantime
                    yield _file(folder / entry.name)


def _file(path: Path) -> SpoolFile:
    wrong = None
    try:
        found = path.stat()
        if not stat.S_ISREG(found.st_mode):
            wrong = "it is no regular file"
    except OSError as error:  # a link that leads nowhere
        found, wrong = path.lstat(), error.strerror or str(error)
    return SpoolFile(path, _stamp(found), found.st_ctime, wrong)


def is_as_seen(file: SpoolFile) -> bool:
    """Whether a file is still there as it was, and as good or as bad to read."""
    with suppress(OSError):
        now = _file(file.path)
        return (now.stamp, now.wrong) == (file.stamp, file.wrong)
    return False


def stamp_of(path: Path) -> FileStamp | None:
    """What shows that a file was changed; None when it can't be looked at."""
    with suppress(OSError):
        return _stamp(path.stat())
    return None


def _stamp(found: os.stat_result) -> FileStamp:
    return FileStamp(found.st_size, found.st_mtime_ns, found.st_ino)


def working_name(name: str) -> str:
    """The name under which a file is worked through and ends.

    Its own, where that can be printed and is short enough; else as much of it as can and is, and
    a hash of the whole.
    """
    stem, ending = stem_of(name), name[len(stem_of(name)) :]
    raw = os.fsencode(stem)
    clean = "".join(filter(str.isprintable, raw.decode(errors="ignore"))).lstrip(".")
    if clean == stem and len(raw) + len(ending) <= NAME_AT_MOST:
        return name
    mark = f"-{hashlib.sha256(raw).hexdigest()[:8]}{ending}"
    return clean.encode()[: NAME_AT_MOST - len(mark)].decode(errors="ignore") + mark


def run_of(path: Path) -> Path:
    """The run directory that belongs to a file."""
    return path.with_name(f"{stem_of(path.name)}.run")


def reason_of(path: Path) -> Path:
    """The file that says why a file failed."""
    return path.with_name(f"{path.name}.wrong")


def stem_of(name: str) -> str:
    """A name without its ending."""
    return name[: name.rindex(".jsonl")]


def free_name(folder: Path, name: str) -> str:
    """The name, with a number where a file of that name ended before."""
    name = working_name(name)
    stem, ending = stem_of(name), name[len(stem_of(name)) :]
    number, free = 1, name
    while any(map(os.path.lexists, _places(folder / free))):
        number += 1
        free = f"{stem}-{number}{ending}"
    return free


def _places(path: Path) -> tuple[Path, ...]:
    return path, run_of(path), reason_of(path)
