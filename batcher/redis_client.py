"""The connection to Redis that the queue and the limiter share: redis-py with its time limits set.

By its defaults it takes seconds to notice a connection that is refused.
"""

import os
import re
from urllib.parse import parse_qs, urlsplit

from redis.asyncio import BlockingConnectionPool, Redis
from redis.asyncio.retry import Retry
from redis.backoff import FullJitterBackoff
from redis.exceptions import RedisError

from batcher.foreign_text import known_phrases

LONGEST_REPLY = 3.0  # seconds
# connections; requests beyond them wait for one, where redis-py's own pool fails those beyond a
# hundred
AT_ONCE = 50

# the others are set here, and some would break it
_OPTIONS = re.compile(r"db|username|password|client_name|ssl_\w+")
_DATABASE = re.compile(r"/?|/\d+/?", re.ASCII)

# of Redis's replies and of redis-py's sentences; the rest may quote a command or a password
_KNOWN = re.compile(
    r"\b(?:NOAUTH|WRONGPASS|NOPERM|READONLY|MOVED|ASK|CLUSTERDOWN|CROSSSLOT|TRYAGAIN|LOADING|BUSY"
    r"|MASTERDOWN|MISCONF|OOM|NOREPLICAS|NOSCRIPT|NOPROTO|BUSYGROUP|NOGROUP|WRONGTYPE|EXECABORT|ERR)\b"
    r"|Authentication required|invalid username-password pair or user is disabled"
    r"|invalid password|unknown command|max number of clients reached"
    r"|Connection refused|Connection reset by peer|Connection closed by server"
    r"|Timeout (?:connecting to|reading from|writing to)|No connection available"
    r"|DB index is out of range"
)


def connect(url: str, *, longest_reply: float = LONGEST_REPLY, retries: int = 2) -> Redis:
    """A client of a ``redis://`` or ``rediss://`` URL; connects when it is used.

    Close it with ``aclose``.

    ``longest_reply`` in seconds; a blocking command has to ask for less. Raises ValueError, which
    quotes nothing that may be a password.
    """
    _check(url)
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
    try:
        pool.make_connection()  # type: ignore[no-untyped-call] # without a request: redis-py looks at most options only now
    except (TypeError, ValueError, RedisError) as error:
        raise ValueError(
            "it has options that do not fit it; those that begin with ssl_ need rediss://"
        ) from error
    return Redis.from_pool(pool)


def _check(url: str) -> None:
    """What redis-py passes over, or tells in words that may hold a part of a password."""
    try:
        parts = urlsplit(url)
        readable = "@" not in parts.path + parts.query + parts.fragment and (parts.port or 0) >= 0
    except ValueError:
        readable = False
    if not readable:
        raise ValueError(
            "its host or port can't be read; in a password #, /, ?, @ and [ are written as %23 and"
            " so on"
        )
    query = parse_qs(parts.query, keep_blank_values=True)
    if wrong := [name for name in query if not _OPTIONS.fullmatch(name)]:
        raise ValueError(f"there is no option {', '.join(wrong)}")
    if not _DATABASE.fullmatch(parts.path) or not all(map(str.isdecimal, query.get("db", ()))):
        raise ValueError("its database is no number")


def redis_error_text(error: BaseException) -> str:
    """What an error of Redis, or on the way to it, says without a value that it may quote."""
    inner = error if isinstance(error, OSError) else error.__cause__ or error.__context__
    if isinstance(inner, OSError) and inner.errno:
        said = os.strerror(inner.errno) if inner.errno > 0 else "the name is not found"
    else:
        said = known_phrases(str(error), _KNOWN)
    return f"{type(error).__name__}: {said}" if said else type(error).__name__
