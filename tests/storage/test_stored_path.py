"""A path comes back from JSON as it was, byte for byte, and most of them can be read there."""

import os
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from batcher.storage.stored_path import stored_name, stored_path, text_of_path

NAMES = st.binary(min_size=1, max_size=9).filter(lambda name: not {0, ord("/")} & set(name))


@given(st.lists(NAMES, min_size=1))
def test_whatever_its_bytes_it_comes_back(names: list[bytes]) -> None:
    path = Path(os.fsdecode(b"/" + b"/".join(names)))
    text = msgspec.json.decode(msgspec.json.encode(text_of_path(path)), type=str)
    assert stored_path(text) == path


@pytest.mark.parametrize(
    ("path", "text", "name"),
    [
        (b"/a b/\xc3\xab%41.jsonl", "/a b/ë%41.jsonl", "ë%41.jsonl"),
        (b"/a b/\xff%.jsonl", "file:///a%20b/%FF%25.jsonl", "%FF%25.jsonl"),
    ],
)
def test_it_is_a_url_where_its_bytes_are_no_utf8_alone(path: bytes, text: str, name: str) -> None:
    assert text_of_path(Path(os.fsdecode(path))) == text
    assert stored_name(text) == name
    assert stored_name("s3://bucket/key.jsonl") == "s3://bucket/key.jsonl"
