"""Where bodies end."""

import pytest

from batcher.http.errors import BadResponseError
from batcher.http.response_body import (
    BODY_AT_MOST,
    LINE_AT_MOST,
    TRAILERS_AT_MOST,
    BodyUntilClose,
    ChunkedBody,
    SizedBody,
)


def test_a_sized_body_ends_after_so_many_bytes() -> None:
    body = SizedBody(5)
    assert body.feed(b"abc") is None
    assert body.feed(b"deHTTP") == b"HTTP"
    assert body.content == b"abcde"


def test_a_body_until_the_close_takes_all() -> None:
    body = BodyUntilClose()
    body.feed(b"ab")
    body.feed(b"c")
    assert body.content == b"abc"


def test_chunks_end_after_the_trailers_wherever_they_are_split() -> None:
    whole = b"3;a=b\r\nabc\r\n00A\r\n0123456789\r\n0\r\nX-One: 1\r\nX-Two:\r\n\r\nleft"
    for at in range(len(whole)):
        body = ChunkedBody()
        first = body.feed(whole[:at])
        left_over = first + whole[at:] if first is not None else body.feed(whole[at:])
        assert (left_over, body.content) == (b"left", b"abc0123456789")


NO_CHUNKS = [
    *(b"+1", b"-1", b"0x1", b"1_0", b" 1", b"1 ", b"", b"g", b"1;a\nb", b"1;a\rb"),
    *(b"1\r\nab\r\n", b"0" * 17, b"f" * 16, b";" * (LINE_AT_MOST + 1)),
    *(b"0\r\nX Y: 1", b"0\r\n folded", b"0\r\nX: " + b"y" * TRAILERS_AT_MOST, b"0\r\nX\r\n: 1"),
]


@pytest.mark.parametrize("lines", NO_CHUNKS, ids=range(len(NO_CHUNKS)))
def test_what_is_no_chunk_is_refused_whole_and_byte_by_byte(lines: bytes) -> None:
    for pieces in ([lines + b"\r\n"], [bytes([each]) for each in lines + b"\r\n"]):
        with pytest.raises(BadResponseError):
            _feed_all(pieces)


def _feed_all(pieces: list[bytes]) -> None:
    body = ChunkedBody()
    for piece in pieces:
        body.feed(piece)


def test_a_body_longer_than_any_is_refused_before_it_comes() -> None:
    with pytest.raises(BadResponseError):
        SizedBody(BODY_AT_MOST + 1)
    with pytest.raises(BadResponseError):
        ChunkedBody().feed(b"%x\r\n" % (BODY_AT_MOST + 1))
    with pytest.raises(BadResponseError):
        BodyUntilClose().feed(bytes(BODY_AT_MOST + 1))
