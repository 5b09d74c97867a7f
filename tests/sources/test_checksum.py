"""Size and SHA-256 are those of the bytes as they are stored, however they are read."""

import hashlib
import io
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from batcher.errors import InputError
from batcher.sources.checksum import ChecksumReader, file_checksum


@given(st.binary(), st.lists(st.integers(1, 9)))
def test_what_was_read_is_what_is_counted(content: bytes, sizes: list[int]) -> None:
    reader = ChecksumReader(io.BytesIO(content))
    read = b"".join(reader.read(size) or b"" for size in sizes)
    assert (reader.size, reader.sha256) == (len(read), hashlib.sha256(read).hexdigest())
    read += reader.read()
    assert read == content
    assert (reader.size, reader.sha256) == (len(content), hashlib.sha256(content).hexdigest())


@pytest.mark.parametrize("content", [b"a\n", b"a\nb\nc\n"])
def test_a_file_that_ends_elsewhere_than_when_it_was_opened_is_an_input_error(
    content: bytes,
) -> None:
    reader = io.BufferedReader(ChecksumReader(io.BytesIO(content), "u.jsonl", 4), 2)
    with pytest.raises(InputError, match=r"u\.jsonl: was written to while it was read"):
        reader.read()


def test_a_file_by_itself_has_the_same_or_is_an_input_error(tmp_path: Path) -> None:
    path = tmp_path / "updates.jsonl"
    path.write_bytes(b"some bytes")
    assert file_checksum(path) == (10, hashlib.sha256(b"some bytes").hexdigest())
    with pytest.raises(InputError, match="nowhere: there is no such file"):
        file_checksum(tmp_path / "nowhere")
