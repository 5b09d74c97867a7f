"""A Redis looked at: what it says, and an error for one that is away or no URL."""

import pytest

from batcher.errors import SettingsError
from batcher.limiters.factory import look_at_limiter
from batcher.limiters.redis_look import look_at_redis
from tests.limiters.simulated_fleet import address
from tests.servers import Server


async def test_what_a_redis_says_of_itself_is_told(redis: Server) -> None:
    found = await look_at_redis(address(redis))
    assert (found.too_old, found.is_cluster) == (None, False)
    assert await look_at_limiter(address(redis)) == found
    assert await look_at_limiter("local") is None


async def test_one_that_is_away_and_a_url_that_is_none_are_errors_without_a_password() -> None:
    with pytest.raises(ConnectionError, match="Connection refused") as away:
        await look_at_redis("redis://:SECRET@127.0.0.1:1/0")
    with pytest.raises(SettingsError, match="database is no number") as wrong:
        await look_at_redis("redis://:SECRET@127.0.0.1:1/x")
    assert "SECRET" not in f"{away.value} {wrong.value}"
