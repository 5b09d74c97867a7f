"""The connection to Redis that the queue and the limiter share: redis-py with its time limits set.

By its defaults it takes seconds to notice a connection that is refused.
"""

from redis.asyncio import BlockingConnectionPool, Redis
from redis.asyncio.retry import Retry
from redis.backoff import FullJitterBackoff

LONGEST_REPLY = 3.0  # seconds
AT_ONCE = 50  # connections; requests beyond them wait for one, where redis-py's own pool fails those beyond a hundred


def connect(url: str, *, longest_reply: float = LONGEST_REPLY, retries: int = 2) -> Redis:
    """A client of a ``redis://``, ``rediss://`` or ``unix://`` URL; connects when it is used. Close it with ``aclose``.

    ``longest_reply`` in seconds; a blocking command has to ask for less.
    """
    pool = BlockingConnectionPool.from_url(
        url,
        max_connections=AT_ONCE,
        socket_connect_timeout=1.0,
        socket_timeout=longest_reply,
        socket_keepalive=True,
        health_check_interval=15,
        retry=Retry(FullJitterBackoff(cap=0.2, base=0.02), retries),
        protocol=2,
    )
    return Redis.from_pool(pool)
