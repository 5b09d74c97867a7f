"""A template is one JSON object with members of an update, given as it is or in a file."""

from pathlib import Path

import pytest

from batcher.errors import InputError
from batcher.jobs.row_template import read_template
from batcher.updates.line_reader import LINE_AT_MOST
from tests.updates.samples import MODEL, SECRET


def test_it_is_read_from_the_command_line_and_from_a_file(tmp_path: Path) -> None:
    (tmp_path / "t.json").write_bytes(b'\xef\xbb\xbf{\n "SegmentFilter": "vip"\n}\n')
    for given in (' {"SegmentFilter":"vip"}', str(tmp_path / "t.json")):
        assert read_template(given, MODEL) == {"SegmentFilter": "vip"}


@pytest.mark.parametrize(
    ("given", "why"),
    [
        ('{"SegmentFiltr":"vip"}', "SegmentFilter"),
        ('{"SegmentFilter":1}', "SegmentFilter: has to be a string"),
        ('{"Description":"' + SECRET, "not JSON"),
        ("{" + '"a":{' * 100, "nested"),
        ('{"SegmentFilter":"\udcff"}', "not UTF-8"),
        ("nowhere.json", "there is no such file"),
    ],
)
def test_one_that_is_wrong_is_refused(given: str, why: str) -> None:
    with pytest.raises(InputError) as error:
        read_template(given, MODEL)
    assert why in str(error.value)
    assert SECRET not in str(error.value)


def test_a_file_that_is_none_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "t.json"
    path.write_text("[]")
    with pytest.raises(InputError, match="one JSON object"):
        read_template(str(path), MODEL)
    path.write_bytes(b"{" + b" " * LINE_AT_MOST + b"}")
    with pytest.raises(InputError, match="longer than"):
        read_template(str(path), MODEL)
