"""Text in so many columns: never wider, never cut in a word that would fit."""

from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from batcher.cli.output.fitting import CUT, fitted, in_columns, padded

WORDS = st.lists(
    st.text(st.sampled_from("aé注文漢e\u0301👩ﬀ-"), min_size=1, max_size=12),
    min_size=1,
    max_size=8,
)


@given(st.lists(WORDS.map(" ".join), min_size=1, max_size=6), st.integers(1, 60))
def test_parts_are_whole_or_left_out_and_never_wider(parts: list[str], width: int) -> None:
    text = fitted(parts, width)
    assert cell_len(text) <= width
    if cell_len(parts[0]) <= width:
        assert text.startswith(parts[0])
        left = [part for part in parts if part in text]
        assert set(text.split(", ")) <= set(left)


@given(WORDS.map(" ".join), st.integers(1, 60))
def test_a_text_ends_after_a_word_unless_the_first_is_too_long(text: str, width: int) -> None:
    short = in_columns(text, width)
    assert cell_len(short) <= width
    if short != text and short.endswith(f" {CUT}"):
        assert text.startswith(short.removesuffix(CUT))
    assert cell_len(padded(text, width)) == width


def test_what_is_left_out_makes_room_for_a_shorter_part() -> None:
    assert fitted(["one", "a long one", "two"], 10) == "one, two"
    assert in_columns("one two three", 10) == "one two …"
    assert in_columns("onetwothree", 5) == "onet…"
    assert in_columns("注文注文", 5) == "注文…"
