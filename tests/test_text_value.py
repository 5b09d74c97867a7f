"""A value made of a text is that text wherever it is shown or compared."""

import msgspec
import pytest
from msgspec import Struct

from batcher.text_value import TextValue, parse_text


class Word(TextValue):
    PATTERN = "^[a-z]+$"


class Other(Word):
    pass


class Record(Struct):
    word: Word | None = None


def test_it_is_shown_and_compared_as_its_text() -> None:
    word = Word("abc")
    assert (str(word), f"{word}", repr(word)) == ("abc", "abc", "Word('abc')")
    assert word == Word("abc")
    assert {word, Word("abc")} == {word}
    assert word != Word("abd")
    assert word != Other("abc")
    assert word != "abc"


def test_another_text_is_refused() -> None:
    with pytest.raises(ValueError, match=r"'ABC' does not match the regex \^\[a-z\]\+\$"):
        Word("ABC")


def test_it_is_written_down_and_read_as_its_text() -> None:
    record = Record(word=Word("abc"))
    written = msgspec.json.encode(record, enc_hook=str)
    assert written == b'{"word":"abc"}'
    assert msgspec.json.decode(written, type=Record, dec_hook=parse_text) == record
    assert msgspec.json.decode(b"{}", type=Record, dec_hook=parse_text) == Record()
    with pytest.raises(msgspec.ValidationError, match="does not match"):
        msgspec.json.decode(b'{"word":"A"}', type=Record, dec_hook=parse_text)
