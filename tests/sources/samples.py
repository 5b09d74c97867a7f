"""Lines of updates, and the ways in which they are packed."""

import gzip
import json
from collections.abc import Callable
from typing import Any

import zstandard

from batcher.updates.line_reader import LineReader
from tests.updates.samples import MODEL

READER = LineReader(MODEL, "main")
BOM = b"\xef\xbb\xbf"


def line(number: int, **more: Any) -> bytes:
    return json.dumps({"DomainName": "acme", "EventTriggerName": f"cart-{number}", **more}).encode()


def zstd(data: bytes) -> bytes:
    """Two frames, as appending to a file makes them."""
    half = len(data) // 2
    return zstandard.compress(data[:half]) + zstandard.compress(data[half:])


PACKED: dict[str, Callable[[bytes], bytes]] = {
    "jsonl": bytes,
    "jsonl.gz": gzip.compress,
    "jsonl.zst": zstd,
}
