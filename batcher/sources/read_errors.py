"""What the operating system or a decoder says of a file, in words for people."""

import gzip
import zlib


def reason(error: OSError) -> str:
    """Why the operating system said no."""
    match error:
        case FileNotFoundError():
            return "there is no such file"
        case IsADirectoryError():
            return "that is a directory; give a file"
        case PermissionError():
            return "no permission to read or write it"
    return error.strerror or str(error)


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
