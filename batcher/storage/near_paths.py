"""What may have been meant by a path at which there is not what was wanted. Looks only."""

import os
from collections.abc import Callable
from difflib import get_close_matches
from itertools import islice
from pathlib import Path

NAMED = 3
LOOKED_AT = 1000  # entries of a directory
_LIKELY = 0.7  # how much of two names has to be the same for one to be meant by the other


def near_file(path: Path) -> str | None:
    """The file beside it whose name is most like its own; None where none is."""
    return next(iter(_nearest(path, path.parent, os.path.isfile, 1, _LIKELY)), None)


def missing_run(path: Path, what: str = "no run directory", or_else: str = "") -> str:
    """Why there is no run at a path, and which one may have been meant, in words.

    ``what``: what it is not; ``or_else``: what could be given, too.
    """
    if not os.path.lexists(path):
        why, folders = "there is nothing of that name", [path.parent]
    elif not os.path.isdir(path):  # which raises nothing, as the other looks here
        why, folders = "it is no directory", [path.parent]
    else:
        why, folders = "there is no run.json in it", [path, path.parent]
    near = (_nearest(path, folder, is_run, NAMED, 0.0) for folder in folders)
    such = ", ".join(next(filter(None, near), ["updates.run"]))
    return f"{path}: {what}: {why}. Give the directory of a run, such as {such}{or_else}."


def is_run(path: Path) -> bool:
    """Whether there is the directory of a run, as far as that can be seen."""
    return os.path.exists(path / "run.json")


def _nearest(
    path: Path, folder: Path, is_wanted: Callable[[Path], bool], most: int, likely: float
) -> list[str]:
    """Of a directory what is wanted, those first whose names are most like that of the path."""
    try:
        with os.scandir(folder) as entries:
            names = [each.name for each in islice(entries, LOOKED_AT)]
        found = [name for name in names if is_wanted(folder / name)]
    except OSError:
        return []
    wanted = path.absolute().name
    return [str(folder / name) for name in get_close_matches(wanted, found, most, likely)]
