"""Files of JSON objects, one a line or one over many."""

import gzip
from pathlib import Path

import pytest

from batcher.config import Settings
from batcher.errors import InputError
from batcher.sources.json_objects import json_objects, parsed_object
from batcher.updates.line_reader import LINE_AT_MOST

SETTINGS = Settings()


def _found(path: Path, content: bytes) -> list[tuple[int, dict[str, object]]]:
    path.write_bytes(content)
    return [
        (line, parsed_object(str(path), line, raw))
        for line, raw in json_objects(str(path), SETTINGS)
    ]


def test_one_a_line_or_one_over_many_lines(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    assert _found(path, b'{"a":1}\n\n{"a":2}') == [(1, {"a": 1}), (3, {"a": 2})]
    assert _found(path, b'\xef\xbb\xbf\n{\r\n "a": 1\r\n}\r\n') == [(2, {"a": 1})]
    assert _found(path, b"") == []
    packed = gzip.compress(b'{"a":\n1}')
    assert _found(tmp_path / "a.json.gz", packed) == [(1, {"a": 1})]


@pytest.mark.parametrize(
    "content",
    [
        b"[1]",
        b"SECRET",
        b'{"SECRET":1,"SECRET":2}',
        b"{\n" * 100,
        b'"\xff"',
        b"[" * 10**5,
        b'{"a":1e400}',
        b'{"a":"\\ud800"}',
        b"\0",
        b"{\n" + b" " * LINE_AT_MOST,
    ],
    ids=range(10),
)
def test_what_is_no_object_is_told_with_its_line_and_not_quoted(
    tmp_path: Path, content: bytes
) -> None:
    with pytest.raises(InputError, match="line 1: ") as error:
        _found(tmp_path / "a.json", content)
    assert "SECRET" not in str(error.value)


def test_a_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"nothing\.json"):
        list(json_objects(str(tmp_path / "nothing.json"), SETTINGS))


def test_an_object_that_is_longer_than_a_line_may_be_is_told_so(tmp_path: Path) -> None:
    for content in (
        b'{"a":"' + b"x" * LINE_AT_MOST + b'"}',
        b"{\n" + b'"a":1,\n' * (LINE_AT_MOST // 6),
    ):
        with pytest.raises(InputError, match="line 1: longer than 1,048,576 bytes"):
            _found(tmp_path / "a.json", content)
