"""Which endpoint is asked, why that one, and what its certificate says."""

import ssl
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from batcher.aws.endpoint_probe import (
    GIVEN,
    EndpointAnswer,
    EndpointProbe,
    UntrustedError,
    leads_elsewhere,
    open_probe,
)
from batcher.config import TargetSettings
from batcher.errors import AwsError, SettingsError
from tests.odd_server import http, odd_server

CONFIG = """
[profile plain]
region = eu-north-1
[profile own]
region = eu-north-1
endpoint_url = http://127.0.0.1:3
[profile section]
region = eu-north-1
services = ours
[services ours]
customer_profiles =
  endpoint_url = http://127.0.0.1:4
[profile fips]
region = us-east-1
use_fips_endpoint = true
"""


@pytest.fixture(autouse=True)
def config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "config").write_text(CONFIG)
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "none"))
    for name in ("AWS_REGION", "AWS_DEFAULT_REGION", "AWS_PROFILE", "AWS_CA_BUNDLE"):
        monkeypatch.delenv(name, raising=False)


async def found(**settings: str) -> EndpointProbe:
    given = TargetSettings(**settings)
    async with open_probe("t", given, connect_timeout=1, read_timeout=1) as probe:
        return probe


async def asked(url: str, seconds: float = 1) -> EndpointAnswer:
    given = TargetSettings(endpoint_url=url, region="eu-west-1")
    async with open_probe("t", given, connect_timeout=seconds, read_timeout=seconds) as probe:
        return await probe.ask()


@pytest.mark.parametrize(
    ("profile", "url", "origin"),
    [
        ("plain", "https://profile.eu-north-1.amazonaws.com", "AWS's own"),
        ("own", "http://127.0.0.1:3", "profile own"),
        ("section", "http://127.0.0.1:4", "the services section of profile section"),
        ("fips", "https://profile-fips.us-east-1.amazonaws.com", "AWS's own FIPS"),
    ],
)
async def test_an_endpoint_is_told_with_where_it_comes_from(
    profile: str, url: str, origin: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    probe = await found(profile=profile)
    assert (probe.url, probe.url_from, probe.region_from) == (url, origin, f"profile {profile}")
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:5")
    probe = await found(profile=profile)
    assert (probe.url, probe.url_from) == ("http://127.0.0.1:5", "AWS_ENDPOINT_URL")
    monkeypatch.setenv("AWS_ENDPOINT_URL_CUSTOMER_PROFILES", "http://127.0.0.1:6")
    probe = await found(profile=profile)
    assert probe.url_from == "AWS_ENDPOINT_URL_CUSTOMER_PROFILES"
    assert probe.url == "http://127.0.0.1:6"
    probe = await found(profile=profile, endpoint_url="http://127.0.0.1:7")
    assert (probe.url, probe.url_from) == ("http://127.0.0.1:7", GIVEN)
    monkeypatch.setenv("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", "true")
    probe = await found(profile=profile)
    assert probe.url_from.startswith("AWS's own")
    assert "amazonaws.com" in probe.url


async def test_a_region_is_told_with_where_it_comes_from(monkeypatch: pytest.MonkeyPatch) -> None:
    assert (await found()).region is None
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-west-2")
    assert (await found(profile="plain")).region_from == "AWS_DEFAULT_REGION"
    monkeypatch.setenv("AWS_REGION", "eu-west-3")
    probe = await found(profile="plain")
    assert (probe.region, probe.region_from) == ("eu-west-3", "AWS_REGION")
    probe = await found(profile="plain", region="eu-west-1")
    assert (probe.region, probe.region_from) == ("eu-west-1", GIVEN)


async def test_a_proxy_and_a_bundle_are_told_without_a_password(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "http://ann:SECRET@127.0.0.1:1")
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", ssl.get_default_verify_paths().openssl_cafile)
    probe = await found(region="eu-west-1")
    assert probe.proxy == "http://127.0.0.1:1"
    with pytest.raises(AwsError, match="the proxy can't be connected to") as raised:
        await asked("https://profile.eu-west-1.amazonaws.com")
    assert "SECRET" not in str(raised.value)


async def test_a_profile_or_bundle_that_is_not_there_is_an_error_of_settings(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with pytest.raises(SettingsError, match="nope"):
        await found(profile="nope")
    monkeypatch.setenv("AWS_CA_BUNDLE", "/no/such.pem")
    with pytest.raises((SettingsError, AwsError)):
        await asked("https://127.0.0.1:1")


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (http(200, b"x" * (2**20 + 1)), "not AWS"),
        (b"SSH-2.0-OpenSSH\r\n\r\n", "not AWS"),
        (b"", "closes the connection"),
    ],
)
async def test_what_is_no_answer_is_an_error(answer: bytes, said: str) -> None:
    async def pieces():
        yield answer

    async with odd_server(lambda _: pieces()) as odd:
        with pytest.raises(AwsError, match=said):
            await asked(odd.url)


async def test_one_get_without_a_signature_is_all_that_is_sent() -> None:
    date = "Fri, 27 Nov 2026 10:00:00 GMT"
    async with odd_server(lambda _: http(403, "{}", Date=date)) as odd:
        answer = await asked(odd.url)
        (request,) = odd.requests
    assert (request.method, request.path, request.body) == ("GET", "/", b"")
    assert "authorization" not in request.headers
    assert answer.date == datetime(2026, 11, 27, 10, tzinfo=UTC)
    assert (answer.status, answer.certificate) == (403, None)


async def test_a_certificate_is_told_where_it_is_trusted_and_refused_where_it_is_not(
    certificate: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate)
    server = TestServer(web.Application(), host="127.0.0.1")
    await server.start_server(ssl=context)
    try:
        url = f"https://127.0.0.1:{server.port}"
        with pytest.raises(UntrustedError, match="self-signed"):
            await asked(url)
        monkeypatch.setenv("AWS_CA_BUNDLE", str(certificate))
        answer = await asked(url)
    finally:
        await server.close()
    assert answer.certificate is not None
    assert answer.certificate.issuer == "Acme, proxy"
    left = answer.certificate.expires - datetime.now(UTC)
    assert timedelta(days=6) < left < timedelta(days=7, hours=1)


@pytest.mark.parametrize(
    ("config", "elsewhere"),
    [
        ("region = eu-west-1", False),
        ("endpoint_url = http://127.0.0.1:1", True),
        ("services = own\n[services own]\nsts =\n  endpoint_url = http://127.0.0.1:1", True),
        ("services = own\n[services own]\ns3 =\n  endpoint_url = http://127.0.0.1:1", False),
        ("services = gone", False),
        ("no ini", False),
    ],
    ids=["aws", "profile", "sts", "another service", "no section", "damaged"],
)
def test_a_profile_leads_elsewhere_where_it_names_an_endpoint_of_the_target_or_of_sts(
    config: str, *, elsewhere: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "config").write_text(f"[profile own]\n{config}\n")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    assert leads_elsewhere(TargetSettings(profile="own")) is elsewhere
