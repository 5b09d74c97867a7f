"""Which queue a URL means. Redis is imported only where a URL names it."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import parse_qsl, urlencode

from batcher.errors import SettingsError
from batcher.optional_imports import optional_module
from batcher.ports import Producer, Queue, QueueAdmin
from batcher.queues.spool_directory import SpoolDirectory
from batcher.queues.sqs import SqsQueue
from batcher.queues.sqs_admin import SqsAdmin
from batcher.queues.sqs_client import SqsClient

if TYPE_CHECKING:
    from batcher.queues.redis_streams import RedisQueue

KINDS = "spool:DIR, sqs:NAME_OR_URL, redis://HOST/DB?stream=NAME"


class OpenedQueue(NamedTuple):
    """The sides of one message queue.

    ``dead_letters``: whether it has a place for messages that are set aside.
    """

    queue: Queue
    producer: Producer
    admin: QueueAdmin
    dead_letters: bool


def shown(url: str) -> str:
    """The URL as it may be shown: without a user and a password, which may hold any sign when it
    was not encoded.
    """
    kind, slashes, rest = url.partition("//")
    return f"{kind}{slashes}{rest.rpartition('@')[2]}" if kind in ("redis:", "rediss:") else url


def spool_of(url: str, *, create: bool = True) -> SpoolDirectory | None:
    """The spool directory of a URL; None when it is of a message queue.

    Raises SettingsError, QueueError.

    ``create``: make it when it is not there.
    """
    kind, _, rest = url.partition(":")
    if kind != "spool":
        return None
    if not rest:
        raise SettingsError(f"{url}: names no directory. A queue is one of {KINDS}.")
    return SpoolDirectory(Path(rest), create=create)


@asynccontextmanager
async def open_queue(
    url: str,
    *,
    lease: int = 60,
    create: bool = True,
    profile: str | None = None,
    region: str | None = None,
    endpoint_url: str | None = None,
) -> AsyncIterator[OpenedQueue]:
    """A message queue, connected. ``lease`` in seconds; profile, Region and endpoint are for SQS.

    ``create``: make it when it is not there, where that takes no more than its name (Redis). Raises
    SettingsError for a URL that means none, QueueError when it can't be reached or is not there.
    """
    kind, _, rest = url.partition(":")
    if kind == "sqs" and rest:
        async with SqsClient(
            rest, profile=profile, region=region, endpoint_url=endpoint_url
        ) as client:
            admin = SqsAdmin(client)
            yield OpenedQueue(
                SqsQueue(client, lease=lease), admin, admin, client.dead_url is not None
            )
    elif kind in ("redis", "rediss"):
        async with _redis_queue(url, lease, create) as queue:
            yield OpenedQueue(queue, queue, queue, True)
    else:
        raise SettingsError(f"{shown(url)}: not a message queue. A queue is one of {KINDS}.")


def _redis_queue(url: str, lease: float, create: bool) -> "RedisQueue":
    missing = SettingsError("A queue in Redis needs redis-py: pip install redis.")
    redis_streams = optional_module("batcher.queues.redis_streams", missing)
    address, _, query = url.partition("?")
    options = dict(parse_qsl(query, keep_blank_values=True))
    if not (stream := options.pop("stream", "")):
        raise SettingsError(f"{shown(url)}: names no stream: add ?stream=NAME.")
    try:
        queue: RedisQueue = redis_streams.RedisQueue(
            f"{address}?{urlencode(options)}", stream, lease=lease, create=create
        )
        return queue
    except ValueError as error:
        raise SettingsError(
            f"{shown(url)}: not the URL of a queue: {error}. Give redis://HOST:PORT/DB?stream=NAME."
        ) from error
