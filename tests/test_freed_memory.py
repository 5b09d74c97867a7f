"""What was freed between blocks that are in use is given back."""

import os
from pathlib import Path

import pytest

from batcher.freed_memory import give_back_memory


def resident() -> int:
    """Bytes."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def test_what_many_small_blocks_took_is_given_back() -> None:
    if not give_back_memory():
        pytest.skip("the C library has no such function")
    blocks = [bytes([1]) * 4000 for _ in range(10_000)]
    kept, full = blocks[::100], resident()
    del blocks
    assert give_back_memory()
    assert full - resident() > 20_000_000
    assert len(kept) == 100
