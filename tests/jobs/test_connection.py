"""Connecting a job to its targets: who can be used, who not and why, and that all is closed."""

import pytest

from batcher.errors import AwsError, WrongAccountError
from batcher.jobs.connection import connected, identities
from tests.jobs.conftest import SettingsFor, seeded

AWAY = {"away": {"endpoint_url": "http://127.0.0.1:1", "region": "eu-west-1"}}


async def test_a_target_that_can_not_be_used_is_named_with_its_reason(
    settings_for: SettingsFor,
) -> None:
    async with (
        seeded() as url,
        connected(settings_for(url, targets=AWAY), ["away", "default"]) as connection,
    ):
        assert list(connection.targets) == ["default"]
        assert "no connection" in str(connection.unusable["away"])


async def test_where_none_can_be_used_the_reason_of_the_first_is_raised(
    settings_for: SettingsFor,
) -> None:
    with pytest.raises(AwsError, match="target away: no connection"):
        async with connected(settings_for("http://127.0.0.1:2", targets=AWAY), ["away", "default"]):
            pass


async def test_of_a_target_that_is_left_for_later_nobody_asks_where_it_is(
    settings_for: SettingsFor,
) -> None:
    async with seeded() as url:
        wrong = {"wrong": {"endpoint_url": url, "account": "9" * 12}}
        settings = settings_for(url, targets=wrong)
        with pytest.raises(WrongAccountError):
            await identities(settings, ["wrong", "default"])
        assert list(await identities(settings, ["wrong", "default"], refuses=False)) == ["default"]
        left = settings_for(url, targets=wrong, without_target="wrong")
        assert list(await identities(left, ["wrong", "default"])) == ["default"]
        assert await identities(left, ["wrong"]) == {}
