"""The connection to Redis that the queue and the limiter share: redis-py with its time limits set.

By its defaults it takes seconds to notice a connection that is refused, and stays with a server
that has become a replica.
"""

import os
import re
import ssl
from collections.abc import Sequence
from hashlib import sha1
from typing import Any
from urllib.parse import parse_qs, urlsplit

from redis import exceptions
from redis.asyncio import BlockingConnectionPool, Connection, Redis, SSLConnection
from redis.asyncio.retry import Retry
from redis.backoff import FullJitterBackoff

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
    r"|DB index is out of range|SELECT is not allowed in cluster mode"
    r"|command not allowed when used memory > 'maxmemory'"
)

# of a script's error in Redis 6, too, which begins with ERR
_NOT_PRIMARY = re.compile(r"\b(?:READONLY|MASTERDOWN|UNBLOCKED)\b")
_NODE = re.compile(r"[\w.:-]{1,255}", re.ASCII)


class NotPrimaryError(exceptions.ConnectionError):
    """A server that is a replica, or does not have the key; it did nothing of what was asked.

    ``moved``: it is a node of a cluster, and another one has the key.
    """

    def __init__(self, said: str, *, moved: bool) -> None:
        super().__init__(said)
        self.moved = moved


class _PrimaryConnection(Connection):
    """A connection that leaves a server which is no primary any more, and connects by name again.

    A node of a cluster says which one has the key: that one is tried first. What was asked is then
    asked again, by redis-py's retries, which does no harm.
    """

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self._named = self.host, self.port
        self._moved_to: tuple[str, int] | None = None  # for the next time it connects

    async def _connect(self) -> None:
        node, self._moved_to = self._moved_to, None
        if node is not None:
            self.host, self.port = node
            try:
                await super()._connect()  # type: ignore[no-untyped-call] # of redis-py
            except OSError:  # the node that was named is away: who has the key now?
                pass
            else:
                return
        self.host, self.port = self._named
        await super()._connect()  # type: ignore[no-untyped-call] # of redis-py

    async def read_response(self, *arguments: Any, **options: Any) -> Any:
        try:
            return await super().read_response(*arguments, **options)
        except exceptions.MovedError as error:
            self._moved_to = error.host or self.host, error.port
            node = "{}:{}".format(*self._moved_to)
            where = f", {node}," if _NODE.fullmatch(node) else ""
            not_primary = NotPrimaryError(
                f"MOVED: another node of a cluster{where} has it", moved=True
            )
        except exceptions.ResponseError as error:
            is_replica = isinstance(error, exceptions.ReadOnlyError | exceptions.MasterDownError)
            if not is_replica and not _NOT_PRIMARY.search(str(error)):
                raise
            not_primary = NotPrimaryError("READONLY: the server is a replica", moved=False)
        except ValueError as error:  # redis-py reads numbers and addresses as they come
            await self.disconnect(nowait=True)
            raise exceptions.InvalidResponse("a reply that can't be read") from error
        await self.disconnect(nowait=True)
        raise not_primary


class _PrimaryTlsConnection(_PrimaryConnection, SSLConnection):
    """Such a connection over TLS."""


class Script:
    """A Lua script: called by its digest, and as a whole where the server does not have it.

    redis-py's own loads it by a command without a key, which may go to another node of a cluster.
    """

    def __init__(self, redis: Redis, text: str) -> None:
        self._redis = redis
        self._text = text
        self._digest = sha1(text.encode(), usedforsecurity=False).hexdigest()

    async def __call__(self, *, keys: Sequence[str], args: Sequence[Any]) -> Any:
        given = (len(keys), *keys, *args)
        try:
            return await self._redis.evalsha(self._digest, *given)
        except exceptions.NoScriptError:
            return await self._redis.eval(self._text, *given)


def connect(
    url: str,
    *,
    longest_reply: float = LONGEST_REPLY,
    retries: int = 2,
    ask_again: bool = True,
) -> Redis:
    """A client of a ``redis://`` or ``rediss://`` URL; connects when it is used.

    Close it with ``aclose``.

    ``longest_reply`` in seconds; a blocking command has to ask for less. ``ask_again``: also where
    a reply was lost, so that what was asked may be done twice. Raises ValueError, which quotes
    nothing that may be a password.
    """
    _check(url)
    lost = (exceptions.ConnectionError, exceptions.TimeoutError)
    repeated = lost if ask_again else (NotPrimaryError,)
    pool = BlockingConnectionPool.from_url(
        url,
        max_connections=AT_ONCE,
        socket_connect_timeout=1.0,
        socket_timeout=longest_reply,
        socket_keepalive=True,
        health_check_interval=15,
        retry=Retry(FullJitterBackoff(cap=0.2, base=0.02), retries, repeated),
        protocol=2,
    )
    tls = issubclass(pool.connection_class, SSLConnection)
    pool.connection_class = _PrimaryTlsConnection if tls else _PrimaryConnection
    try:
        pool.make_connection()  # type: ignore[no-untyped-call] # without a request: redis-py looks at most options only now
    except (TypeError, ValueError, exceptions.RedisError) as error:
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
    if isinstance(error, NotPrimaryError):
        return str(error)
    inner = error if isinstance(error, OSError) else error.__cause__ or error.__context__
    if isinstance(inner, ssl.SSLError):  # whose errno is none of the system's
        is_certificate = isinstance(inner, ssl.SSLCertVerificationError)
        said = "its certificate can't be verified" if is_certificate else "TLS failed"
    elif isinstance(inner, OSError) and inner.errno:
        said = os.strerror(inner.errno) if inner.errno > 0 else "the name is not found"
    else:
        said = known_phrases(str(error), _KNOWN)
    return f"{type(error).__name__}: {said}" if said else type(error).__name__
