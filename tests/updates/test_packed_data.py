"""Packed data under another name, and that its command unpacks it."""

import bz2
import gzip
import io
import lzma
import tarfile
import zipfile
from pathlib import Path

import pytest

from batcher.updates.packed_data import packed_as
from tests.updates.mended_files import (
    PLAIN,
    assert_mended,
)


def archive(kind: str, content: bytes) -> bytes:
    out = io.BytesIO()
    if kind == "zip":
        with zipfile.ZipFile(out, "w") as zipped:
            zipped.writestr("updates.jsonl", content)
    else:
        with tarfile.open(fileobj=out, mode="w") as tar:
            member = tarfile.TarInfo("updates.jsonl")
            member.size = len(content)
            tar.addfile(member, io.BytesIO(content))
    return out.getvalue()


@pytest.mark.parametrize(
    ("what", "content", "tool"),
    [
        ("gzip data", gzip.compress(PLAIN), "gunzip"),
        ("bzip2 data", bz2.compress(PLAIN), "bunzip2"),
        ("xz data", lzma.compress(PLAIN), "xz"),
        ("a zip archive", archive("zip", PLAIN), "funzip"),
        ("a tar archive", archive("tar", PLAIN), "tar"),
    ],
)
def test_packed_data_under_another_name_is_told_and_its_command_unpacks_it(
    tmp_path: Path, what: str, content: bytes, tool: str
) -> None:
    assert_mended(tmp_path, what, content, tool)


def test_text_is_no_packed_data() -> None:
    assert packed_as(PLAIN) is None
    assert packed_as(b"") is None
