"""What is printed is one line, and steers no terminal."""

import json
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from batcher.printable_text import printable


@given(st.text())
def test_a_printable_text_is_one_line_and_the_same_json(text: str) -> None:
    shown = printable(text)
    assert shown.splitlines() in ([], [shown])
    assert not re.search("[\x00-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]", shown)
    assert json.loads(printable(json.dumps(text, ensure_ascii=False))) == text


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Zoë, 日本 🎉", "Zoë, 日本 🎉"),
        ("\x1b[2J", "\\u001b[2J"),
        ("a\nb\tc", "a\\u000ab\\u0009c"),
        ("\U000e0001", "\\udb40\\udc01"),  # a tag, above the BMP
        ("\ud800", "\\ud800"),
    ],
)
def test_what_people_read_stays_and_what_steers_a_terminal_is_escaped(
    text: str, shown: str
) -> None:
    assert printable(text) == shown
