"""Bytes as they are stored turned into the bytes that are meant, by the suffix of the file."""

import gzip
import io
import math
from pathlib import Path
from typing import Any, cast

from batcher.errors import InputError
from batcher.optional_imports import optional_module
from batcher.sources.bounded_reader import RATIO, STREAMED, UNPACKED, BoundedReader
from batcher.sources.checksum import ChecksumReader
from batcher.updates.input_hint import wrong_suffix

BLOCK = 1 << 18  # bytes read at once
COMPRESSED = (".gz", ".zst")


def decompressed(path: Path, stored: ChecksumReader, name: str) -> "io.BufferedReader[Any]":
    """The stream of what is in the file at ``path``, whose bytes are ``stored``.

    ``name``: what people know it by.

    Reading it raises EOFError where compressed data is truncated, zlib.error or gzip.BadGzipFile
    where it is damaged. Raises InputError where its name says that it is packed and it is not, or
    the package for it is not installed.
    """
    if path.suffix not in COMPRESSED:
        most = STREAMED if stored.whole is None else math.inf
        return io.BufferedReader(BoundedReader(stored, name, lambda: most), BLOCK)
    packed = io.BufferedReader(stored, BLOCK)
    if wrong := wrong_suffix(name, path.suffix, packed.peek(BLOCK)):
        raise InputError(wrong)

    def most_unpacked() -> int:
        return max(UNPACKED, RATIO * stored.size)

    if path.suffix == ".gz":
        # a raw stream in all but its base class; its own readline is slower than BufferedReader's
        unpacked = cast(io.RawIOBase, gzip.GzipFile(fileobj=packed))
        return io.BufferedReader(BoundedReader(unpacked, name, most_unpacked), BLOCK)
    missing = InputError(f"{path}: to read .zst files: pip install zstandard")
    zstd = optional_module("batcher.sources.zstd_reader", missing)
    unpacked = zstd.ZstdReader(packed)
    return io.BufferedReader(BoundedReader(unpacked, name, most_unpacked), BLOCK)
