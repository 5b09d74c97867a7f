"""Sessions that targets share: read once, and anew for who could not use them."""

import asyncio
from pathlib import Path
from typing import Any

import anyio
import pytest
from botocore.exceptions import CredentialRetrievalError

from batcher.aws.client import AwsTarget
from batcher.aws.service_model import model_loader
from batcher.aws.shared_sessions import READ_AT_MOST, SharedSessions
from batcher.clock import SystemClock
from batcher.config import Settings, TargetSettings
from batcher.emulator import Emulator, account_of
from batcher.errors import AwsError
from batcher.updates.aws_messages import AwsMessages
from batcher.wiring.targets import TargetConnector
from tests.local_sts import LocalSts

_IDENTITY = (
    '<GetCallerIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/">'
    "<GetCallerIdentityResult><Account>111122223333</Account></GetCallerIdentityResult>"
    "</GetCallerIdentityResponse>"
)


@pytest.fixture
def keys(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    file = tmp_path / "credentials"
    file.write_text("[prod]\naws_access_key_id = AKID1\naws_secret_access_key = s\n")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(file))
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "none"))
    return file


class Ahead(SystemClock):
    """The clock of this process, put forward by a test."""

    seconds = 0.0

    def now(self) -> float:
        return super().now() + self.seconds


def settings(**more: Any) -> TargetSettings:
    return TargetSettings(**{"profile": "prod", "region": "eu-west-1", **more})


def sessions() -> SharedSessions:
    return SharedSessions(model_loader(), SystemClock(), (5.0, 5.0))


async def key_of(found: SharedSessions, target: str) -> str:
    own = await found.session(target, settings()).own_credentials()
    return str((await own.get_frozen_credentials()).access_key)


async def test_targets_of_one_profile_region_and_endpoint_share_one_session(keys: Path) -> None:
    found = sessions()
    first = found.session("a", settings())
    assert found.session("b", settings(role_arn="arn:aws:iam::1:role/r")) is first
    assert found.session("a", settings(region="eu-north-1")) is not first
    assert found.session("a", settings(endpoint_url="http://127.0.0.1:1")) is not first


async def test_credentials_are_read_anew_once_for_all_who_could_not_use_them(keys: Path) -> None:
    found = sessions()
    useless = found.session("a", settings())
    assert await key_of(found, "a") == "AKID1"
    keys.write_text(keys.read_text().replace("AKID1", "AKID2"))
    assert await key_of(found, "b") == "AKID1"
    for name in ("a", "b"):
        found.mark_useless(name, useless)
    assert await key_of(found, "a") == "AKID2"
    assert found.session("a", settings()) is found.session("b", settings())


async def test_sessions_that_are_read_anew_keep_to_one_pace_of_sts(keys: Path) -> None:
    found = sessions()
    first = found.session("a", settings())
    found.mark_useless("a", first)
    again, elsewhere = found.session("a", settings()), found.session("b", settings(region="x"))
    assert again is not first
    assert again.sts.pace is first.sts.pace
    assert elsewhere.sts.pace is not first.sts.pace


async def test_a_key_that_sts_knows_after_a_while_is_not_useless(
    keys: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = sessions().session("a", settings())
    own = await (await found.own_credentials()).get_frozen_credentials()
    async with LocalSts() as sts:
        monkeypatch.setenv("AWS_ENDPOINT_URL_STS", sts.url)
        sts.refusal = ("InvalidClientTokenId", 403)
        assert await found.identity(own, endpoint_url=sts.url, attempts=1) is None
        assert found.why_useless("AKID1") == "InvalidClientTokenId"
        sts.refusal, sts.says = None, _IDENTITY
        identity = await found.identity(own, endpoint_url=sts.url, attempts=1)
    assert identity is not None
    assert (identity.account, found.why_useless("AKID1")) == ("111122223333", None)


async def test_what_gives_no_credentials_is_asked_once_for_all_who_wait(
    profiles: Path, tmp_path: Path
) -> None:
    asked = tmp_path / "asked"
    profiles.write_text(f"[profile prod]\ncredential_process = sh -c 'echo >>{asked}; exit 1'\n")
    failures = []
    found = sessions()

    async def ask(name: str) -> None:
        try:
            await found.session(name, settings()).own_credentials()
        except Exception as error:
            failures.append(error)

    async with anyio.create_task_group() as tasks:
        for n in range(20):
            tasks.start_soon(ask, f"t{n}")
    assert len(failures) == 20
    assert len(asked.read_text()) == 1


@pytest.mark.parametrize("program", ["/nowhere/at/all", "/", "echo []", "echo 1", "echo null"])
async def test_whatever_is_wrong_with_a_program_for_credentials_is_an_error_of_the_target(
    profiles: Path, program: str
) -> None:
    profiles.write_text(f"[profile prod]\ncredential_process = {program}\n")
    connector = TargetConnector(Settings(profile="prod", region="eu-west-1"))
    for _ in range(2):
        with pytest.raises(AwsError, match=r"target a: .*credential_process .*of profile prod"):
            await connector.target("a").__aenter__()


async def test_an_account_is_asked_for_once_for_each_access_key(keys: Path) -> None:
    emulator = Emulator()
    async with emulator as url:
        shared = sessions().session("a", settings(endpoint_url=url))
        own = await (await shared.own_credentials()).get_frozen_credentials()
        first = await shared.identity(own, endpoint_url=url, attempts=1)
        assert first is not None
        assert first.account == account_of("AKID1")
    assert await shared.identity(own, endpoint_url=url, attempts=1) is first  # nobody is there
    other = own._replace(access_key="AKID2")
    assert await shared.identity(other, endpoint_url=url, attempts=1) is None


async def test_who_is_opened_later_gets_the_keys_of_now_and_all_who_are_then_the_same(
    keys: Path,
) -> None:
    clock = Ahead()
    found = SharedSessions(model_loader(), clock, (5.0, 5.0))
    first = found.session("a", settings(), opening=True)
    assert await key_of(found, "a") == "AKID1"
    keys.write_text(keys.read_text().replace("AKID1", "AKID2"))
    clock.seconds = READ_AT_MOST - 10
    assert found.session("b", settings(), opening=True) is first
    clock.seconds = READ_AT_MOST + 1
    assert found.session("a", settings()) is first, "it has them, and they may be good"
    again = found.session("a", settings(), opening=True)
    assert again is found.session("c", settings(), opening=True)
    assert await key_of(found, "a") == "AKID2"


async def test_a_target_that_is_opened_again_after_a_rest_signs_with_the_keys_of_now(
    keys: Path,
) -> None:
    clock = Ahead()
    found = SharedSessions(model_loader(), clock, (5.0, 5.0))

    async def account(url: str) -> str | None:
        target = AwsTarget(
            "a",
            settings(endpoint_url=url),
            messages=AwsMessages(frozenset()),
            connect_timeout=5.0,
            read_timeout=5.0,
            loader=model_loader(),
            clock=clock,
            sessions=found,
        )
        async with target:
            return await target.account()

    async with Emulator() as url:
        assert await account(url) == account_of("AKID1")
        keys.write_text(keys.read_text().replace("AKID1", "AKID2"))
        clock.seconds = 900.0
        assert await account(url) == account_of("AKID2")


@pytest.mark.parametrize("transport", ["lean", "sdk"])
async def test_a_target_stays_in_its_region_whatever_its_profile_names_later(
    keys: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, transport: str
) -> None:
    config = tmp_path / "config"
    monkeypatch.setenv("AWS_CONFIG_FILE", str(config))

    def name(region: str) -> None:
        config.write_text(f"[profile prod]\nregion = {region}\n")

    async with Emulator() as url:
        name("eu-west-1")
        connector = TargetConnector(Settings(profile="prod", endpoint_url=url, transport=transport))
        async with connector.target("a") as first:
            await first.account()
            name("eu-north-1")
            assert await first.refresh()
            assert first.region == "eu-west-1"
            assert first.expected_region == "eu-west-1"
        async with connector.target("a") as again:
            assert again.region == "eu-west-1"
        async with connector.target("b") as other:
            assert other.region == "eu-north-1"


async def test_who_gives_credentials_and_never_ends_has_a_limit(
    profiles: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def begin(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n{")
        await over.wait()
        writer.close()

    over = asyncio.Event()
    server = await asyncio.start_server(begin, "127.0.0.1", 0)
    async with server:
        there = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        monkeypatch.setenv("AWS_CONTAINER_CREDENTIALS_FULL_URI", there)
        found = SharedSessions(model_loader(), SystemClock(), (5.0, 5.0), asked_at_most=0.3)
        with pytest.raises(CredentialRetrievalError, match=r"no answer within 0\.3 s"):
            await found.session("a", settings(profile=None)).own_credentials()
        over.set()
