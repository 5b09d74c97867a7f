"""The connection to one Redis stream, to its consumer group and to its dead letters.

Errors of redis-py stop here: they become QueueError.
"""

from collections.abc import Awaitable
from typing import Any, Self, TypeVar

import anyio
from redis.exceptions import AuthenticationError, RedisError, ResponseError

from batcher.errors import QueueError
from batcher.records import Message
from batcher.redis_client import LONGEST_REPLY, connect, redis_error_text

T = TypeVar("T")

_OF_LETTERS = (b"code", b"reason")
_KEPT = b"entry:"  # before the name of a field that was called like one of a letter's

GROUP = "batcher"
NO_ONE = "released"  # the consumer of entries that were released
# seconds for any request, its repetitions included: a worker that stops waits for it
ANSWER_WITHIN = 5.0


class RedisStream:
    """A stream of updates, one an entry. Use as an async context manager.

    ``url`` as ``redis_client`` takes it, else ValueError. ``create``: make stream and group when
    they are not there; else entering raises QueueError.
    """

    def __init__(self, url: str, name: str, *, create: bool = True) -> None:
        self.name = name
        self.dead_name = f"{name}:dead"
        self.redis = connect(url)
        self._create = create

    async def __aenter__(self) -> Self:
        try:
            await (self._create_group() if self._create else self._find_group())
        except BaseException:
            await self.__aexit__()
            raise
        return self

    async def __aexit__(self, *exception: object) -> None:
        with anyio.move_on_after(LONGEST_REPLY, shield=True):
            await self.redis.aclose()

    async def answer(self, reply: Awaitable[T]) -> T:
        """Redis's reply. Raises QueueError; a group lost with an emptied Redis is made anew."""
        try:
            with anyio.fail_after(ANSWER_WITHIN):
                return await reply
        except ResponseError as error:
            if "NOGROUP" in str(error) and self._create:
                await self._create_group()
            raise QueueError(
                f"queue {self.name}: Redis refuses: {redis_error_text(error)}"
            ) from error
        except AuthenticationError as error:
            reason = redis_error_text(error)
            raise QueueError(
                f"queue {self.name}: Redis refuses the credentials: {reason}. Check user and"
                " password in the queue's URL."
            ) from error
        except (RedisError, OSError) as error:
            reason = redis_error_text(error)
            if isinstance(error, TimeoutError):
                reason = f"none within {ANSWER_WITHIN:g} s"
            raise QueueError(
                f"queue {self.name}: no answer from Redis: {reason}. Trying again may help."
            ) from error

    async def _create_group(self) -> None:
        try:
            await self.answer(self.redis.xgroup_create(self.name, GROUP, id="0", mkstream=True))
        except QueueError as error:
            if "BUSYGROUP" not in str(error):
                raise

    async def _find_group(self) -> None:
        exists = await self.answer(self.redis.exists(self.name))
        groups = await self.answer(self.redis.xinfo_groups(self.name)) if exists else []
        if not any(group["name"] == GROUP.encode() for group in groups):
            raise QueueError(
                f"queue {self.name}: not in this database. batcher enqueue and batcher worker"
                " make it."
            )


def message_of_entry(entry: Any, receives: int) -> Message:
    """The message of an entry as redis-py returns it; ``receives`` counts its deliveries."""
    identity, fields = entry
    return Message(
        id=identity.decode(),
        body=fields.get(b"body", b""),
        handle=identity.decode(),
        receives=receives,
        sent_at=sent_at(identity),
        attributes={name: value for name, value in fields.items() if name != b"body" or not value},
    )


def fields_of_entry(body: bytes, attributes: dict[Any, Any]) -> dict[Any, Any]:
    """The fields of an entry as somebody sent it, names and values bytes."""
    return attributes | ({b"body": body} if body or not attributes else {})


def fields_of_letter(message: Message, code: str, reason: str) -> dict[bytes, bytes]:
    """The fields of a dead letter: those of its entry, renamed where ours are called so."""
    fields = fields_of_entry(message.body, message.attributes)
    kept = {_KEPT + name if _is_ours(name) else name: value for name, value in fields.items()}
    return kept | {b"code": code.encode(), b"reason": reason.encode(errors="replace")}


def attributes_of_letter(fields: dict[bytes, bytes]) -> dict[bytes, bytes]:
    """What else was in the entry of a dead letter."""
    others = {name: value for name, value in fields.items() if name not in _OF_LETTERS}
    others = {name.removeprefix(_KEPT): value for name, value in others.items()}
    return {name: value for name, value in others.items() if name != b"body" or not value}


def _is_ours(name: bytes) -> bool:
    return name in _OF_LETTERS or name.startswith(_KEPT)


def sent_at(identity: bytes) -> float:
    """When an entry was sent, in seconds since the epoch, by Redis's clock."""
    return int(identity.split(b"-")[0]) / 1000
