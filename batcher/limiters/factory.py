"""Which limiters a setting means. Redis is imported only where a URL names it."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from structlog.typing import FilteringBoundLogger

from batcher.errors import SettingsError
from batcher.optional_imports import optional_module
from batcher.ports import Clock

if TYPE_CHECKING:
    from batcher.limiters.redis_fleet import RedisFleet
    from batcher.redis_server import RedisServer

LOCAL = "local"


@asynccontextmanager
async def open_fleet(
    setting: str, *, clock: Clock, log: FilteringBoundLogger, warn: Callable[[str], None]
) -> AsyncIterator["RedisFleet | None"]:
    """The buckets that a fleet shares; None where the setting says that each process has its own.

    A Redis that is away is no error: ``warn`` is told, and it may come later. Raises SettingsError.
    """
    if setting == LOCAL:
        yield None
        return
    redis_fleet = optional_module("batcher.limiters.redis_fleet", _missing())
    async with redis_fleet.open_redis_fleet(setting, clock=clock, log=log, warn=warn) as fleet:
        yield fleet


async def look_at_limiter(setting: str) -> "RedisServer | None":
    """The Redis that a setting names, as it describes itself; None where it names none.

    Takes part in nothing there. Raises SettingsError, ConnectionError.
    """
    if setting == LOCAL:
        return None
    redis_look = optional_module("batcher.limiters.redis_look", _missing())
    server: RedisServer = await redis_look.look_at_redis(setting)
    return server


def _missing() -> SettingsError:
    return SettingsError("A quota shared through Redis needs redis-py: pip install redis.")
