"""Lines come with their numbers and places, whatever stands between them."""

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from batcher.sources.input_file import open_input
from batcher.updates.line_reader import LINE_AT_MOST
from tests.sources.samples import BOM, PACKED


@pytest.mark.parametrize("suffix", PACKED)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=30)
@given(
    st.lists(st.binary(max_size=4).filter(lambda raw: b"\n" not in raw)),
    st.sampled_from([b"\n", b"\r\n"]),
    st.booleans(),
)
def test_a_line_is_what_stands_at_its_place(
    tmp_path: Path, suffix: str, texts: list[bytes], end: bytes, marked: bool
) -> None:
    content = (BOM if marked else b"") + end.join(texts)
    path = tmp_path / f"updates.{suffix}"
    path.write_bytes(PACKED[suffix](content))
    with open_input(path) as file:
        found = list(file.lines())
    for _, offset, raw in found:
        assert content[offset : offset + len(raw)] == raw
        assert offset in (0, len(BOM)) or content[offset - 1 : offset] == b"\n"
    texts = content.removeprefix(BOM).split(b"\n")
    expected = [(number, text) for number, text in enumerate(texts, 1) if text.strip()]
    assert [(number, raw.removesuffix(b"\n")) for number, _, raw in found] == expected


def test_of_a_line_that_is_too_long_there_is_the_beginning_and_the_next_has_its_place(
    tmp_path: Path,
) -> None:
    path = tmp_path / "updates.jsonl"
    path.write_bytes(b"x" * (3 * LINE_AT_MOST) + b"\nnext")
    with open_input(path) as file:
        (long, next_one) = file.lines()
    assert (long[0], long[1], len(long[2])) == (1, 0, LINE_AT_MOST + 1)
    assert next_one == (2, 3 * LINE_AT_MOST + 1, b"next")
