"""An address is checked before anything listens, and what others can reach is told apart."""

import errno
import re

import pytest

from batcher.errors import SettingsError
from batcher.status.address import cannot_listen, is_loopback, parse_address, shown_address


@pytest.mark.parametrize(
    ("text", "address", "loopback"),
    [
        ("9090", ("127.0.0.1", 9090), True),
        (":9090", ("127.0.0.1", 9090), True),
        ("localhost:1", ("localhost", 1), True),
        ("127.8.8.8:1", ("127.8.8.8", 1), True),
        ("[::1]:9090", ("::1", 9090), True),
        ("0.0.0.0:9090", ("0.0.0.0", 9090), False),
        ("10.0.0.5:9090", ("10.0.0.5", 9090), False),
        ("worker-1.internal:0", ("worker-1.internal", 0), False),
        ("localhost.example:1", ("localhost.example", 1), False),
        ("[::]:65535", ("::", 65535), False),
    ],
)
def test_addresses(text: str, address: tuple[str, int], loopback: bool) -> None:
    assert parse_address(text) == address
    assert is_loopback(address[0]) is loopback
    assert parse_address(shown_address(*address)) == address


@pytest.mark.parametrize(
    "text",
    [
        "",
        ":",
        "localhost",
        "localhost:",
        "::1:9090",
        "[::1]",
        "[nohost]:1",
        "1:2:3",
        ":65536",
        ":٣",
        "http://h:1",
        "*:1",
        "h :1",
    ],
)
def test_what_is_no_address_is_a_settings_error(text: str) -> None:
    with pytest.raises(SettingsError, match=re.escape(f"--http: can't be {text!r}")):
        parse_address(text)


def test_why_nothing_can_listen_says_what_to_do() -> None:
    taken = cannot_listen("::1", 9090, OSError(errno.EADDRINUSE, "in use"))
    assert taken.startswith("--http [::1]:9090: another program listens there. Give another port")
    unknown = cannot_listen("no.such", 1, OSError(-2, "Name or service not known"))
    assert "can't listen there: Name or service not known" in unknown
