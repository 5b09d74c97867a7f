"""Whether a directory may be used: one of this user, and for a run a new one, or that of a run.

Looks only. What is in a directory that no run made is somebody's, whatever its names are.
"""

import os
import re
import stat
from pathlib import Path

from batcher.errors import RunDirectoryError
from batcher.storage.regular_file import read_document

_UNBEGUN = re.compile(r"lock|log\.jsonl|input\.jsonl|control\.sock|\.batcher-.+")
"""What a process that was killed before its run began may have left."""

_HOLDER = re.compile(rb"process \d+ on \S+\s*")


def refuse_foreign_directory(path: Path) -> None:
    """Raise RunDirectoryError for what is no place of a run; nothing there is fine.

    That is a directory of files without a ``run.json``, of another user, or that others can write
    to, and what is no directory. Raises OSError, and DamageError for a lock that is none.
    """
    if not os.path.lexists(path):
        return
    if (why := why_not_own(path)) is not None:
        raise _unusable(path, why)
    names = sorted(os.listdir(path))
    begun = "run.json" in names
    strange = [] if begun else [name for name in names if not _UNBEGUN.fullmatch(name)]
    if "lock" in names and (holder := read_document(path / "lock")):
        strange += [] if _HOLDER.fullmatch(holder) else ["lock"]
    elif not begun and names and names != ["lock"]:
        strange = names  # without the lock of a run, they are somebody's
    if strange:
        raise _unusable(path, f"it holds files of something else ({_some(strange)})")


def why_not_own(path: Path) -> str | None:
    """Why what is there is no directory of this user alone, in words; None where it is one.

    Raises OSError, also for a link to what is not there.
    """
    link = os.lstat(path)
    if stat.S_ISLNK(link.st_mode) and link.st_uid not in (0, os.geteuid()):
        return "it is a symbolic link of another user"
    found = path.stat()
    if not stat.S_ISDIR(found.st_mode):
        return "it is no directory"
    if found.st_uid != os.geteuid():
        return f"it belongs to another user (uid {found.st_uid})"
    if found.st_mode & stat.S_IWOTH:
        return f"every user can write to it; chmod o-w {path}, if that is not meant"
    return None


def _some(names: list[str]) -> str:
    return ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")


def _unusable(path: Path, why: str) -> RunDirectoryError:
    return RunDirectoryError(
        f"{path}: can't be used as run directory: {why}. Nothing in it was touched. Give another,"
        " or one that is not there yet, with --out."
    )
