"""What the SDK says of a place is asked once, and honoured; what we can't do is left to the SDK."""

import json
from collections.abc import Mapping
from contextlib import aclosing
from copy import deepcopy
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from aiobotocore.client import AioBaseClient
from aiobotocore.config import AioConfig
from aiobotocore.session import AioSession
from botocore.exceptions import HTTPClientError
from botocore.loaders import Loader

from batcher.aws.answers import UnreadableAnswerError
from batcher.aws.credentials import open_session
from batcher.aws.departure import Departure
from batcher.aws.lean_connections import (
    OPERATIONS,
    SAMPLE_KEYS,
    LeanConnections,
    Wire,
    WireKey,
    is_own,
)
from batcher.aws.request_template import NotTemplatedError
from batcher.aws.sdk_events import OWN_SERVICES
from batcher.aws.sdk_transport import open_sdk_transport
from batcher.aws.service_model import SERVICE, installed_service_model, model_loader
from batcher.aws.signature import Signer
from batcher.http.origin import Origin
from batcher.operations import GET_TRIGGER, UPDATE_TRIGGER
from tests.conftest import sdk_session
from tests.odd_server import http, odd_server

pytestmark = pytest.mark.usefixtures("stand_in_credentials")

CONFIG = AioConfig(retries={"mode": "standard", "total_max_attempts": 1})


def connections() -> LeanConnections:
    return LeanConnections(model_loader(), timeout=5)


async def wire_of(shared: LeanConnections, key: WireKey) -> Wire:
    return await shared.wire(key, CONFIG, open_session(key.profile, model_loader(), key.region))


PROFILES = """
[profile section]
region = eu-central-1
services = own
[services own]
customer_profiles =
  endpoint_url = http://127.0.0.1:9/of/the/section
[profile dual]
region = eu-west-1
use_dualstack_endpoint = true
[profile named]
region = us-west-2
sdk_ua_app_id = billing
"""


@pytest.mark.parametrize(
    ("environment", "key"),
    [
        ({}, (None, "eu-west-1", None)),
        ({}, (None, "cn-north-1", None)),
        ({}, (None, "us-gov-west-1", "http://127.0.0.1:4566/base/")),
        ({"AWS_USE_FIPS_ENDPOINT": "true"}, (None, "us-east-1", None)),
        ({"AWS_ENDPOINT_URL": "http://127.0.0.1:9"}, (None, "eu-west-1", None)),
        (
            {"AWS_ENDPOINT_URL_CUSTOMER_PROFILES": "http://[::1]:9/"},
            ("section", "eu-west-1", None),
        ),
        ({"AWS_IGNORE_CONFIGURED_ENDPOINT_URLS": "true"}, ("section", "eu-west-1", None)),
        ({}, ("section", "eu-central-1", None)),
        ({}, ("dual", "eu-west-1", None)),
        ({"AWS_SDK_UA_APP_ID": "x"}, ("named", "us-west-2", None)),
    ],
    ids=str,
)
async def test_a_wire_leads_where_the_sdk_would_go(
    environment: Mapping[str, str],
    key: tuple[Any, Any, Any],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    (tmp_path / "config").write_text(PROFILES)
    for name, value in {"AWS_CONFIG_FILE": str(tmp_path / "config"), **environment}.items():
        monkeypatch.setenv(name, value)
    profile, region, endpoint_url = key
    wire = await wire_of(connections(), WireKey(*key))
    session = sdk_session() if profile is None else AioSession(profile=profile)
    async with session.create_client(
        "customer-profiles", region_name=region, endpoint_url=endpoint_url, config=CONFIG
    ) as client:
        assert wire.place.endpoint_url == client.meta.endpoint_url
        assert wire.place.region == client.meta.region_name == region
        assert wire.place.partition == client.meta.partition
    assert set(wire.operations) == set(OPERATIONS)
    assert (wire.signing_region, wire.signing_service) == (region, "profile")
    assert wire.origin.host in wire.place.endpoint_url


async def test_a_place_is_resolved_once_and_connections_are_shared_by_all() -> None:
    shared = connections()
    one = await wire_of(shared, WireKey(None, "eu-west-1", None))
    assert await wire_of(shared, WireKey(None, "eu-west-1", None)) is one
    other = await wire_of(shared, WireKey(None, "us-east-1", None))
    assert other.pool is one.pool
    assert one.origin == Origin("https", "profile.eu-west-1.amazonaws.com", 443)


@pytest.mark.parametrize("endpoint_url", [None, "http://127.0.0.1:9/base"])
async def test_a_header_that_the_sdks_signer_names_itself_is_sent_once(
    endpoint_url: str | None,
) -> None:
    def name_itself(request: Any, **_: Any) -> None:  # as the signer of AWS's common runtime does
        for name, value in (own | {"host": urlsplit(request.url).netloc}).items():
            request.headers[name] = value

    own = {"accept": "application/json", "accept-encoding": "gzip"}

    session = open_session(None, model_loader(), "eu-west-1")
    session.register("before-sign.customer-profiles", name_itself)
    wire = await connections().wire(WireKey(None, "eu-west-1", endpoint_url), CONFIG, session)
    for name in (UPDATE_TRIGGER, GET_TRIGGER):
        signer = Signer(wire.signing_region, wire.signing_service)
        names = {"DomainName": "a", "EventTriggerName": "b"}
        made = wire.operations[name].template.request(
            names, SAMPLE_KEYS, "20261128T000000Z", signer
        )
        lines = [line.lower() for line in made.partition(b"\r\n\r\n")[0].decode().split("\r\n")]
        sent = dict(line.split(": ", 1) for line in lines[1:])
        assert len(sent) == len(lines) - 1
        assert sent["host"] == urlsplit(wire.place.endpoint_url).netloc
        assert (sent["accept"], sent["accept-encoding"]) == (own["accept"], "identity")
        assert "signedheaders=accept;accept-encoding;" in sent["authorization"]


def own_models(folder: Path, service_id: str) -> Loader:
    """The SDK's models, but for one of Customer Profiles that gives the service another name."""
    model = deepcopy(dict(installed_service_model()))
    model["metadata"]["serviceId"] = service_id
    place = folder / SERVICE / model["metadata"]["apiVersion"]
    place.mkdir(parents=True)
    (place / "service-2.json").write_text(json.dumps(model))
    return Loader(extra_search_paths=[str(folder)])


async def test_by_whatever_name_a_model_calls_the_service_no_sample_is_sent_and_answers_are_held(
    tmp_path: Path,
) -> None:
    loader = own_models(tmp_path, "Own Profiles")
    names = {"DomainName": "a", "EventTriggerName": "b"}
    async with odd_server(lambda request: http(200, [])) as server:
        key = WireKey(None, "eu-west-1", server.url)
        session = open_session(None, loader, key.region, services=OWN_SERVICES)
        wire = await LeanConnections(loader, timeout=5).wire(key, CONFIG, session)
        assert set(wire.operations) == set(OPERATIONS)
        assert not server.requests
        opening = open_sdk_transport(
            session, region=key.region, endpoint_url=server.url, config=CONFIG
        )
        async with aclosing(await opening) as sdk:
            with pytest.raises(UnreadableAnswerError):
                await sdk.send(GET_TRIGGER, names, Departure(5))


async def test_certificates_are_read_for_tls_and_where_a_file_of_them_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("AWS_CA_BUNDLE", "REQUESTS_CA_BUNDLE"):
        monkeypatch.delenv(name, raising=False)
    shared = connections()
    plain = await wire_of(shared, WireKey(None, "eu-west-1", "http://127.0.0.1:9"))
    assert not plain.pool.reads_ahead
    await plain.pool.open()
    await wire_of(shared, WireKey(None, "eu-west-1", None))
    assert plain.pool.reads_ahead
    await plain.pool.aclose()
    for has_tls in (False, True):
        monkeypatch.setenv("AWS_CA_BUNDLE", str(tmp_path / "absent.pem"))
        key = WireKey(None, "eu-west-1", None if has_tls else "http://127.0.0.1:9")
        with pytest.raises(HTTPClientError, match="No such file"):  # as the SDK does for both
            await (await wire_of(connections(), key)).pool.open()


async def test_a_port_that_nobody_listens_on_leads_nowhere_else() -> None:
    wire = await wire_of(connections(), WireKey(None, "eu-west-1", "http://127.0.0.1:0"))
    assert wire.origin == Origin("http", "127.0.0.1", 0)


def plug_in(patch: pytest.MonkeyPatch) -> None:
    patch.setenv("BOTOCORE_EXPERIMENTAL__PLUGINS", "nothing=tests.aws.no_plug_in")


def host_header(patch: pytest.MonkeyPatch) -> None:
    patch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    patch.setenv("BOTO_EXPERIMENTAL__ADD_PROXY_HOST_HEADER", "true")


def odd_proxy(patch: pytest.MonkeyPatch) -> None:
    patch.setenv("HTTP_PROXY", "http://me:SECRET@127.0.0.1:port")


@pytest.mark.parametrize(
    ("setting", "why"),
    [
        (plug_in, "plug-ins"),
        (host_header, "BOTO_EXPERIMENTAL__ADD_PROXY_HOST_HEADER"),
        (odd_proxy, "proxy"),
    ],
)
async def test_what_is_beyond_it_is_named_and_left_to_the_sdk(
    setting: Any, why: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    setting(monkeypatch)
    key = WireKey(None, "eu-west-1", "http://profile.invalid")
    shared = connections()
    for _ in range(2):
        with pytest.raises(NotTemplatedError, match=why) as raised:
            await wire_of(shared, key)
        assert "SECRET" not in str(raised.value)


class Traced(AioBaseClient):  # type: ignore[misc] # no stubs
    """A client of which a tracer has replaced a method, and wrapped another one."""

    _make_api_call = AioBaseClient._make_api_call  # noqa: SLF001 # where tracers hook in
    close = partial(AioBaseClient.close)


def test_what_others_put_around_the_calls_of_the_sdk_is_seen() -> None:
    assert is_own(AioBaseClient, "_make_api_call")
    assert not is_own(Traced, "_make_api_call")
    assert not is_own(Traced, "close")
