"""Who may read the status of a worker: on the loopback anybody, else who has the token.

A program gives it as ``Authorization: Bearer TOKEN``, a browser as the password of HTTP Basic, with
any user. Wrong tokens are slowed down by the address that they come from. Time is an argument.
"""

import hmac
from base64 import b64decode
from collections import OrderedDict
from ipaddress import ip_address
from math import ceil
from typing import NamedTuple

from batcher.config import Token
from batcher.errors import SettingsError
from batcher.status.address import is_loopback, shown_address
from batcher.text_value import parse_text

AT_ONCE = 5  # wrong tokens of an address, before it has to wait
A_SECOND = 1.0  # wrong tokens of an address from then on
ADDRESSES = 1024  # that are remembered; of more the ones that were silent longest are forgotten
FILE_AT_MOST = 1024  # bytes
CHALLENGE = 'Basic realm="batcher: any user, the token as password", charset="UTF-8"'


class AccessRefusal(NamedTuple):
    """Why a request is not answered: status, words, headers."""

    status: int
    text: str
    headers: dict[str, str]


class Access:
    """Holds requests against the token. ``token``: None: none is asked for."""

    def __init__(self, token: str | None) -> None:
        self._token = None if token is None else token.encode()
        self._wrong = WrongTries()

    def __repr__(self) -> str:
        return f"<Access {'to all' if self._token is None else 'with the token'}>"

    def refused(self, authorization: str | None, address: str, now: float) -> AccessRefusal | None:
        """Why a request is not answered; None where it is.

        ``authorization``: its header; ``address``: where it comes from; ``now``: seconds.
        """
        if self._token is None:
            return None
        if authorization is None:
            return _unknown("this takes the token of the worker")
        wait = self._wrong.wait(address, now)
        if wait > 0:  # not even looked at: else many tries would be as good as slow ones
            return AccessRefusal(429, "too many wrong tokens", {"Retry-After": str(ceil(wait))})
        if hmac.compare_digest(_given(authorization), self._token):
            return None
        self._wrong.add(address, now)
        return _unknown("that is not the token of this worker")


class WrongTries:
    """How many wrong tokens came from which address, each of which is soon forgiven."""

    def __init__(self) -> None:
        # by network: until when it has no more than AT_ONCE
        self._until: OrderedDict[str, float] = OrderedDict()

    def __len__(self) -> int:
        return len(self._until)

    def wait(self, address: str, now: float) -> float:
        """Seconds until another try from there is looked at."""
        return self._until.get(_network(address), now) - now - (AT_ONCE - 1) / A_SECOND

    def add(self, address: str, now: float) -> None:
        """Note a wrong one."""
        network = _network(address)
        until = max(now, self._until.pop(network, now)) + 1 / A_SECOND
        self._until[network] = until
        if len(self._until) > ADDRESSES:
            self._until.popitem(last=False)


def token_for(host: str, port: int, token: str | None, file: str | None) -> str | None:
    """The token that a server at that address asks for; None: none.

    ``token``: as it was given; ``file``: the path of the file that it is in. Raises SettingsError,
    also where others can reach the address and there is none.
    """
    if token is not None and file is not None:
        raise SettingsError("--http-token, --http-token-file: both are given. Give one of them.")
    if file is not None:
        return _read(file)
    if token is None and not is_loopback(host):
        raise SettingsError(
            f"--http {shown_address(host, port)}: other hosts may reach that, so it takes a token."
            " Set BATCHER_HTTP_TOKEN, or name its file with --http-token-file (openssl rand -hex"
            f" 32 makes one); or give --http 127.0.0.1:{port}, which this host alone reaches."
        )
    return token


def _read(file: str) -> str:
    try:
        with open(file, "rb") as opened:
            content = opened.read(FILE_AT_MOST)
    except OSError as error:
        raise SettingsError(
            f"--http-token-file {file}: can't be read: {error.strerror}. Give a file that holds the"
            " token and nothing else."
        ) from error
    try:
        return str(parse_text(Token, content.decode().strip()))
    except ValueError:
        raise SettingsError(
            f"--http-token-file {file}: holds no token. Put 16 to 256 printable characters without"
            " blanks into it, and nothing else."
        ) from None


def _given(authorization: str) -> bytes:
    """The token in a header; nothing where there is none."""
    scheme, _, rest = authorization.partition(" ")
    given = rest.strip().encode(errors="surrogateescape")
    if scheme.lower() == "bearer":
        return given
    if scheme.lower() == "basic":
        try:
            return b64decode(given, validate=True).partition(b":")[2]
        except ValueError:
            return b""
    return b""


def _unknown(text: str) -> AccessRefusal:
    return AccessRefusal(401, text, {"WWW-Authenticate": CHALLENGE})


def _network(address: str) -> str:
    """What one host may have all addresses of: of IPv6 64 bits."""
    try:
        known = ip_address(address.partition("%")[0])
    except ValueError:
        return address
    if known.version == 4 or known.ipv4_mapped is not None:
        return str(known)
    return known.exploded[:19]
