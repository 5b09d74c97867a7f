"""Whole documents of a file: JSON one after another, or YAML; errors have a place."""

import gzip
import json
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from batcher.errors import InputError
from batcher.sources.documents import YAML_AT_MOST, documents_of, read_documents
from batcher.updates.foreign_definition import UnknownValue

JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**9), 10**9) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=6,
)


@settings(max_examples=25)
@given(st.lists(st.dictionaries(st.text(max_size=5), JSON, max_size=3)), st.sampled_from([None, 2]))
def test_values_one_after_another_are_read_with_their_lines(values: Any, indent: Any) -> None:
    texts = [json.dumps(value, indent=indent) for value in values]
    found = documents_of("\n".join(texts), "x")
    assert [each.value for each in found] == values
    line = 1
    for text, each in zip(texts, found, strict=True):
        assert each.line == line
        line += text.count("\n") + 1


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_a_file_is_read_in_the_encodings_that_shells_write(tmp_path: Path, encoding: str) -> None:
    value = {"a": "Grüße"}
    (path := tmp_path / "x").write_bytes(json.dumps(value, ensure_ascii=False).encode(encoding))
    assert [each.value for each in read_documents(path, "x")] == [value]
    (packed := tmp_path / "x.gz").write_bytes(gzip.compress(path.read_bytes()))
    assert [each.value for each in read_documents(packed, "x")] == [value]


@pytest.mark.parametrize("written", ["1.50", "1e5", "12345678901234567890.5", "0.1000"])
def test_a_number_that_would_be_written_otherwise_is_unknown(written: str) -> None:
    (found,) = documents_of(f'{{"a": [1.5, {written}]}}', "x")
    assert found.value["a"][0] == 1.5
    assert isinstance(found.value["a"][1], UnknownValue)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('{"a": 1}\n{"a": hush}', "line 2, character 7: not JSON"),
        ('{"a": NaN}', "NaN is no JSON number"),
        ('{"a": 1e999}', "out of range"),
        ('{"b": 1}\n{"a": 1, "a": 2}', "line 2 on: a is given twice"),
        ("[" * 100_000, "nested too deep"),
        ('["\\ud800"]', "surrogate"),
        ('{"a": ' + "9" * 5000 + "}", "x: the JSON from line 1 on"),
        ("a: &x [*x]", "x: line 1: has an alias"),
        ("a: hush\n" * (YAML_AT_MOST // 8 + 1), "x: YAML of more than"),
    ],
)
def test_what_cannot_be_read_says_where(text: str, said: str) -> None:
    with pytest.raises(InputError, match=said) as raised:
        documents_of(text, "x")
    assert "hush" not in str(raised.value)


def test_what_is_no_text_or_not_there_is_an_input_error(tmp_path: Path) -> None:
    (path := tmp_path / "x").write_bytes(b'{"a": "\xff"}')
    with pytest.raises(InputError, match="not UTF-8 at byte 8"):
        read_documents(path, "x")
    with pytest.raises(InputError, match="no such file"):
        read_documents(tmp_path / "y", "y")
    path.write_bytes(b"")
    assert read_documents(path, "x") == []


def test_without_the_extra_yaml_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "batcher.sources.yaml_documents", None)
    with pytest.raises(InputError, match=r"batcher\[yaml\]"):
        documents_of("a: 1", "x")
