"""zstd frames unpacked as a stream. Needs zstandard, and is imported only where a file needs it."""

import io
import zlib
from typing import Any

import zstandard

PACKED_BLOCK = 1 << 10  # compressed bytes unpacked at once: 1 KiB can stand for many MiB


class ZstdReader(io.RawIOBase):
    """Unpacks zstd frames one after the other.

    Reading raises zlib.error for what is damaged or no zstd, and EOFError for a truncated frame, of
    which the library's own reader does not say a word.
    """

    def __init__(self, packed: io.BufferedReader) -> None:
        self._raw = packed
        self._frame: Any = None
        self._packed = b""
        self._ready = memoryview(b"")

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        while not self._ready and self._unpack():
            pass
        count = min(len(buffer), len(self._ready))
        buffer[:count] = self._ready[:count]
        self._ready = self._ready[count:]
        return count

    def _unpack(self) -> bool:
        """Unpack some more; False at the end of the last frame."""
        packed = self._packed or self._raw.read(PACKED_BLOCK)
        if not packed:
            if self._frame is not None:
                raise EOFError
            return False
        self._frame = self._frame or zstandard.ZstdDecompressor().decompressobj()
        try:
            self._ready = memoryview(self._frame.decompress(packed))
        except zstandard.ZstdError as error:
            raise zlib.error(str(error)) from error  # as the standard library has it for gzip
        self._packed = self._frame.unused_data if self._frame.eof else b""
        if self._frame.eof:
            self._frame = None
        return True
