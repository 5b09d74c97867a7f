"""What a request fails of can be caught as one kind, and says whose fault it is."""

from batcher.http.errors import ConnectError, HttpError, ProxyRefusedError


def test_an_error_says_what_whoever_can_mend_it_needs() -> None:
    refused: HttpError = ProxyRefusedError(407, 'Basic realm="x"')
    assert str(refused) == "the proxy answered 407"
    assert ConnectError("refused", at_proxy=True).at_proxy
    assert not ConnectError("refused").at_proxy
