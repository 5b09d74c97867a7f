"""Frames come out one after the other, and one that is cut short is no end."""

import io
import zlib

import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from batcher.sources.zstd_reader import ZstdReader


def read(stored: bytes) -> bytes:
    return io.BufferedReader(ZstdReader(io.BufferedReader(io.BytesIO(stored)))).read()


@given(st.lists(st.binary(max_size=3000), max_size=4))
def test_all_frames_come_out(contents: list[bytes]) -> None:
    assert read(b"".join(map(zstandard.compress, contents))) == b"".join(contents)


@given(st.binary(min_size=1), st.data())
def test_a_frame_that_is_cut_short_anywhere_is_an_error(
    content: bytes, data: st.DataObject
) -> None:
    whole = zstandard.compress(content)
    with pytest.raises(EOFError):
        read(zstandard.compress(b"whole") + whole[: data.draw(st.integers(1, len(whole) - 1))])


def test_what_is_no_frame_is_an_error() -> None:
    with pytest.raises(zlib.error):
        read(b"not compressed at all")
