"""Size and SHA-256 of a file as it is stored, by themselves or while it is read."""

import hashlib
import io
from pathlib import Path
from typing import Any

from batcher.errors import InputError
from batcher.sources.read_errors import reason


def file_checksum(path: Path) -> tuple[int, str]:
    """Size in bytes and SHA-256 (hex) of a file. Raises InputError."""
    try:
        with path.open("rb") as file:
            sha256 = hashlib.file_digest(file, "sha256").hexdigest()
            return file.tell(), sha256
    except OSError as error:
        raise InputError(f"{path}: {reason(error)}") from error


class ChecksumReader(io.RawIOBase):
    """Passes the bytes of a file on, and keeps their number (``size``) and SHA-256.

    ``whole``: how many there were at the start, None where nobody knows.
    Raises InputError where a file, which people know by ``name``, is another size at its end than
    it was at the start: it is being written, and may grow faster than it is read.
    """

    def __init__(self, file: io.RawIOBase, name: str = "", whole: int | None = None) -> None:
        self._file = file
        self._name = name
        self.whole = whole
        self._sha256 = hashlib.sha256()
        self.size = 0

    @property
    def sha256(self) -> str:
        """The SHA-256 (hex) of what was read so far."""
        return self._sha256.hexdigest()

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:
        count = self._file.readinto(buffer)
        if count is None:
            return None
        whole = self.whole
        if whole is not None and (self.size + count > whole or (not count and self.size < whole)):
            raise InputError(
                f"{self._name}: was written to while it was read. Give it again when it is whole."
            )
        self._sha256.update(memoryview(buffer)[:count])
        self.size += count
        return count
