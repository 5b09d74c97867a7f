"""Answers of HTTP/1.1 out of bytes, with h11 as the oracle."""

import pytest

from batcher.http.errors import BadResponseError
from batcher.http.response_parser import HttpResponse, ResponseParser


def test_an_answer_is_whole_wherever_it_is_split() -> None:
    whole = b"HTTP/1.1 200 OK\r\nContent-Length:  2 \r\nX-Some: \xe9 a\r\n\r\n{}"
    expected = HttpResponse(200, [("content-length", "2"), ("x-some", "\xe9 a")], b"{}")
    for at in range(len(whole)):
        parser = ResponseParser()
        assert parser.feed(whole[:at]) is None
        assert parser.feed(whole[at:]) == expected
        assert parser.keeps_open


@pytest.mark.parametrize("head", [b"HTTP/1.1 200 OK\n", b"HTTP/2 200 OK\r\n", b"SSH-2.0-x\r\n"])
def test_what_is_no_answer_is_refused(head: bytes) -> None:
    with pytest.raises(BadResponseError):
        ResponseParser().feed(head + b"\r\n")
