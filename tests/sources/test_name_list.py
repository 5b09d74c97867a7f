"""A file of names: read as people write it, and refused where it is none."""

from pathlib import Path

import pytest

from batcher.errors import SettingsError
from batcher.sources.name_list import BYTES_AT_MOST, read_names


def test_names_stand_one_a_line_whatever_ends_the_lines(tmp_path: Path) -> None:
    file = tmp_path / "names.txt"
    file.write_bytes(b"\xef\xbb\xbft1\r\n\n  acme/t2 \nt3")
    assert read_names(file) == ("t1", "acme/t2", "t3")


@pytest.mark.parametrize(
    ("content", "what"),
    [
        (b"\n \n", "there is no name in it"),
        (b"t1\n\xff\n", "not UTF-8"),
        (b"t\n" * (BYTES_AT_MOST // 2 + 1), "longer than 1,048,576 bytes"),
        (None, "can't be read: No such file"),
    ],
)
def test_what_is_no_list_of_names_is_refused(
    tmp_path: Path, content: bytes | None, what: str
) -> None:
    file = tmp_path / "names.txt"
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(SettingsError, match=what):
        read_names(file)
