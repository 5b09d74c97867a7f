"""Which queue a URL means. What Redis or SQS needs is imported only where a URL names it."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import NamedTuple
from urllib.parse import parse_qsl, urlencode

from batcher.config.value_kinds import DEFAULT_LEASE
from batcher.errors import SettingsError
from batcher.foreign_text import shown_url
from batcher.optional_imports import late_module, optional_module
from batcher.ports import Producer, Queue, QueueAdmin
from batcher.queues.spool_directory import SpoolDirectory

KINDS = "spool:DIR, sqs:NAME_OR_URL, redis://HOST/DB?stream=NAME"


class OpenedQueue(NamedTuple):
    """The sides of one message queue. ``dead_letters``: whether it has a place for them.

    ``place``: which queue it is, by whatever name, profile or environment it was found; without
    secrets. ``risks``: how its server may lose what waits in it, in words.
    """

    queue: Queue
    producer: Producer
    admin: QueueAdmin
    dead_letters: bool
    place: str
    risks: tuple[str, ...] = ()


def spool_of(url: str, *, create: bool = True) -> SpoolDirectory | None:
    """The spool directory of a URL; None when it is of a message queue.

    ``create``: make it when it is not there. Raises SettingsError, QueueError.
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
    lease: int = DEFAULT_LEASE,
    create: bool = True,
    profile: str | None = None,
    region: str | None = None,
    endpoint_url: str | None = None,
) -> AsyncIterator[OpenedQueue]:
    """A message queue, connected. ``lease`` in seconds; profile, Region and endpoint are for SQS.

    ``create``: make it when it is not there, where that takes no more than its name (Redis). Raises
    SettingsError for a URL that means none, QueueError when it can't be reached or is not there,
    UnusableQueueError for a server that can't hold it.
    """
    kind, _, rest = url.partition(":")
    if kind == "sqs" and rest:
        async with _open_sqs(rest, lease, profile, region, endpoint_url) as opened:
            yield opened
    elif kind in ("redis", "rediss"):
        async with _open_redis(url, lease, create) as opened:
            yield opened
    else:
        raise SettingsError(f"{shown_url(url)}: not a message queue. A queue is one of {KINDS}.")


@asynccontextmanager
async def _open_sqs(
    name: str, lease: int, profile: str | None, region: str | None, endpoint_url: str | None
) -> AsyncIterator[OpenedQueue]:
    consumers = late_module("batcher.queues.sqs")
    admins = late_module("batcher.queues.sqs_admin")
    clients = late_module("batcher.queues.sqs_client")
    client = clients.SqsClient(name, profile=profile, region=region, endpoint_url=endpoint_url)
    async with client:
        sqs, place = admins.SqsAdmin(client), f"{client.region} {client.url}"
        has_dead_letters = client.dead_url is not None
        queue = consumers.SqsQueue(client, lease=lease)
        yield OpenedQueue(queue, sqs, sqs, has_dead_letters, place)


@asynccontextmanager
async def _open_redis(url: str, lease: float, create: bool) -> AsyncIterator[OpenedQueue]:
    missing = SettingsError("A queue in Redis needs redis-py: pip install redis.")
    consumers = optional_module("batcher.queues.redis_streams", missing)
    admins = optional_module("batcher.queues.redis_streams_admin", missing)
    clients = optional_module("batcher.queues.redis_streams_client", missing)
    address, _, query = url.partition("?")
    options = dict(parse_qsl(query, keep_blank_values=True))
    if not (name := options.pop("stream", "")):
        raise SettingsError(f"{shown_url(url)}: names no stream: add ?stream=NAME.")
    try:
        stream = clients.RedisStream(f"{address}?{urlencode(options)}", name, create=create)
    except ValueError as error:
        raise SettingsError(
            f"{shown_url(url)}: not the URL of a queue: {error}. Give redis://HOST:PORT/DB?stream=NAME."
        ) from error
    async with stream:
        queue, admin = consumers.RedisQueue(stream, lease=lease), admins.RedisAdmin(stream)
        try:
            yield OpenedQueue(queue, admin, admin, True, shown_url(url), stream.risks)
        finally:
            await queue.leave()
