"""The file source: the updates of one target out of a file that was inspected, line by line, again
when asked.

The file is read as it is needed; what changed since the inspection is an InputError, never another
update.
"""

import os
import shutil
import sys
import zlib
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import BinaryIO

from batcher.aws.s3_download import SCHEME, s3_object
from batcher.errors import InputError
from batcher.records import Update
from batcher.sources.input_file import BLOCK, COMPRESSED, damage, open_input, reason
from batcher.sources.inspection import (
    Inspection,
    LineIndex,
    LineViolation,
    TargetIndex,
    as_target,
    file_stamp,
    index,
    inspect,
)
from batcher.updates.line_reader import LINE_AT_MOST, LineReader

__all__ = [
    "FileSource",
    "Inspection",
    "LineIndex",
    "LineViolation",
    "TargetIndex",
    "as_target",
    "index",
    "inspect",
    "is_path",
    "materialize",
]


def is_path(origin: str) -> bool:
    """Whether that is in the file system: neither standard input nor an object in S3."""
    return origin != "-" and not origin.startswith(SCHEME)


def materialize(
    origin: str | Path, into: Path, *, stdin: BinaryIO | None = None, profile: str | None = None
) -> Path:
    """The path of a plain file with the bytes of ``origin``: itself when it is one, else a copy at
    ``into``.

    ``-`` (standard input), ``s3://`` (read with that profile), pipes, ``.gz`` and ``.zst`` are
    copied, unpacked, mode 0600. Raises InputError; of S3 also AwsError.
    """
    if str(origin) == "-":
        return _copy("standard input", stdin or sys.stdin.buffer, into)
    if str(origin).startswith(SCHEME):
        return _fetched(str(origin), into, profile)
    path = Path(origin)
    if path.suffix not in COMPRESSED and (path.is_file() or path.is_dir()):
        with open_input(path):
            return path
    with open_input(path) as file:
        return _copy(str(path), file.stream, into)


def _fetched(url: str, into: Path, profile: str | None) -> Path:
    """The copy of an object in S3: as it is stored at first, so that its checksum is looked at
    before it is unpacked.
    """
    packed = into.with_name("object" + Path(url).suffix)
    try:
        with s3_object(url, profile) as stream:
            _copy(url, stream, packed)
        with open_input(packed) as file:
            return _copy(url, file.stream, into)
    finally:
        packed.unlink(missing_ok=True)


def _copy(name: str, stream: BinaryIO, into: Path) -> Path:
    """Under another name until it is whole: a copy that was cut short must not be taken for the
    input.
    """
    partial = into.with_name(into.name + ".partial")
    try:
        with os.fdopen(
            os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb"
        ) as copy:
            try:
                shutil.copyfileobj(stream, copy, BLOCK)
            except (OSError, EOFError, zlib.error) as error:
                raise InputError(
                    f"{name}: {damage(error)}, after {copy.tell():,} unpacked bytes"
                ) from error
        partial.replace(into)
    except OSError as error:
        raise InputError(f"{name}: can't be copied to {into}: {reason(error)}") from error
    finally:
        partial.unlink(missing_ok=True)
    return into


class FileSource:
    """A Source of the lines in an index. ``skip(line)`` says which ones to leave out."""

    looks_back = True

    def __init__(
        self,
        path: Path,
        index: LineIndex,
        reader: LineReader,
        skip: Callable[[int], bool] | None = None,
    ) -> None:
        self._path = path
        self._index = index
        self._reader = reader
        self._skip = skip or (lambda line: False)

    def __repr__(self) -> str:
        return f"<FileSource {self._path.name}: {len(self._index):,} lines>"

    async def __aiter__(self) -> AsyncIterator[Update]:
        """The updates in order.

        Raises InputError when the file is gone or has changed since it was indexed.
        """
        with self._open() as file:
            for line, offset in zip(self._index.lines, self._index.offsets, strict=True):
                if not self._skip(line):
                    yield self._update(self._line(file, offset, line), line)

    def holds(self, line: int) -> bool:
        """Whether that line is one of this source."""
        return line in self._index

    def again(self, line: int) -> Update:
        """The update of that line.

        Raises LookupError for a line that is not here, InputError as above.
        """
        return self._update(self.raw(line), line)

    def raw(self, line: int) -> bytes:
        """The bytes of that line as they stand in the file, newline included.

        Errors as for ``again``.
        """
        offset = self._index.offset(line)
        with self._open() as file:
            return self._line(file, offset, line)

    def _open(self) -> BinaryIO:
        try:
            return self._path.open("rb")
        except FileNotFoundError as error:
            raise self._lost("gone") from error
        except OSError as error:
            raise InputError(
                f"{self._path}: {reason(error)}; it could be read when it was checked"
            ) from error

    def _line(self, file: BinaryIO, offset: int, line: int) -> bytes:
        # by its name: it may be gone, or another one
        if (stamp := file_stamp(self._path)) != self._index.stamp:
            raise self._lost("changed" if any(stamp) else "gone", line)
        file.seek(offset)
        return file.readline(LINE_AT_MOST + 1)

    def _update(self, raw: bytes, line: int) -> Update:
        update = self._reader.read(raw, line)
        if not isinstance(update, Update):
            raise self._lost("changed", line)
        return update

    def _lost(self, what: str, line: int | None = None) -> InputError:
        noticed = "" if line is None else f" (noticed at line {line})"
        return InputError(
            f"{self._path}: {what} since it was checked{noticed}; "
            "put the file back as it was, or start a new run with the new one"
        )
