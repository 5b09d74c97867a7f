"""A directory for what is needed for a while, which goes at the end, also where that is a kill.

Then the next process that makes one there removes it.
"""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from batcher.storage.abandoned import (
    HELD_IN,
    MARKER,
    held_or_none,
    held_suffix,
    remove_abandoned,
)
from batcher.storage.file_system import create_file, remove_tree


@contextmanager
def held_directory(within: Path | None = None) -> Iterator[Path]:
    """A new directory, mode 0700, that goes with all that is in it; in TMPDIR by default.

    In another directory it is hidden. Raises OSError.
    """
    folder = Path(tempfile.gettempdir()) if within is None else within
    remove_abandoned(folder)
    prefix = "batcher-" if within is None else ".batcher-"
    path, marker = _made(folder, prefix)
    try:
        yield path
    finally:
        if marker is not None:
            os.close(marker)  # first: over NFS what is open stays, and the directory with it
        remove_tree(path)


def _made(folder: Path, prefix: str) -> tuple[Path, int | None]:
    """A directory and the marker in it, which is held; None: it can't be, and there is none."""
    for _ in range(HELD_IN):
        path = Path(tempfile.mkdtemp(prefix=prefix, suffix=held_suffix(), dir=folder))
        try:
            marker = create_file(path / MARKER)
        except OSError:
            remove_tree(path)
            raise
        if is_held := held_or_none(marker, path / MARKER):
            return path, marker
        os.close(marker)
        remove_tree(path)
        if is_held is None:
            break
    return Path(tempfile.mkdtemp(prefix=prefix, dir=folder)), None
