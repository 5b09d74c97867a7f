"""Hosts that are AWS's own, of every partition, and those that only look like it."""

import pytest

from batcher.aws.endpoints import aws_service_host, environment_proxy


@pytest.mark.parametrize(
    ("host", "service"),
    [
        ("profile.eu-west-1.amazonaws.com", "profile.eu-west-1"),
        ("PROFILE.eu-west-1.AMAZONAWS.com.", "profile.eu-west-1"),
        ("vpce-1-2.sqs.us-east-2.vpce.amazonaws.com", "vpce-1-2.sqs.us-east-2.vpce"),
        ("sqs.cn-north-1.amazonaws.com.cn", "sqs.cn-north-1"),
        ("sqs.us-east-1.api.aws", "sqs.us-east-1"),
        ("sqs.us-iso-east-1.c2s.ic.gov", "sqs.us-iso-east-1"),
        ("sqs.eusc-de-east-1.amazonaws.eu", "sqs.eusc-de-east-1"),
        ("127.0.0.1", None),
        ("amazonaws.com", None),
        ("notamazonaws.com", None),
        ("profile.amazonaws.com.example.org", None),
        ("", None),
    ],
)
def test_a_host_is_awss_own_when_it_ends_in_the_domain_of_a_partition(
    host: str, service: str | None
) -> None:
    assert aws_service_host(host) == service


def test_the_proxy_of_the_environment_is_that_of_the_scheme_unless_the_host_is_excepted(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name, value in {
        "HTTPS_PROXY": "proxy.example:3128",
        "HTTP_PROXY": "http://other.example",
        "NO_PROXY": "chat.example",
    }.items():
        monkeypatch.setenv(name, value)
        monkeypatch.delenv(name.lower(), raising=False)
    assert environment_proxy("HTTPS://hooks.example/x") == "http://proxy.example:3128"
    assert environment_proxy("http://hooks.example/x") == "http://other.example"
    assert environment_proxy("https://chat.example/x") is None
