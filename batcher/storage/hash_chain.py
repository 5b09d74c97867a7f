"""The chain of a journal: every line ends in a hash of itself and of all lines before it.

The last member of a line is ``chain``: the first 32 hex digits of the SHA-256 of the chain of the
line before (of none: nothing) and the line without that member and without its newline. So a line
that was changed, lost or put in does not fit to those around it, and a head kept elsewhere proves
the rest.
"""

import hashlib
from typing import Annotated

from msgspec import Meta, Struct

from batcher.records import Count

_MEMBER = b',"chain":"'
_DIGITS = 32
_TAIL = len(_MEMBER) + _DIGITS + len(b'"}')


class Head(Struct, frozen=True, kw_only=True):
    """How far a journal went: its number of lines, the chain of the last one, its size in bytes.

    ``sha256`` of these bytes proves them faster than the chain does, and says the same.
    """

    lines: Count
    chain: Annotated[str, Meta(pattern="^([0-9a-f]{32})?\\Z")]
    size: Count
    sha256: Annotated[str, Meta(pattern="^[0-9a-f]{64}\\Z")]


EMPTY = Head(lines=0, chain="", size=0, sha256=hashlib.sha256().hexdigest())


class ChainTip:
    """The end of a journal: what its next line is chained to."""

    def __init__(self) -> None:
        self.lines = 0
        self.chain = b""
        self.size = 0
        self._sha256 = hashlib.sha256()

    def __repr__(self) -> str:
        return f"<ChainTip: {self.lines:,} lines, {self.size:,} bytes>"

    def seal(self, line: bytes) -> bytes:
        """Chain a line, the JSON of an object, to those before; returns it with its newline."""
        self.lines += 1
        self.chain = link(self.chain, line)
        return b'%s%s%s"}\n' % (line[:-1], _MEMBER, self.chain)

    def extend(self, stored: bytes) -> None:
        """Take in bytes as they stand in the file: whole lines, or a part of what is read."""
        self.size += len(stored)
        self._sha256.update(stored)

    def head(self) -> Head:
        """The head of what was taken in, once that is all that was sealed."""
        return Head(
            lines=self.lines,
            chain=self.chain.decode(),
            size=self.size,
            sha256=self._sha256.hexdigest(),
        )


def link(before: bytes, line: bytes) -> bytes:
    """The chain of a line that has none yet, given that of the line before."""
    return hashlib.sha256(before + line).hexdigest()[:_DIGITS].encode()


def split(line: bytes) -> tuple[bytes, bytes | None]:
    """A line, without its newline, as it was before it was chained, and its chain if it has one."""
    tail = line[-_TAIL:]
    if tail.startswith(_MEMBER) and tail.endswith(b'"}') and len(line) > _TAIL:
        return line[:-_TAIL] + b"}", tail[len(_MEMBER) : -2]
    return line, None


def line_digest(line: bytes) -> str:
    """The digest of one line, without its newline, whatever its place: 32 hex digits."""
    return unchained_digest(split(line)[0])


def unchained_digest(line: bytes) -> str:
    """The digest of a line that is not chained yet."""
    return hashlib.sha256(line).hexdigest()[:_DIGITS]
