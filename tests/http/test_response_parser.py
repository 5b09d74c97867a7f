"""Answers of HTTP/1.1 out of bytes, with h11 as the oracle."""

from itertools import pairwise

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from batcher.http.errors import BadResponseError
from batcher.http.response_parser import (
    FIELDS_AT_MOST,
    HEAD_AT_MOST,
    INFORMATIONAL_AT_MOST,
    HttpResponse,
    ResponseParser,
)
from tests.http.h11_oracle import read_by_h11


def read(pieces: list[bytes]) -> HttpResponse | None:
    """What we make of what a peer sent until it closed; None: refused, or not whole."""
    parser = ResponseParser()
    try:
        for piece in pieces:
            if (response := parser.feed(piece)) is not None:
                return response
        return parser.feed_end()
    except BadResponseError:
        return None


def split(data: bytes, places: list[int]) -> list[bytes]:
    cuts = sorted({0, len(data), *(place % (len(data) + 1) for place in places)})
    return [data[begin:end] for begin, end in pairwise(cuts)]


places = st.lists(st.integers(0, 10_000), max_size=8)
token = st.text("!#$%&'*+-.^_`|~09azAZ", min_size=1, max_size=8)
text = st.text(st.characters(max_codepoint=255, exclude_categories=["Cc"]), max_size=12)
field = st.tuples(token, text).filter(
    lambda pair: pair[0].lower() not in ("content-length", "transfer-encoding", "connection")
)


@st.composite
def answers(draw: st.DrawFn) -> bytes:
    """A whole answer as a server may send it, informational ones before."""
    lines, body = draw(st.sampled_from([sized, chunked, until_close]))(draw)
    fields = [f"{name}:{draw(blank)}{value}{draw(blank)}" for name, value in draw(fields_)]
    head = draw(st.permutations([*fields, *lines]))
    status = draw(st.sampled_from([200, 204, 304, 403, 429, 500, 599]))
    version = "1.1" if any("Chunked" in line for line in lines) else draw(versions)
    informational = draw(st.sampled_from(["", "", "HTTP/1.1 100 Continue\r\n\r\n"]))
    whole = "\r\n".join([f"HTTP/{version} {status}{draw(reason)}", *head, "", ""])
    return (informational + whole).encode("latin-1") + body


blank = st.sampled_from(["", " ", " \t"])
fields_ = st.lists(field, max_size=4)
reason = st.sampled_from(["", " ", " OK", " Not \xe9"])
versions = st.sampled_from(["1.1", "1.0"])
payload = st.binary(max_size=40)
extension = st.sampled_from([b"", b";a", b';a="b c"'])
trailers = st.sampled_from([b"", b"X-Sum: 1\r\n", b"A:\r\nB: \xe9\r\n"])


def sized(draw: st.DrawFn) -> tuple[list[str], bytes]:
    body = draw(payload)
    return [f"Content-Length: {len(body)}"], body


def chunked(draw: st.DrawFn) -> tuple[list[str], bytes]:
    chunks = [each for each in draw(st.lists(payload, max_size=3)) if each]
    body = b"".join(b"%x%s\r\n%s\r\n" % (len(each), draw(extension), each) for each in chunks)
    return ["Transfer-Encoding: Chunked"], body + b"0\r\n" + draw(trailers) + b"\r\n"


def until_close(draw: st.DrawFn) -> tuple[list[str], bytes]:
    return ["Connection: close"], draw(payload)


@given(answers(), places)
def test_what_a_server_sends_is_read_as_h11_does_wherever_it_is_split(
    whole: bytes, cuts: list[int]
) -> None:
    response = read(split(whole, cuts))
    assert response is not None
    assert plain(response) == plain(read_by_h11([whole]))
    assert response == read([whole]) == read([bytes([each]) for each in whole])


def plain(response: HttpResponse | None) -> HttpResponse | None:
    """With codings in lower case, as h11 gives them."""
    if response is None:
        return None
    headers = [
        (name, value.lower() if name == "transfer-encoding" else value)
        for name, value in response.headers
    ]
    return HttpResponse(response.status, headers, response.body)


pieces_of_trouble = st.sampled_from(
    [
        *(b"\r", b"\n", b"\r\n", b"\r\n\r\n", b"\n\n", b" ", b"\t", b":", b"\0", b"\x0b", b"\x85"),
        *(b"+", b"-", b"_", b"0", b"9" * 20, b"f" * 16, b"0x", b",", b";", b"1", b"HTTP/1.1 "),
        *(b"Content-Length: 3\r\n", b"content-length:5, 5\r\n", b"Content-Length : 1\r\n"),
        *(
            b"Transfer-Encoding: chunked\r\n",
            b"Transfer-Encoding: gzip, chunked\r\n",
            b" folded\r\n",
        ),
        *(
            b"HTTP/1.1 101 Switching Protocols\r\n\r\n",
            b"HTTP/1.1 102 x\r\n\r\n",
            b"HTTP/0.9 200\r\n",
        ),
    ]
)


@st.composite
def broken_answers(draw: st.DrawFn) -> bytes:
    whole = bytearray(draw(answers()))
    for _ in range(draw(st.integers(1, 3))):
        at = draw(st.integers(0, len(whole)))
        until = at + draw(st.sampled_from([0, 0, 1, 2, 5]))
        whole[at:until] = draw(st.one_of(pieces_of_trouble, st.just(b""), st.binary(max_size=2)))
    return bytes(whole)


@given(broken_answers(), places)
@example(b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\nab", [])
@example(b"HTTP/1.1 200 OK\r\nA: 1\r\n 2\r\nContent-Length: 0\r\n\r\n", [])
def test_whatever_h11_refuses_is_refused_and_what_is_taken_is_taken_alike(
    whole: bytes, cuts: list[int]
) -> None:
    response = read([whole])
    assert response == read(split(whole, cuts))
    if response is not None:
        assert plain(response) == plain(read_by_h11([whole]))


CHUNKS = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"


@given(st.sampled_from([b"", CHUNKS, CHUNKS + b"3\r\nabc"]), st.binary(max_size=60), places)
def test_any_bytes_come_to_an_end(begun: bytes, noise: bytes, cuts: list[int]) -> None:
    response = read([begun, *split(noise, cuts)])
    assert response == read([begun + noise])
    if response is not None:
        assert plain(response) == plain(read_by_h11([begun, noise]))


AMBIGUOUS = [
    b"Content-Length: +2",
    b"Content-Length: -2",
    b"Content-Length: 2_0",
    b"Content-Length: 0x2",
    b"Content-Length: 2, 2",
    b"Content-Length: 2\r\nContent-Length: 2",
    b"Content-Length: 2\r\nContent-Length: 3",
    b"Content-Length:",
    b"Content-Length: \xb2",  # a superscript two, which Python takes for a digit
    b"Content-Length: " + b"0" * 15 + b"2",
    b"Content-Length : 2",
    b"Content-Length: 2\nX: y",
    b"Content-Length: 2\rX: y",
    b"X: y\r\n Content-Length: 2",
    b"X: \0\r\nContent-Length: 2",
    b": y\r\nContent-Length: 2",
    b"X\r\nContent-Length: 2",
    b"Content-Length: 2\r\nTransfer-Encoding: chunked",
    b"Transfer-Encoding: chunked\r\nContent-Length: 2",
    b"Transfer-Encoding: gzip, chunked",
    b"Transfer-Encoding: chunked, chunked",
    b"Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked",
    b"Transfer-Encoding: identity",
    b"X: y\r\n" * FIELDS_AT_MOST + b"Content-Length: 2",
    b"X: " + b"y" * HEAD_AT_MOST + b"\r\nContent-Length: 2",
]


@pytest.mark.parametrize("fields", AMBIGUOUS, ids=range(len(AMBIGUOUS)))
def test_what_two_readers_could_read_in_two_ways_is_refused(fields: bytes) -> None:
    whole = b"HTTP/1.1 200 OK\r\n" + fields + b"\r\n\r\n{}"
    assert read([whole]) is None
    assert read([whole[:1], *split(whole[1:], [at * 997 for at in range(9)])]) is None


STATUS_LINES = [
    *(b"HTTP/1.1 99 OK", b"HTTP/1.1 099 OK", b"HTTP/1.1 2000 OK", b"HTTP/1.1  200 OK"),
    *(b"HTTP/1.2 200 OK", b"HTTP/2 200 OK", b"http/1.1 200 OK", b"HTTP/1.1 200\tOK", b"\r\n"),
    *(b"HTTP/1.1 +20 OK", b"HTTP/1.1 200 O\0K", b" HTTP/1.1 200 OK", b"HTTP/1.1 101 Other"),
]


@pytest.mark.parametrize("line", STATUS_LINES, ids=range(len(STATUS_LINES)))
def test_what_is_no_status_line_is_refused(line: bytes) -> None:
    with pytest.raises(BadResponseError):
        ResponseParser().feed(line + b"\r\nContent-Length: 0\r\n\r\n")


@pytest.mark.parametrize("beginning", [b"SSH-2.0", b"<html>", b"\x15\x03\x01", b"HTTP/1.1 200 \n"])
def test_what_can_become_no_answer_is_refused_before_it_is_whole(beginning: bytes) -> None:
    with pytest.raises(BadResponseError):
        ResponseParser().feed(beginning)


def test_beginnings_without_an_end_are_refused() -> None:
    parser = ResponseParser()
    passed = b"HTTP/1.1 100 Continue\r\n\r\n"
    assert parser.feed(passed * INFORMATIONAL_AT_MOST) is None
    with pytest.raises(BadResponseError):
        parser.feed(passed)


KEPT = [
    (b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", True),
    (b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: x, Close\r\n\r\n", False),
    (b"HTTP/1.1 200 OK\r\nConnection: x\r\nConnection: close\r\nContent-Length: 0\r\n\r\n", False),
    (b"HTTP/1.1 200 OK\r\nConnection: x\r\nContent-Length: 0\r\n\r\n", True),
    (b"HTTP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n", False),
    (b"HTTP/1.0 200 OK\r\nContent-Length: 0\r\nConnection: Keep-Alive\r\n\r\n", True),
    (b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\nHTTP/1.1 200 OK\r\n", False),
    (CHUNKS + b"0\r\n\r\n", True),
    (CHUNKS + b"0\r\n\r\n0", False),
    (b"HTTP/1.1 204 No Content\r\n\r\n", True),
    (b"HTTP/1.1 204 No Content\r\nContent-Length: 2\r\n\r\n", False),
    (b"HTTP/1.1 304 Not Modified\r\nTransfer-Encoding: chunked\r\n\r\n", False),
]


@pytest.mark.parametrize(("whole", "is_kept"), KEPT, ids=range(len(KEPT)))
def test_another_answer_may_follow_where_the_end_is_sure_and_nobody_closes(
    whole: bytes, is_kept: bool
) -> None:
    parser = ResponseParser()
    assert parser.feed(whole) is not None
    assert parser.keeps_open is is_kept


def test_one_answer_is_read_after_another() -> None:
    parser = ResponseParser()
    for body in (b"a", b"bc"):
        response = parser.feed(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(body) + body)
        assert response == HttpResponse(200, [("content-length", str(len(body)))], body)


def test_an_answer_to_connect_has_no_body_and_what_follows_it_is_noticed() -> None:
    for version in (b"1.0", b"1.1"):
        parser = ResponseParser(to_connect=True)
        answer = b"HTTP/%s 200 Connected\r\nTransfer-Encoding: chunked\r\n\r\n" % version
        if version == b"1.0":
            answer = b"HTTP/1.0 200 Connected\r\n\r\n"
        assert parser.feed(answer) is not None
        assert parser.keeps_open
    assert ResponseParser(to_connect=True).feed(b"HTTP/1.1 407 No\r\nContent-Length: 9\r\n\r\n")
    parser = ResponseParser(to_connect=True)
    parser.feed(b"HTTP/1.1 200 OK\r\n\r\nSSH-2.0")
    assert not parser.keeps_open
