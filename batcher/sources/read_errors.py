"""What the operating system or a decoder says of a file, in words for people."""

import gzip
import zlib
from pathlib import Path

from batcher.storage.near_paths import is_run, near_file


def reason(error: OSError) -> str:
    """Why the operating system said no."""
    match error:
        case FileNotFoundError():
            return f"there is no such file{_meant(error.filename)}"
        case IsADirectoryError():
            return _directory(error.filename)
        case PermissionError():
            return "no permission to read or write it"
    return error.strerror or str(error)


def _meant(name: object) -> str:
    near = near_file(Path(name)) if isinstance(name, str) else None
    return "" if near is None else f"; did you mean {near}?"


def _directory(name: object) -> str:
    if isinstance(name, str) and is_run(Path(name)):
        return (
            "that is the directory of a run, which goes on with the command that began it; give the"
            " file that it is a run of"
        )
    return "that is a directory; give a file"


def damage(error: Exception) -> str:
    """What is wrong with bytes that may be compressed."""
    match error:
        case EOFError():
            return "the compressed data ends too early (truncated?)"
        case gzip.BadGzipFile() | zlib.error():
            return "the compressed data is damaged, or is no such data at all"
        case OSError():
            return f"can't be read: {reason(error)}"
    return str(error)
