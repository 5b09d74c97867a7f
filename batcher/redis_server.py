"""What a Redis server says of itself, and whether it can hold what batcher keeps in it.

Asked once, at the start. A user who may not ask is served all the same.
"""

import re
from typing import Any
from urllib.parse import quote

from msgspec import Struct
from redis.asyncio import Redis
from redis.exceptions import NoPermissionError, ResponseError

OLDEST = (6, 2)  # the first with XPENDING by idle time, and with exclusive ranges
_VERSION = re.compile(r"(\d{1,6})\.(\d{1,6})(?:\.\d{1,6})*", re.ASCII)
_HASH_TAG = re.compile(r"[^{]*\{[^}]+\}", re.DOTALL)
# policies that drop any key; the others spare those without an expiry, as streams are
_EVICTING = re.compile(r"allkeys-\w{1,40}", re.ASCII)


class RedisServer(Struct, frozen=True, kw_only=True):
    """A server as it describes itself; None is what it did not say.

    ``eviction``: its maxmemory-policy, where that may drop a stream.
    """

    version: str | None = None
    is_cluster: bool = False
    eviction: str | None = None
    append_only: bool | None = None

    @property
    def too_old(self) -> str | None:
        """What it has and what it would need, in words; None: it will do."""
        found = _VERSION.fullmatch(self.version or "")
        if found is None or (int(found[1]), int(found[2])) >= OLDEST:
            return None
        return f"it is Redis {self.version}; batcher needs version {_oldest()} or later"

    @property
    def risks(self) -> tuple[str, ...]:
        """How it may lose what waits in it, in words."""
        risks = []
        if self.eviction is not None:
            risks.append(
                "this Redis evicts keys when its memory is full (maxmemory-policy"
                f" {self.eviction}), and may drop the whole queue: set it to noeviction"
            )
        if self.append_only is False:
            risks.append(
                "this Redis writes no append-only file: what waits in it may be lost when it"
                " restarts; set appendonly to yes"
            )
        return tuple(risks)


def missing_command() -> str:
    """What a server would need that does not know a command of ours."""
    return f"it does not know a command of Redis {_oldest()}; batcher needs that version or later"


def _oldest() -> str:
    return ".".join(map(str, OLDEST))


async def describe(redis: Redis) -> RedisServer:
    """Ask a server. Raises redis-py's errors where it does not answer."""
    try:
        info: dict[str, Any] = await redis.info()
    except NoPermissionError:
        return RedisServer()
    except ResponseError as error:
        if "unknown command" not in str(error):
            raise
        return RedisServer()
    except (AttributeError, TypeError, ValueError):  # of redis-py, for what is no such text
        return RedisServer()
    # Redis Cluster says the first, others that behave like it the second
    is_cluster = str(info.get("cluster_enabled")) == "1" or info.get("redis_mode") == "cluster"
    version, policy = str(info.get("redis_version")), str(info.get("maxmemory_policy"))
    append_only = {"0": False, "1": True}.get(str(info.get("aof_enabled")))
    return RedisServer(
        version=version if _VERSION.fullmatch(version) else None,
        is_cluster=is_cluster,
        eviction=policy if _EVICTING.fullmatch(policy) else None,
        append_only=append_only,
    )


def has_hash_tag(name: str) -> bool:
    """Whether all keys that begin with a name are on one node of a cluster."""
    return _HASH_TAG.match(name) is not None


def with_hash_tag(name: str) -> str:
    """A name like that one which has a hash tag, as it is written in a URL."""
    tagged = f"{{{name}}}"
    return quote(tagged if has_hash_tag(tagged) else f"{{batcher}}{name}", safe="{}:/")
