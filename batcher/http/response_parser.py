"""Answers of HTTP/1.1 out of bytes as they come: no socket, no clock.

Total: any bytes make an answer, ask for more, or raise BadResponseError, however they are split.
Refused is whatever two readers could read in two ways: folded headers, line ends without CR, two
lengths, a length beside chunks, a length with a sign. The numbers are those of RFC 9112.
"""

import re

from msgspec import Struct

from batcher.http.errors import BadResponseError
from batcher.http.response_body import BodyUntilClose, ChunkedBody, ResponseBody, SizedBody

HEAD_AT_MOST = 64 * 1024  # bytes of the status line and the headers
FIELDS_AT_MOST = 256  # headers
INFORMATIONAL_AT_MOST = 16  # answers of 1xx before the one that counts

_BEGINNING = b"HTTP/1."
_STATUS_LINE = re.compile(r"HTTP/1\.([01]) ([1-9][0-9]{2})(?: [^\x00-\x08\x0a-\x1f\x7f]*+)?\r\n")
_FIELD = re.compile(
    r"^([!#$%&'*+\-.^_`|~0-9A-Za-z]++):([^\x00-\x08\x0a-\x1f\x7f]*+)\r\n", re.MULTILINE
)
_LENGTH = re.compile(r"[0-9]{1,15}", re.ASCII)
_BARE_LINE_END = re.compile(rb"(?<!\r)\n|\r[^\n]")

_FRAMING = frozenset({"content-length", "transfer-encoding", "connection"})
_HAVE_NO_BODY = (204, 304)


class HttpResponse(Struct, frozen=True, gc=False):
    """An answer. ``headers``: names in lower case, in their order; text is Latin-1."""

    status: int
    headers: list[tuple[str, str]]
    body: bytes


class ResponseParser:
    """Reads one answer after another; ``feed`` it whatever the connection brings.

    ``to_connect``: answers to CONNECT, whose body, if any, nobody needs. ``keeps_open``: whether
    the connection goes on after the last answer, and nothing came behind that.
    """

    __slots__ = (
        "_body",
        "_fields",
        "_held",
        "_informational",
        "_status",
        "_to_connect",
        "keeps_open",
    )

    def __init__(self, *, to_connect: bool = False) -> None:
        self._to_connect = to_connect
        self._held = bytearray()  # a head that is not whole yet
        self._informational = 0
        self._status = 0
        self._fields: list[tuple[str, str]] = []
        self._body: ResponseBody | None = None  # None: the head is still to come
        self.keeps_open = False

    def feed(self, data: bytes) -> HttpResponse | None:
        """The answer once it is whole; None: there is more to come."""
        if self._body is None:
            rest = self._read_heads(data)
            if rest is None or self._body is None:
                return None
            data = rest
        left_over = self._body.feed(data)
        if left_over is None:
            return None
        if left_over:
            self.keeps_open = False  # nothing was asked that this could answer
        return self._take()

    def feed_end(self) -> HttpResponse | None:
        """The answer, where the peer's end is what ends it; None: it lacks something."""
        return self._take() if isinstance(self._body, BodyUntilClose) else None

    def _take(self) -> HttpResponse:
        body, self._body = self._body, None
        self._informational = 0
        return HttpResponse(self._status, self._fields, b"" if body is None else body.content)

    def _read_heads(self, data: bytes) -> bytes | None:
        """Read the head of the answer that counts; what follows it, or None."""
        seen = len(self._held)
        if seen:
            self._held += data
            data, self._held = bytes(self._held), bytearray()
        while True:
            end = data.find(b"\r\n\r\n", max(0, seen - 3), HEAD_AT_MOST)
            if end < 0:
                self._hold(data, seen)
                return None
            self._read_head(data[: end + 2].decode("latin-1"))
            data, seen = data[end + 4 :], 0
            if self._status >= 200:
                return data
            self._pass_over_informational()

    def _hold(self, data: bytes, seen: int) -> None:
        """Keep a head that is not whole, unless it can't become one; ``seen``: bytes before."""
        if data[: len(_BEGINNING)] != _BEGINNING[: len(data)]:
            raise BadResponseError("the answer does not begin with HTTP/1.1")
        if len(data) >= HEAD_AT_MOST:
            raise BadResponseError("the answer's headers are longer than any")
        if _BARE_LINE_END.search(data, max(0, seen - 1)):
            raise BadResponseError("a line of the answer's headers does not end as one")
        self._held += data

    def _pass_over_informational(self) -> None:
        self._informational += 1
        if self._status == 101:
            raise BadResponseError("the answer is to speak another protocol")
        if self._informational > INFORMATIONAL_AT_MOST:
            raise BadResponseError("the answer does not come to an end of its beginnings")

    def _read_head(self, head: str) -> None:
        """Read a status line and headers; ``head`` ends with their last line end."""
        line = _STATUS_LINE.match(head)
        if line is None:
            raise BadResponseError("the answer has no status line that can be read")
        fields = _FIELD.findall(head, line.end())
        # each line is a header of its own: with a line that is none, there are fewer of them
        if len(fields) != head.count("\n", line.end()) or len(fields) > FIELDS_AT_MOST:
            raise BadResponseError("the answer's headers can't be read")
        self._status = int(line[2])
        self._fields = [(name.lower(), value.strip(" \t")) for name, value in fields]
        if self._status >= 200:
            self._frame(is_1_1=line[1] == "1")

    def _frame(self, *, is_1_1: bool) -> None:
        """Find out where the body ends (RFC 9112, 6.3), and what comes of the connection (9.3)."""
        length = coding = None
        connection = ""
        for name, value in self._fields:
            if name not in _FRAMING:
                continue
            if name == "content-length":
                if length is not None or _LENGTH.fullmatch(value) is None:
                    raise BadResponseError("the answer's length can't be read")
                length = int(value)
            elif name == "transfer-encoding":
                if coding is not None or value.lower() != "chunked" or not is_1_1:
                    raise BadResponseError("the answer's transfer coding can't be read")
                coding = value
            else:
                connection = f"{connection},{value}"
        if length is not None and coding is not None:
            raise BadResponseError("the answer has a length beside its chunks")
        self.keeps_open = self._to_connect or _keeps_open(connection, is_1_1=is_1_1)
        self._body = self._framed_body(length, is_chunked=coding is not None)

    def _framed_body(self, length: int | None, *, is_chunked: bool) -> ResponseBody:
        if self._to_connect:
            return SizedBody(0)
        if self._status in _HAVE_NO_BODY:
            # a body that comes all the same would be taken for the next answer
            self.keeps_open &= not length and not is_chunked
            return SizedBody(0)
        if is_chunked:
            return ChunkedBody()
        if length is not None:
            return SizedBody(length)
        self.keeps_open = False
        return BodyUntilClose()


def _keeps_open(connection: str, *, is_1_1: bool) -> bool:
    """Whether a connection goes on, by the values of its Connection headers."""
    if not connection or connection == ",keep-alive":
        return is_1_1 or bool(connection)
    options = {option.strip(" \t").lower() for option in connection.split(",")}
    return "close" not in options and (is_1_1 or "keep-alive" in options)
