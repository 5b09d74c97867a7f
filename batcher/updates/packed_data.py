"""What packed data and documents begin with, and the command that unpacks them."""

from msgspec import Struct

_SHEET = "Save its sheet as CSV (UTF-8), and give that: how to make lines of CSV is told then."


class Packed(Struct, frozen=True, kw_only=True):
    """A kind of data that is no text.

    ``filter``: the shell command that unpacks it from standard input; None where none does.
    """

    what: str
    magic: bytes
    at: int = 0
    filter: str | None = None
    advice: str = ""


PACKED = {
    "gunzip": Packed(what="gzip data", magic=b"\x1f\x8b", filter="gunzip"),
    "zstd -dc": Packed(what="zstd data", magic=b"\x28\xb5\x2f\xfd", filter="zstd -dc"),
}
"""What batcher reads by itself, where the name says so; by the command that unpacks it."""

UNPACKED_BY = {"gz": "gunzip", "zst": "zstd -dc"}
"""By the suffix, without its dot."""

_OTHERS = (
    Packed(what="bzip2 data", magic=b"BZh", filter="bunzip2"),
    Packed(what="xz data", magic=b"\xfd7zXZ\0", filter="xz -dc"),
    Packed(what="a tar archive", magic=b"ustar", at=257, filter="tar -xOf -"),
    Packed(what="an old Excel file", magic=b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", advice=_SHEET),
    Packed(what="a PDF", magic=b"%PDF-", advice="Ask for the file that it was made of."),
    Packed(what="a Parquet file", magic=b"PAR1", advice="Export it as JSON Lines."),
)
_ZIP = Packed(what="a zip archive", magic=b"PK\x03\x04", filter="funzip")
_WORKBOOK = Packed(what="an Excel file", magic=_ZIP.magic, advice=_SHEET)
_PARTS = (b"[Content_Types].xml", b"xl/", b"docProps/", b"mimetypeapplication/vnd.oasis")


def packed_as(head: bytes) -> Packed | None:
    """Which kind of data begins so; None for what may be text."""
    if head.startswith(_ZIP.magic):
        return _WORKBOOK if any(part in head[:4096] for part in _PARTS) else _ZIP
    kinds = (*PACKED.values(), *_OTHERS)
    return next((each for each in kinds if head[each.at :].startswith(each.magic)), None)
