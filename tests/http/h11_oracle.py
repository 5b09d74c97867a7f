"""What h11 makes of an answer, to compare with. No assertions here."""

from collections.abc import Iterable

import h11

from batcher.http.response_parser import HttpResponse


def read_by_h11(pieces: Iterable[bytes]) -> HttpResponse | None:
    """The answer to a GET in what a peer sent until it closed; None: refused, or not whole."""
    connection = h11.Connection(h11.CLIENT, max_incomplete_event_size=1 << 16)
    connection.send(h11.Request(method="GET", target="/", headers=[("Host", "h")]))
    connection.send(h11.EndOfMessage())
    head, body = None, b""
    try:
        for piece in [*(each for each in pieces if each), b""]:
            connection.receive_data(piece)
            while (event := connection.next_event()) not in (h11.NEED_DATA, h11.PAUSED):
                if isinstance(event, h11.Response):
                    head = event
                elif isinstance(event, h11.Data):
                    body += event.data
                elif isinstance(event, h11.EndOfMessage):
                    return _response(head, body)
                elif isinstance(event, h11.ConnectionClosed):
                    return None
    except h11.RemoteProtocolError:
        return None
    return None


def _response(head: h11.Response, body: bytes) -> HttpResponse:
    headers = [(name.decode(), value.decode("latin-1")) for name, value in head.headers]
    return HttpResponse(head.status_code, headers, body)
