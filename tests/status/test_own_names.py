"""Whoever calls the page by a name that is not this host's gets nothing."""

import pytest

from batcher.status.own_names import refused_by


@pytest.mark.parametrize(
    ("host", "bound", "status"),
    [
        ("127.0.0.1:9090", "127.0.0.1", None),
        ("127.8.8.8", "127.0.0.1", None),
        ("localhost:9090", "127.0.0.1", None),
        ("LocalHost", "::1", None),
        ("[::1]:9090", "127.0.0.1", None),
        ("10.0.0.5:9090", "10.0.0.5", None),
        ("localhost", "10.0.0.5", None),
        ("worker-1.example.com", "worker-1.example.com", None),
        ("10.0.0.5:9090", "0.0.0.0", None),
        ("worker-1.internal:9090", "0.0.0.0", None),
        ("batcher.prod.svc:9090", "::", None),
        ("batcher:9090", "0.0.0.0", None),
        ("10.0.0.5:9090", "::0", None),
        ("worker-1.internal", "0:0:0:0:0:0:0:0", None),
        ("10.0.0.5", "0", None),
        ("[2001:db8::1]:9090", "2001:DB8:0:0::1", None),
        ("[2001:db8::2]:9090", "2001:DB8:0:0::1", 403),
        ("evil.example", "::0", 403),
        ("evil.example", "127.0.0.1", 403),
        ("evil.example:9090", "0.0.0.0", 403),
        ("batcher:9090", "127.0.0.1", 403),
        ("10.0.0.5", "127.0.0.1", 403),
        ("localhost.evil.example", "127.0.0.1", 403),
        ("127.0.0.1.evil.example", "127.0.0.1", 403),
        ("127.0.0.1@evil.example", "127.0.0.1", 400),
        ("", "127.0.0.1", 400),
        ("a b", "0.0.0.0", 400),
        ("[::1", "::1", 400),
        ("[::g]", "::1", 400),
        ("localhost:port", "127.0.0.1", 400),
        ("localhost\n", "127.0.0.1", 400),
    ],
)
def test_only_names_of_this_host_are_answered(host: str, bound: str, status: int | None) -> None:
    refused = refused_by([host], None, bound)
    assert (refused and refused[0]) == status


@pytest.mark.parametrize("hosts", [[], ["localhost", "evil.example"]])
def test_one_host_has_to_be_named(hosts: list[str]) -> None:
    assert refused_by(hosts, None, "127.0.0.1") == (400, "the header Host is missing, or none")


@pytest.mark.parametrize(
    ("origin", "answered"),
    [
        (None, True),
        ("http://localhost:9090", True),
        ("https://LOCALHOST:9090", True),
        ("http://localhost:3000", False),
        ("http://evil.example", False),
        ("http://127.0.0.1:9090", False),
        ("null", False),
        ("", False),
    ],
)
def test_a_page_of_another_origin_gets_nothing(origin: str | None, answered: bool) -> None:
    assert (refused_by(["localhost:9090"], origin, "127.0.0.1") is None) is answered
