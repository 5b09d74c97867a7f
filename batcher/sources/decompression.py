"""Bytes as they are stored turned into the bytes that are meant, by the suffix of the file."""

import gzip
import io
from pathlib import Path
from typing import Any, cast

from batcher.errors import InputError
from batcher.optional_imports import optional_module
from batcher.updates.input_hint import wrong_suffix

BLOCK = 1 << 18  # bytes read at once
COMPRESSED = (".gz", ".zst")


def decompressed(path: Path, stored: io.RawIOBase, name: str) -> "io.BufferedReader[Any]":
    """The stream of what is in the file at ``path``, whose bytes are ``stored``.

    ``name``: what people know it by.

    Reading it raises EOFError where compressed data is truncated, zlib.error or gzip.BadGzipFile
    where it is damaged. Raises InputError where its name says that it is packed and it is not, or
    the package for it is not installed.
    """
    packed = io.BufferedReader(stored, BLOCK)
    if path.suffix not in COMPRESSED:
        return packed
    if wrong := wrong_suffix(name, path.suffix, packed.peek(BLOCK)):
        raise InputError(wrong)
    if path.suffix == ".gz":
        # a raw stream in all but its base class; its own readline is slower than BufferedReader's
        return io.BufferedReader(cast(io.RawIOBase, gzip.GzipFile(fileobj=packed)), BLOCK)
    missing = InputError(f"{path}: to read .zst files: pip install zstandard")
    zstd = optional_module("batcher.sources.zstd_reader", missing)
    return io.BufferedReader(zstd.ZstdReader(packed), BLOCK)
