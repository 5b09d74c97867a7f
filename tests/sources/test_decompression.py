"""Whatever it is packed in, what comes out is what went in, or an error."""

import gzip
import io
import os
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from batcher.errors import InputError
from batcher.sources.checksum import ChecksumReader
from batcher.sources.decompression import decompressed
from batcher.sources.inspection import inspect
from batcher.sources.local_file import local_file
from tests.sources.samples import PACKED, READER, line, zstd


@pytest.mark.parametrize("suffix", PACKED)
@given(st.binary(), st.binary())
def test_what_was_packed_comes_out_also_of_several_parts(
    suffix: str, first: bytes, second: bytes
) -> None:
    pack = PACKED[suffix]
    stored = ChecksumReader(
        io.BytesIO(pack(first) + pack(second))
    )  # as appending to a file makes them
    assert decompressed(Path(f"updates.{suffix}"), stored, "").read() == first + second


@pytest.mark.parametrize("suffix", ["jsonl.gz", "jsonl.zst"])
@pytest.mark.parametrize(
    ("harm", "says"),
    [
        (lambda packed: packed[: len(packed) * 2 // 3], "the compressed data ends too early"),
        (lambda packed: packed[:9] + b"?" * 99, "the compressed data is damaged"),
    ],
)
def test_damaged_compressed_files_are_an_input_error_that_says_where(
    tmp_path: Path, suffix: str, harm: Callable[[bytes], bytes], says: str
) -> None:
    packer = gzip.compress if suffix.endswith("gz") else zstandard.compress
    path = tmp_path / f"updates.{suffix}"
    path.write_bytes(
        harm(
            packer(
                b"\n".join(line(number, Description=os.urandom(90).hex()) for number in range(9000))
            )
        )
    )
    with pytest.raises(InputError, match=f"{path.name}: {says}.* after line \\d"):
        inspect(path, READER)
    with pytest.raises(InputError, match=says):
        local_file(path, tmp_path / "input.jsonl")
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("suffix", ["jsonl.gz", "jsonl.zst"])
def test_what_is_not_packed_as_its_name_says_is_told_with_the_command_that_mends_it(
    tmp_path: Path, suffix: str
) -> None:
    path = tmp_path / f"updates.{suffix}"
    path.write_bytes(line(1))
    said = f"{path}: .* it is not packed at all. This mends it: cat < .*/updates.mended.jsonl"
    for read in (lambda: inspect(path, READER), lambda: local_file(path, tmp_path / "copy")):
        with pytest.raises(InputError, match=said):
            read()


def test_without_the_zstd_extra_the_error_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "updates.jsonl.zst"
    path.write_bytes(zstd(line(1)))
    # what an import that fails looks like
    monkeypatch.setitem(sys.modules, "batcher.sources.zstd_reader", None)
    with pytest.raises(InputError, match=r"pip install zstandard"):
        inspect(path, READER)
