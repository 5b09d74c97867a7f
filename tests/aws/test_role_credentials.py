"""The credentials of a role: assumed with tags, renewed in time, each session at its own."""

import os
from datetime import UTC, datetime, timedelta
from typing import Any

import botocore.exceptions as sdk
import pytest

from batcher.aws.credentials import CheckedCredentials
from batcher.aws.role_credentials import (
    RENEW_AT,
    RENEW_BY,
    SPREAD,
    TRY_AGAIN,
    RoleCredentials,
)
from batcher.aws.server_clock import ServerClock
from batcher.emulator import Emulator
from batcher.error_codes import RESOURCE_NOT_FOUND
from batcher.errors import CredentialsError, NotSentError, WrongAccountError
from batcher.operations import UPDATE_TRIGGER
from tests.aws.test_client import target
from tests.conftest import change
from tests.local_sts import ROLE, LocalSts
from tests.servers import free_port

ANOTHER = (
    '<AssumeRoleResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><AssumeRoleResult>'
    "<Credentials><AccessKeyId>ASIA9</AccessKeyId><SecretAccessKey>s</SecretAccessKey>"
    "<SessionToken>t</SessionToken><Expiration>2999-01-01T00:00:00Z</Expiration></Credentials>"
    "<AssumedRoleUser><AssumedRoleId>AROA9:x</AssumedRoleId>"
    "<Arn>arn:aws:sts::999988887777:assumed-role/batcher/x</Arn></AssumedRoleUser>"
    "</AssumeRoleResult></AssumeRoleResponse>"
)
LIFE = 900.0  # seconds, of the shortest session that AWS gives
AWAY = sdk.CredentialRetrievalError(provider="role", error_msg="away")


class At:
    """A clock that shows what a test sets."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def now(self) -> float:
        return self.seconds

    def wall(self) -> str:
        return (datetime(2026, 1, 1, tzinfo=UTC) + timedelta(seconds=self.seconds)).isoformat()

    async def sleep(self, seconds: float) -> None:
        raise AssertionError


class Sts:
    """Gives credentials that live as long as it says, or an error."""

    def __init__(self, clock: At) -> None:
        self.calls = 0
        self.life = LIFE
        self.error: Exception | None = None
        self._clock = clock

    async def fetch(self) -> dict[str, Any]:
        self.calls += 1
        if self.error is not None:
            raise self.error
        return self.session()

    def session(self) -> dict[str, Any]:
        expiry = datetime.fromisoformat(self._clock.wall()) + timedelta(seconds=self.life)
        parts = {"access_key": f"AKID{self.calls}", "secret_key": "secret", "token": "token"}
        return {**parts, "expiry_time": expiry.isoformat()}


def role(spread: float = 0.0) -> tuple[At, Sts, RoleCredentials]:
    clock = At()
    sts = Sts(clock)
    return clock, sts, RoleCredentials(sts.session(), sts.fetch, ServerClock(clock), spread)


@pytest.mark.parametrize(
    ("spread", "left", "key"),
    [
        (0.0, 1.0, "AKID0"),
        (0.0, 1.1 * RENEW_AT, "AKID0"),
        (0.0, 0.9 * RENEW_AT, "AKID1"),
        (0.0, 0.9 * RENEW_BY, "AKID1"),
        (0.5, 0.9 * RENEW_AT * (1 + 0.5 * SPREAD), "AKID1"),
        (1.0, 1.1 * RENEW_AT * (1 + SPREAD), "AKID0"),
    ],
)
async def test_a_role_session_is_renewed_when_a_quarter_to_a_half_of_its_life_is_left(
    spread: float, left: float, key: str
) -> None:
    clock, _, credentials = role(spread)
    clock.seconds = (1 - left) * LIFE
    assert credentials.refresh_needed() is (key != "AKID0")
    assert (await credentials.get_frozen_credentials()).access_key == key
    assert not credentials.refresh_needed()


async def test_who_signs_with_a_role_waits_for_nothing_until_its_session_is_renewed() -> None:
    clock, sts, credentials = role()
    asked = list[Any]()

    async def check(frozen: Any) -> None:
        asked.append(frozen)

    checked = CheckedCredentials(credentials, check, asked.__contains__)
    assert checked.known() is None
    first = await checked.get_frozen_credentials()
    assert checked.known() is first
    asked.clear()  # it would have to be asked again whose they are
    assert checked.known() is None
    await checked.get_frozen_credentials()
    clock.seconds = (1 - 0.9 * RENEW_AT) * LIFE
    assert checked.known() is None
    assert sts.calls == 0


async def test_sessions_that_began_together_are_renewed_spread_over_a_quarter_of_their_life() -> (
    None
):
    clock = At()
    sts = Sts(clock)
    fleet = [RoleCredentials(sts.session(), sts.fetch, ServerClock(clock)) for _ in range(400)]
    renewed = []
    for clock.seconds in range(0, int(LIFE), 10):
        before = sts.calls
        for each in fleet:
            await each.get_frozen_credentials()
        renewed.append(sts.calls - before)
        if sts.calls >= len(fleet):
            break
    assert sum(renewed) == len(fleet)
    assert max(renewed) < 50  # of 400 in 23 steps
    assert sum(count > 0 for count in renewed) > 15


@pytest.mark.parametrize("life", [0.02 * LIFE, 0.3 * LIFE, 0.9 * LIFE, 4 * LIFE])
async def test_a_session_of_another_life_than_the_first_is_renewed_by_parts_of_its_own(
    life: float,
) -> None:
    clock, sts, credentials = role(spread=1.0)
    sts.life = life
    clock.seconds = 0.9 * LIFE
    for _ in range(1000):
        await credentials.get_frozen_credentials()
        clock.seconds += life / 100
    assert 14 <= sts.calls <= 21  # each time when half is left; one of seconds is asked for less


@pytest.mark.parametrize("life", [0.0, -1.0, -LIFE])
async def test_a_new_session_that_is_over_already_takes_nothing_from_the_one_there_is(
    life: float,
) -> None:
    clock, sts, credentials = role()
    sts.life = life
    clock.seconds = (1 - 0.9 * RENEW_AT) * LIFE
    assert (await credentials.get_frozen_credentials()).access_key == "AKID0"
    clock.seconds = (1 - 0.9 * RENEW_BY) * LIFE
    with pytest.raises(sdk.CredentialRetrievalError, match="over already"):
        await credentials.get_frozen_credentials()


async def test_a_renewal_that_fails_is_tried_again_after_a_while_and_an_error_at_the_end() -> None:
    clock, sts, credentials = role()
    sts.error = AWAY
    clock.seconds = (1 - 0.9 * RENEW_AT) * LIFE
    for _ in range(3):
        assert (await credentials.get_frozen_credentials()).access_key == "AKID0"
    assert sts.calls == 1
    clock.seconds += 1.1 * TRY_AGAIN * LIFE
    await credentials.get_frozen_credentials()
    assert sts.calls == 2
    clock.seconds = (1 - 0.9 * RENEW_BY) * LIFE
    with pytest.raises(sdk.CredentialRetrievalError):
        await credentials.get_frozen_credentials()


async def test_a_new_session_that_is_over_already_is_not_signed_with() -> None:
    clock, sts, credentials = role()
    clock.seconds, sts.life = LIFE, -1.0
    with pytest.raises(sdk.CredentialRetrievalError, match="over already"):
        await credentials.get_frozen_credentials()


@pytest.mark.parametrize("tags", [{}, {"team": "crm", "reason": "OPS-12"}])
async def test_tags_are_sent_with_each_session_and_a_refusal_names_the_action_for_them(
    stand_in_credentials: None, monkeypatch: pytest.MonkeyPatch, tags: dict[str, str]
) -> None:
    async with LocalSts() as sts, Emulator() as url:
        monkeypatch.setenv("AWS_ENDPOINT_URL_STS", sts.url)
        sts.life = timedelta()  # each request takes a new session
        tagged = target(url, region="eu-west-1", role_arn=ROLE, session_tags=tags)
        async with tagged as eu:
            await eu.call(UPDATE_TRIGGER, change(1))
        sent = [
            {asked[f"Tags.member.{n}.Key"]: asked[f"Tags.member.{n}.Value"] for n in (1, 2)}
            if "Tags.member.1.Key" in asked
            else {}
            for asked in sts.asked
        ]
        assert len(sent) > 1
        assert all(each == tags for each in sent)
        sts.refusal = ("AccessDenied", 403)
        with pytest.raises(CredentialsError) as refused:
            async with target(url, region="eu-west-1", role_arn=ROLE, session_tags=tags):
                pass
        assert ("sts:TagSession" in str(refused.value)) == bool(tags)


@pytest.mark.parametrize("later", [False, True], ids=["at first", "when it is renewed"])
async def test_a_session_of_another_account_than_that_of_its_role_is_not_signed_with(
    stand_in_credentials: None, monkeypatch: pytest.MonkeyPatch, *, later: bool
) -> None:
    emulator = Emulator()
    async with LocalSts() as sts, emulator as url:
        monkeypatch.setenv("AWS_ENDPOINT_URL_STS", sts.url)
        sts.life = timedelta()  # each request takes a new session
        sts.says = None if later else ANOTHER
        role = target(url, region="eu-west-1", role_arn=ROLE)
        if not later:
            with pytest.raises(WrongAccountError, match="a session of account 999988887777"):
                await role.__aenter__()
        else:
            async with role:
                sts.says = ANOTHER
                attempt = await role.call(UPDATE_TRIGGER, change(1))
                assert "999988887777" in str(attempt.message)
    assert not emulator.calls()


@pytest.mark.parametrize("hours", [-3, -1, -0.5, 0.5, 1, 3])
async def test_how_long_a_session_lives_is_told_by_the_clock_of_who_gave_it(
    stand_in_credentials: None, monkeypatch: pytest.MonkeyPatch, hours: float
) -> None:
    """A clock that is off is put right for signatures, and for the end of a session, too."""
    async with LocalSts() as sts, Emulator() as url:
        monkeypatch.setenv("AWS_ENDPOINT_URL_STS", sts.url)
        sts.ahead, sts.life = timedelta(hours=hours), timedelta(hours=1)
        async with target(url, region="eu-west-1", role_arn=ROLE) as role:
            asked = len(sts.asked)
            assert (await role.call(UPDATE_TRIGGER, change(1))).code == RESOURCE_NOT_FOUND
            assert len(sts.asked) == asked
            sts.life = timedelta(minutes=-1)
            assert await role.refresh()
            attempt = await role.call(UPDATE_TRIGGER, change(1))
            assert "over already" in str(attempt.message)


async def test_where_sts_refuses_a_role_of_another_partition_that_is_told(
    stand_in_credentials: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also where the Region is that of a profile, which no validation reads."""
    async with LocalSts() as sts:
        monkeypatch.setenv("AWS_ENDPOINT_URL_STS", sts.url)
        sts.refusal = ("AccessDenied", 403)
        role = ROLE.replace("arn:aws:", "arn:aws-cn:")
        with pytest.raises(CredentialsError, match="Region eu-west-1 is of aws, where it can't be"):
            await target("http://h", region="eu-west-1", role_arn=role).__aenter__()


async def test_an_sts_that_is_away_is_named_with_what_is_wrong_and_no_advice_on_roles(
    stand_in_credentials: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL_STS", f"http://127.0.0.1:{free_port()}")
    with pytest.raises(NotSentError) as away:
        await target("http://h", region="eu-west-1", role_arn=ROLE).__aenter__()
    said = str(away.value)
    assert f"no connection to {os.environ['AWS_ENDPOINT_URL_STS']} (" in said
    assert "withheld" not in said
    assert "trust policy" not in said
