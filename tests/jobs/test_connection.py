"""Connecting a job to its targets: who can be used, who not and why, and that all is closed."""

import pytest

from batcher.errors import AwsError
from batcher.jobs.connection import connected
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
