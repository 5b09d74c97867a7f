"""A Redis that a limiter would share its quota through, looked at and left alone."""

from batcher.errors import SettingsError
from batcher.limiters.shared import REDIS_ERRORS
from batcher.redis_client import connect, redis_error_text
from batcher.redis_server import RedisServer, describe


async def look_at_redis(url: str) -> RedisServer:
    """What a Redis says of itself.

    Raises SettingsError for a URL that is none, ConnectionError where it does not answer.
    """
    try:
        redis = connect(url, retries=1)
    except ValueError as error:
        raise SettingsError(
            f"--limiter: not the URL of a Redis: {error}. Give redis://HOST:PORT/DB."
        ) from error
    async with redis:
        try:
            return await describe(redis)
        except REDIS_ERRORS as error:
            raise ConnectionError(redis_error_text(error)) from error
