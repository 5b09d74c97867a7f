"""What a request can fail of. Each class says whether its first byte may have left."""


class HttpError(Exception):
    """No answer; the error behind it, if any, is its ``__cause__``."""


class ConnectError(HttpError):
    """No connection came about, so nothing left; ``at_proxy``: none to the proxy."""

    def __init__(self, said: str, *, at_proxy: bool = False) -> None:
        super().__init__(said)
        self.at_proxy = at_proxy


class ConnectTimeoutError(HttpError):
    """No connection came about in time, so nothing left."""


class ProxyRefusedError(HttpError):
    """The proxy answered CONNECT with another status than 2xx, so nothing left to the host.

    ``authenticate``: its Proxy-Authenticate header, or None.
    """

    def __init__(self, status: int, authenticate: str | None) -> None:
        super().__init__(f"the proxy answered {status}")
        self.status = status
        self.authenticate = authenticate


class ConnectionLostError(HttpError):
    """The request left, or a part of it, and the connection ended before the answer did."""


class ReadTimeoutError(HttpError):
    """The request left, and no piece of the answer came for too long."""


class BadResponseError(HttpError):
    """The request left, and what came is no answer of HTTP/1.1, or not clearly one."""


class TooLongError(BadResponseError):
    """The request left, and its answer has more bytes than any that is read."""
