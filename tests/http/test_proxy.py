"""Proxies: their URLs, and tunnels through them."""

import pytest

from batcher.http.origin import Origin
from batcher.http.proxy import proxy_of_url


def test_a_url_gives_the_place_and_what_authorizes() -> None:
    proxy = proxy_of_url("http://me:p%40ss@proxy.example:3128")
    assert proxy.origin == Origin("http", "proxy.example", 3128)
    assert proxy.authorization == "Basic bWU6cEBzcw=="
    assert proxy_of_url("https://[::1]").origin == Origin("https", "::1", 443)
    assert proxy_of_url("proxy.example").origin == Origin("http", "proxy.example", 80)


@pytest.mark.parametrize("url", ["socks5://secret", "http://", "http://secret:x", "http://[secret"])
def test_a_url_that_can_not_be_read_is_not_quoted(url: str) -> None:
    with pytest.raises(ValueError, match="the URL of the proxy") as refused:
        proxy_of_url(url)
    assert "secret" not in str(refused.value)
