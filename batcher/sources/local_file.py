"""Inputs that can't be read twice, or only in one go, copied to a plain file that can."""

import io
import os
import sys
import zlib
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import BinaryIO, cast

from batcher.aws.s3_address import SCHEME, open_s3_object
from batcher.config import Settings
from batcher.errors import InputError, OutputError
from batcher.sources.bounded_reader import BoundedReader
from batcher.sources.decompression import BLOCK, COMPRESSED
from batcher.sources.input_file import open_input
from batcher.sources.read_errors import damage
from batcher.storage.atomic_file import AtomicFile
from batcher.storage.file_system import hidden_name, remove
from batcher.storage.held_directory import held_directory


def is_local(origin: str) -> bool:
    """Whether that is in the file system: neither standard input nor an object in S3."""
    return origin != "-" and not origin.startswith(SCHEME)


@contextmanager
def place_for_copies(origin: str | None) -> Iterator[Path]:
    """A directory for a copy of that input, which goes with what is in it at the end.

    None of a file that is read where it is. ``origin`` None: it has to be written. Raises
    OutputError where there is no place.
    """
    if origin is not None and is_local(origin) and _is_plain(Path(origin)):
        yield Path(os.devnull)  # where nothing can be put
        return
    with ExitStack() as stack:
        try:
            place = stack.enter_context(held_directory())
        except OSError as error:
            raise OutputError(
                f"there is no place for a copy of the input: {error.strerror}. Set TMPDIR to a"
                " directory with room for it."
            ) from error
        yield place


def _is_plain(path: Path) -> bool:
    return path.suffix not in COMPRESSED and path.is_file()


def local_file(
    origin: str | Path,
    into: Path,
    *,
    stdin: BinaryIO | None = None,
    profile: str | None = None,
    region: str | None = None,
) -> Path:
    """The path of a plain file with the bytes of ``origin``: itself, or a copy at ``into``.

    Copied are ``-`` (standard input), ``s3://…`` (read with that profile, in that Region), pipes,
    and, unpacked, ``.gz`` and ``.zst``; mode 0600. Raises InputError; of S3 also AwsError.
    """
    if str(origin) == "-":
        name = "standard input"
        bounded = BoundedReader(cast(io.RawIOBase, stdin or sys.stdin.buffer), name)
        return _copy(name, io.BufferedReader(bounded, BLOCK), into)
    if str(origin).startswith(SCHEME):
        return _download(str(origin), into, profile, region)
    path = Path(origin)
    with open_input(path) as file:
        if _is_plain(path):
            return path
        return _copy(str(path), file.stream, into)


@contextmanager
def plain_file(origin: str, settings: Settings) -> Iterator[Path]:
    """The path of a plain file with the bytes of ``origin``, for as long as it is read.

    Raises OutputError where a copy has no place, else as ``local_file`` does.
    """
    with place_for_copies(origin) as copies:
        into, profile, region = copies / "input.jsonl", settings.profile, settings.region
        yield local_file(origin, into, profile=profile, region=region)


def _download(url: str, into: Path, profile: str | None, region: str | None) -> Path:
    """Copy an object as it is stored, so that its checksum is looked at before it is unpacked."""
    packed = hidden_name(into).with_suffix(Path(url).suffix)  # which says how it is packed
    try:
        with open_s3_object(url, profile, region) as stream:
            _copy(url, stream, packed)
        with open_input(packed, url) as file:
            return _copy(url, file.stream, into)
    finally:
        remove(packed)


def _copy(name: str, stream: BinaryIO, into: Path) -> Path:
    """Copy as a whole: a part must not be taken for the input."""
    try:
        with AtomicFile(into, replace=True) as copy:
            for block in _blocks(name, stream):
                copy.write(block)
            copy.commit()
    except OutputError as error:
        raise InputError(f"{name}: can't be copied: {error}") from error.__cause__
    return into


def _blocks(name: str, stream: BinaryIO) -> Iterator[bytes]:
    copied = 0
    try:
        while block := stream.read(BLOCK):
            yield block
            copied += len(block)
    except (OSError, EOFError, zlib.error) as error:
        place = f"after {copied:,} unpacked bytes"
        raise InputError(f"{name}: {damage(error)}, {place}") from error
