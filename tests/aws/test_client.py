"""A target's client against an emulator: one request for one call, and errors are values."""

import json
import os
import re
import shlex
import socket
from pathlib import Path
from typing import Any

import pytest

from batcher.aws.client import AwsTarget
from batcher.aws.lean_connections import LeanConnections
from batcher.aws.service_model import model_loader
from batcher.clock import SystemClock
from batcher.config import TargetSettings
from batcher.emulator import Emulator, account_of
from batcher.errors import AwsError, CredentialsError, SettingsError
from batcher.operations import GET_TRIGGER, LIST_TRIGGERS, TRIGGER_NAMES, UPDATE_TRIGGER
from batcher.updates.aws_messages import AwsMessages
from tests.conftest import change, trigger

pytestmark = pytest.mark.usefixtures("stand_in_credentials", "transport")

NAMES = {name: trigger(1)[name] for name in TRIGGER_NAMES}


def target(
    url: str | None,
    client: Any | None = None,
    read_timeout: float = 5,
    session_tags: dict[str, str] | None = None,
    transport: str | None = None,
    connections: LeanConnections | None = None,
    **settings: Any,
) -> AwsTarget:
    lean = (transport or os.environ.get("BATCHER_TRANSPORT")) != "sdk"
    shared = connections or LeanConnections(model_loader(), timeout=5)
    return AwsTarget(
        "eu",
        TargetSettings(endpoint_url=url, **settings),
        messages=AwsMessages(),
        connect_timeout=5,
        read_timeout=read_timeout,
        loader=model_loader(),
        clock=SystemClock(),
        client=client,
        session_tags=session_tags,
        connections=shared if lean else None,
    )


async def test_a_call_is_one_request_of_the_operation_with_those_members() -> None:
    emulator = Emulator()
    emulator.seed([trigger(1)])
    async with emulator as url, target(url) as eu:
        wrote = await eu.call(UPDATE_TRIGGER, change(1))
        read = await eu.call(GET_TRIGGER, NAMES)
    assert (wrote.reached, wrote.code, wrote.http_status) == ("answered", None, 200)
    assert read.answer is not None
    assert read.answer["Description"] == change(1)["Description"]
    assert "ResponseMetadata" not in read.answer
    assert [call.operation for call in emulator.calls()] == [UPDATE_TRIGGER, GET_TRIGGER]


@pytest.mark.parametrize(
    ("fault", "reached", "code"),
    [
        ("throttle", "answered", "ThrottlingException"),
        ("internal", "answered", "InternalServerException"),
        ("reset-before", "sent", "ConnectionClosedError"),
        ("expired-token", "answered", "ExpiredTokenException"),
    ],
)
async def test_what_goes_wrong_is_a_value_and_nothing_is_sent_again(
    fault: str, reached: str, code: str
) -> None:
    emulator = Emulator()
    emulator.seed([trigger(1)])
    emulator.script(UPDATE_TRIGGER, [None, fault])
    async with emulator as url, target(url) as eu:
        await eu.call(UPDATE_TRIGGER, change(1))  # the connection is kept alive from here on
        attempt = await eu.call(UPDATE_TRIGGER, change(1))
    assert (attempt.reached, attempt.code) == (reached, code)
    assert len(emulator.calls()) == 2


async def test_a_refresh_reads_the_profile_anew_while_requests_of_before_are_under_way(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    keys = tmp_path / "credentials"
    keys.write_text("[prod]\naws_access_key_id = AKID1\naws_secret_access_key = s\n")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(keys))
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    emulator = Emulator()
    emulator.seed([trigger(1)])
    async with emulator as url, target(url, profile="prod", region="eu-west-1") as eu:
        assert await eu.refresh()
        assert (await eu.call(GET_TRIGGER, NAMES)).code is None
        # no secret to it, no such profile, no profiles at all: the ones of before stay
        for broken in ("[prod]\naws_access_key_id = AKID2\n", "[other]\n", "prod = [\n", ""):
            keys.write_text(broken)
            assert not await eu.refresh()
            assert (await eu.call(GET_TRIGGER, NAMES)).code is None


async def test_a_target_stays_where_it_was_whatever_endpoint_its_profile_names_in_mid_run(
    profiles: Path,
) -> None:
    keys = "aws_access_key_id = AKID1\naws_secret_access_key = s\n"
    here, elsewhere = Emulator(), Emulator()
    for emulator in (here, elsewhere):
        emulator.seed([trigger(1)])
    async with here as url, elsewhere as other:
        profiles.write_text(f"[profile prod]\n{keys}endpoint_url = {url}\n")
        async with target(None, profile="prod", region="eu-west-1") as eu:
            assert (await eu.call(UPDATE_TRIGGER, change(1))).code is None
            profiles.write_text(f"[profile prod]\n{keys}endpoint_url = {other}\n")
            await eu.refresh()
            assert eu.endpoint_url == url
            for operation in (UPDATE_TRIGGER, "TagResource"):  # by templates, and by the SDK
                members = {"resourceArn": "arn:aws:x", "tags": {"a": "b"}}
                await eu.call(operation, change(1) if operation == UPDATE_TRIGGER else members)
            profiles.write_text(f"[profile prod]\n{keys}endpoint_url = {url.upper()}/\n")
            assert await eu.refresh()
        assert elsewhere.calls() == []
        assert len(here.calls()) >= 2


async def test_a_client_of_the_callers_own_is_neither_refreshed_nor_closed(connect: Any) -> None:
    emulator = Emulator()
    emulator.seed([trigger(1)])
    async with emulator as url:
        client = await connect(url)
        async with target(None, client) as eu:
            assert not await eu.refresh()
            assert await eu.account() is None
            assert (eu.region, eu.endpoint_url) == ("eu-west-1", url)
        assert (await client.get_event_trigger(**NAMES))["EventTriggerName"] == "t1"


async def test_an_endpoint_that_can_not_be_connected_to_is_found_before_the_first_call() -> None:
    with socket.socket() as bound:  # and nobody listens there
        bound.bind(("127.0.0.1", 0))
        async with target(f"http://127.0.0.1:{bound.getsockname()[1]}") as eu:
            with pytest.raises(AwsError, match=r"target eu: no connection to http://127\.0\.0\.1"):
                await eu.check()
    async with Emulator() as url, target(url) as eu:
        await eu.check()


@pytest.mark.parametrize(
    ("missing", "settings", "error", "advice"),
    [
        ("AWS_DEFAULT_REGION", {}, SettingsError, "no Region. Give --region"),
        ("AWS_ACCESS_KEY_ID", {}, CredentialsError, "credentials"),
        ("", {"profile": "nowhere"}, SettingsError, "aws configure list-profiles"),
    ],
    ids=["region", "credentials", "profile"],
)
async def test_what_a_client_can_not_be_made_without_is_named(
    missing: str,
    settings: dict[str, str],
    error: type[Exception],
    advice: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name in ("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"):
        monkeypatch.setenv(name, str(tmp_path / name))
    monkeypatch.delenv("AWS_REGION", raising=False)
    monkeypatch.delenv(missing, raising=False)
    with pytest.raises(error, match=advice):
        async with target("http://127.0.0.1:1", **settings):
            pass


async def test_the_account_of_a_role_is_in_its_name_and_elsewhere_sts_knows(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with Emulator() as url:
        async with target(url) as eu:
            assert eu.caller_arn is None
            assert await eu.account() == account_of("AKIDEXAMPLE")  # asked at the same address
            assert eu.caller_arn == f"arn:aws:iam::{eu.account_id}:user/emulator"
        monkeypatch.setenv("AWS_ENDPOINT_URL_STS", url)
        async with target(url) as eu:
            account = await eu.account()
            assert account is not None
            assert re.fullmatch(r"\d{12}", account)
            assert eu.account_id == account
        role = "arn:aws:iam::444455556666:role/batcher"
        async with target(url, role_arn=role) as eu:
            assert await eu.account() == "444455556666"
            assert eu.caller_arn == role


async def test_a_pinned_account_is_no_fact_where_nothing_is_there_to_ask_with(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    over = {"AccessKeyId": "A", "SecretAccessKey": "s", "SessionToken": "t"}
    said = json.dumps({"Version": 1, **over, "Expiration": "2020-01-01T00:00:00Z"})
    config = tmp_path / "config"
    config.write_text(f"[profile over]\ncredential_process = echo {shlex.quote(said)}\n")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(config))
    async with Emulator() as url:
        async with target(url, profile="over") as eu:
            assert await eu.account() is None  # the first request says what is wrong
        async with target(url, profile="over", account="111122223333") as eu:
            with pytest.raises(CredentialsError, match="still expired"):
                await eu.account()


async def test_the_model_says_what_a_request_has_and_how_long_a_page_may_be() -> None:
    async with target("http://127.0.0.1:1") as eu:
        assert eu.members(GET_TRIGGER) == TRIGGER_NAMES
        assert change(1).keys() <= eu.members(UPDATE_TRIGGER)
        assert eu.page_size(LIST_TRIGGERS) == 100


async def test_an_unknown_account_shares_its_quota_with_no_other_access_key(
    connect: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL_STS", "http://127.0.0.1:1")
    async with Emulator() as url:
        owners = []
        for key in ("AKIDONE", "AKIDTWO", "AKIDONE"):
            monkeypatch.setenv("AWS_ACCESS_KEY_ID", key)
            async with target(url) as eu:
                assert await eu.account() is None
                owners.append(eu.quota_owner)
        async with target(None, await connect(url, key="AKIDTWO")) as own:
            owners.append(own.quota_owner)
        assert owners == [owners[0], owners[1], owners[0], owners[1]]
        assert owners[0] != owners[1]
        assert "AKID" not in "".join(owners)
        monkeypatch.setenv("AWS_ENDPOINT_URL_STS", url)
        async with target(url) as eu:
            await eu.account()
            assert eu.quota_owner == account_of("AKIDONE")
