"""What goes wrong with a file is told in words that say what to do."""

import errno
import gzip
import zlib

import pytest

from batcher.sources.read_errors import damage, reason


@pytest.mark.parametrize(
    ("number", "words"),
    [
        (errno.ENOENT, "there is no such file"),
        (errno.EISDIR, "that is a directory; give a file"),
        (errno.EACCES, "no permission to read or write it"),
        (errno.ENOSPC, "No space left on device"),
    ],
)
def test_what_the_operating_system_says(number: int, words: str) -> None:
    error = OSError(number, "No space left on device")
    assert reason(error) == words
    assert damage(error) == f"can't be read: {words}"


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (EOFError(), "ends too early"),
        (gzip.BadGzipFile("bad magic"), "is damaged, or is no such data"),
        (zlib.error("bad"), "is damaged, or is no such data"),
    ],
)
def test_what_a_decoder_says(error: Exception, words: str) -> None:
    assert words in damage(error)
