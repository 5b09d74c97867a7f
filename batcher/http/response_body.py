"""Where the body of an answer ends: after so many bytes, after a last chunk, or with the peer.

Each kind takes bytes as they come: ``feed`` gives what is left over once the body is whole, None
before; ``content`` is the whole body.
"""

import re
from typing import Protocol

from batcher.http.errors import BadResponseError, TooLongError

BODY_AT_MOST = 1024 * 1024  # bytes; a whole page of the longest list is a fifth of that
LINE_AT_MOST = 1024  # bytes of a chunk's size with its extensions
TRAILERS_AT_MOST = 16 * 1024  # bytes of all of them

# no blanks before or after, no sign, no underscore; an extension is passed over
_CHUNK_SIZE = re.compile(rb"([0-9A-Fa-f]{1,16})(?:;[^\x00-\x08\x0a-\x1f\x7f]*+)?")
_TRAILER = re.compile(rb"[!#$%&'*+\-.^_`|~0-9A-Za-z]++:[^\x00-\x08\x0a-\x1f\x7f]*+")


class ResponseBody(Protocol):
    """The body of one answer."""

    @property
    def content(self) -> bytes: ...

    def feed(self, data: bytes) -> bytes | None: ...


class SizedBody:
    """A body of ``length`` bytes."""

    __slots__ = ("_left", "_pieces", "content")

    def __init__(self, length: int) -> None:
        _check_length(length)
        self._left = length
        self._pieces: list[bytes] = []
        self.content = b""

    def feed(self, data: bytes) -> bytes | None:
        if self._left == len(data) and not self._pieces:  # as nearly always
            self.content = data
            return b""
        piece, rest = data[: self._left], data[self._left :]
        self._left -= len(piece)
        self._pieces.append(piece)
        if self._left:
            return None
        self.content = b"".join(self._pieces)
        return rest


class BodyUntilClose:
    """A body that ends when the peer closes the connection; ``feed`` never sees the end."""

    __slots__ = ("_content",)

    def __init__(self) -> None:
        self._content = bytearray()

    @property
    def content(self) -> bytes:
        return bytes(self._content)

    def feed(self, data: bytes) -> None:
        self._content += data
        _check_length(len(self._content))


class ChunkedBody:
    """A body of chunks; extensions and trailers are read and passed over."""

    __slots__ = ("_chunk_left", "_content", "_held", "_trailers")

    def __init__(self) -> None:
        self._held = b""  # what can't be read before more comes
        self._content = bytearray()
        # of the chunk, with the line end after its data; 0: a chunk's size is next
        self._chunk_left = 0
        self._trailers: int | None = None  # bytes of them so far; None: chunks are still to come

    @property
    def content(self) -> bytes:
        return bytes(self._content)

    def feed(self, data: bytes) -> bytes | None:
        if self._held:
            data, self._held = self._held + data, b""
        at = 0
        while True:
            if self._chunk_left:
                after = self._read_chunk(data, at)
            elif self._trailers is None:
                after = self._read_size(data, at)
            else:
                after = self._read_trailer(data, at)
                if after == at + 2:  # an empty line
                    return data[after:]
            if after is None:
                return None
            at = after

    def _read_chunk(self, data: bytes, at: int) -> int | None:
        """Take what there is of a chunk; where it goes on after the chunk."""
        piece = data[at : at + self._chunk_left - 2] if self._chunk_left > 2 else b""
        self._content += piece
        self._chunk_left -= len(piece)
        at += len(piece)
        end = data[at : at + self._chunk_left]
        if self._chunk_left > 2 or len(end) < 2:
            self._held = end
            return None
        if end != b"\r\n":
            raise BadResponseError("a chunk is longer than it said")
        self._chunk_left = 0
        return at + 2

    def _read_size(self, data: bytes, at: int) -> int | None:
        line, after = self._line(data, at, LINE_AT_MOST)
        if line is None:
            return None
        if (size := _CHUNK_SIZE.fullmatch(line)) is None:
            raise BadResponseError("a chunk has no size that can be read")
        length = int(size[1], 16)
        _check_length(len(self._content) + length)
        if length:
            self._chunk_left = length + 2
        else:
            self._trailers = 0
        return after

    def _read_trailer(self, data: bytes, at: int) -> int | None:
        so_far = self._trailers or 0
        line, after = self._line(data, at, TRAILERS_AT_MOST - so_far)
        if line is None:
            return None
        if line and _TRAILER.fullmatch(line) is None:
            raise BadResponseError("a trailer can't be read")
        self._trailers = so_far + after - at
        return after

    def _line(self, data: bytes, at: int, at_most: int) -> tuple[bytes | None, int]:
        """The line at a place, and the place after it; None and 0 where it is not whole yet."""
        end = data.find(b"\r\n", at, at + at_most + 2)
        if end >= 0:
            return data[at:end], end + 2
        self._held = data[at:]
        if len(self._held) > at_most + 1:
            raise BadResponseError("a line of a chunked body is longer than any")
        return None, 0


def _check_length(length: int) -> None:
    if length > BODY_AT_MOST:
        raise TooLongError(f"the body has more than {BODY_AT_MOST:,} bytes")
