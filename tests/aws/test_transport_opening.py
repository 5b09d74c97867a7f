"""Which way requests leave: ours, the SDK's where that is asked for, and where ours can't."""

import logging

import pytest

from batcher.aws.lean_caller import LeanCaller
from batcher.aws.lean_connections import LeanConnections
from batcher.aws.sdk_transport import SdkTransport
from batcher.aws.service_model import model_loader
from batcher.aws.transport_opening import OPERATIONS_AT_ONCE
from batcher.errors import SettingsError
from batcher.operations import GET_TRIGGER
from tests.aws.test_client import NAMES, target

pytestmark = pytest.mark.usefixtures("stand_in_credentials")


async def test_it_is_ours_with_shared_connections_and_else_a_client_with_its_own() -> None:
    async with (
        target("http://127.0.0.1:9", transport="lean") as ours,
        target("http://127.0.0.1:9", transport="sdk", concurrency=7) as theirs,
    ):
        assert isinstance(ours._transports[-1], LeanCaller)  # noqa: SLF001 # what was opened
        opened = theirs._transports[-1]  # noqa: SLF001 # as above
        assert isinstance(opened, SdkTransport)
        connections = opened.client.meta.config.max_pool_connections
    assert connections == OPERATIONS_AT_ONCE * 7 == OPERATIONS_AT_ONCE * theirs.slots


async def test_where_nothing_else_will_do_that_is_an_error_and_else_it_is_said_once(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://me:SECRET@127.0.0.1:port")
    by_hand = LeanConnections(model_loader(), timeout=5, by_hand=True)
    with pytest.raises(SettingsError, match="target eu: --transport lean can't do this: the URL"):
        async with target("http://profile.invalid", connections=by_hand):
            pass
    others = LeanConnections(model_loader(), timeout=5)
    async with target("http://profile.invalid", connections=others) as eu:
        for _ in range(2):
            assert await eu.refresh()
            assert (await eu.call(GET_TRIGGER, NAMES)).code == "ProxyConnectionError"
    (said,) = [record.msg for record in caplog.records if record.levelno == logging.WARNING]
    assert "transport.sdk" in str(said)
    assert "SECRET" not in str(said)


@pytest.mark.parametrize("transport", ["lean", "sdk"])
@pytest.mark.parametrize("port", ["99999", "SECRET"])
async def test_an_endpoint_of_the_environment_whose_port_is_none_is_told_as_that(
    monkeypatch: pytest.MonkeyPatch, transport: str, port: str
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", f"https://127.0.0.1:{port}")
    with pytest.raises(SettingsError, match=r"target eu: endpoint .*: its port is no nu") as raised:
        async with target(None, transport=transport):
            pass
    assert "SECRET" not in str(raised.value)
