"""Hosts that are AWS's own, of every partition, and those that only look like it."""

from typing import Any

import pytest
from botocore.endpoint_provider import EndpointProvider
from hypothesis import given
from hypothesis import strategies as st

from batcher.aws.endpoints import (
    aws_service_host,
    environment_proxy,
    foreign_endpoint,
    plain_endpoint,
)
from batcher.aws.service_model import SERVICE, model_loader

PARTITIONS = model_loader().load_data("partitions")["partitions"]
REGIONS = sorted(
    name for each in PARTITIONS for name in each["regions"] if not name.endswith("-global")
)


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


def _resolved(region: str, **ways: bool) -> str:
    """Where the SDK sends what is for that Region."""
    rules = model_loader().load_service_model(SERVICE, "endpoint-rule-set-1")
    provider = EndpointProvider(rules, model_loader().load_data("partitions"))
    url: str = provider.resolve_endpoint(Region=region, **ways).url
    return url


@st.composite
def own_endpoints(draw: st.DrawFn) -> tuple[str, str]:
    """An endpoint of AWS's in one of the ways to write it, and its Region."""
    region = draw(st.sampled_from(REGIONS))
    url = _resolved(region, UseFIPS=draw(st.booleans()), UseDualStack=draw(st.booleans()))
    host = url.removeprefix("https://")
    if draw(st.booleans()) and region == "eu-west-1":
        host = f"vpce-0a1b-2c3d.profile.{region}.vpce.amazonaws.com"
    host = "".join(draw(st.sampled_from((each.lower(), each.upper()))) for each in host)
    dot, end = draw(st.sampled_from(("", "."))), draw(st.sampled_from(("", "/", "//")))
    scheme, port = draw(
        st.sampled_from([("https", ""), ("HTTPS", ":443"), ("http", ""), ("http", ":80")])
    )
    return f"{scheme}://{host}{dot}{port}{end}", region


def _spoiled(url: str, region: str) -> dict[str, tuple[str, str]]:
    """Endpoints that look like it and are none of AWS's in that Region."""
    scheme, host = url.split("://")
    elsewhere = "us-east-2" if region != "us-east-2" else "us-east-1"
    other_end = "amazonaws.eu" if region != "eusc-de-east-1" else "amazonaws.com"
    return {
        "a domain of somebody else's": (f"{url}.example.com", region),
        "a name before it": (f"{scheme}://my.{host}", region),
        "another service": (f"{scheme}://not{host}", region),
        "another Region": (url, elsewhere),
        "another port": (f"{url}:8443", region),
        "a port of the other scheme": (f"http://{host}:443", region),
        "a path": (f"{url}/stage", region),
        "somebody's load balancer": (f"{scheme}://profile-1.{region}.elb.amazonaws.com", region),
        "the domain of another partition": (f"https://profile.{region}.{other_end}", region),
    }


@given(own_endpoints(), st.data())
def test_an_endpoint_of_awss_is_its_own_however_it_is_written_and_nothing_like_it_is(
    own: tuple[str, str], data: Any
) -> None:
    url, region = own
    assert foreign_endpoint(url, region) is None
    assert plain_endpoint(url, region) == _resolved(region, UseFIPS=False, UseDualStack=False)
    plain = _resolved(region, UseFIPS=data.draw(st.booleans()), UseDualStack=False)
    for what, (other, there) in _spoiled(plain, region).items():
        assert foreign_endpoint(other, there) is not None, what


_HOSTS = st.from_regex(r"[a-z0-9]([a-z0-9-]{0,8}[a-z0-9])?(\.[a-z0-9]{1,5}){0,2}", fullmatch=True)


@given(
    _HOSTS,
    st.sampled_from([("http", 80), ("https", 443)]),
    st.sampled_from((None, 80, 443, 9400)),
    st.sampled_from(("", "/a", "/a/B")),
)
def test_a_foreign_endpoint_is_one_text_however_it_is_written_and_stays_as_it_is(
    host: str, scheme: tuple[str, int], port: int | None, path: str
) -> None:
    name, usual = scheme
    said = f"{name}://{host}:{port or usual}{path}"
    plain = foreign_endpoint(said, "eu-west-1")
    other = f"{name.upper()}://{host.upper()}.{'' if port is None else f':{port}'}{path}/"
    assert plain == foreign_endpoint(other, "eu-west-1") == foreign_endpoint(plain, "eu-west-1")
    assert plain == plain_endpoint(said, "us-gov-west-1")
    for differs in (f"{said}/b", said.replace("://", "://x"), f"x{said}"):
        assert foreign_endpoint(differs, "eu-west-1") != plain


@pytest.mark.parametrize("url", ["http://[::1", "http://h:99999", "http://[x]:1", "h", "://"])
def test_what_is_no_endpoint_is_itself(url: str) -> None:
    assert foreign_endpoint(url, "eu-west-1") == url == plain_endpoint(url, "eu-west-1")
