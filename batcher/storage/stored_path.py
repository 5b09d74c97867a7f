"""Paths as JSON can hold them: also those whose bytes are no UTF-8."""

import os
from pathlib import Path
from urllib.parse import quote, unquote_to_bytes

_BYTES = "file://"


def text_of_path(path: Path) -> str:
    """The text of an absolute path; a ``file:`` URL where its bytes are no UTF-8."""
    text = str(path)
    return text if text.isprintable() or _is_unicode(text) else _BYTES + quote(os.fsencode(text))


def stored_path(text: str) -> Path:
    """The path that a text was made of."""
    if not text.startswith(_BYTES):
        return Path(text)
    return Path(os.fsdecode(unquote_to_bytes(text.removeprefix(_BYTES))))


def stored_name(text: str) -> str:
    """What people know that input by: its name, or the whole of a URL."""
    is_path = text.startswith(_BYTES) or "://" not in text
    return Path(text).name if is_path else text


def _is_unicode(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
