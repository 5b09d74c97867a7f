"""Hosts and ports as a request names them."""

import pytest

from batcher.http.origin import Origin


@pytest.mark.parametrize(
    ("host", "authority"), [("a.example", "a.example:443"), ("::1", "[::1]:443")]
)
def test_an_address_of_ipv6_stands_in_brackets(host: str, authority: str) -> None:
    assert Origin("https", host, 443).authority == authority
