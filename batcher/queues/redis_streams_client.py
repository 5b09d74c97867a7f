"""The connection to one Redis stream, to its consumer group and to its dead letters.

Errors of redis-py stop here: they become QueueError.
"""

import uuid
from collections.abc import Awaitable
from typing import Any, Self, TypeVar

import anyio
from redis.exceptions import (
    AuthenticationError,
    ClusterCrossSlotError,
    InvalidResponse,
    RedisError,
    ResponseError,
)

from batcher.errors import MissingQueueError, QueueError, UnusableQueueError
from batcher.queues.redis_streams_scripts import FOUND
from batcher.records import Message
from batcher.redis_client import (
    LONGEST_REPLY,
    NotPrimaryError,
    Script,
    connect,
    redis_error_text,
)
from batcher.redis_server import (
    RedisServer,
    describe,
    has_hash_tag,
    missing_command,
    with_hash_tag,
)

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
    they are not there; else entering raises QueueError. Entering raises UnusableQueueError for a
    server that is too old, and for a cluster that would have the stream and its dead letters on two
    nodes. ``risks``, once entered: how that server may lose what waits in it, in words.
    """

    def __init__(self, url: str, name: str, *, create: bool = True) -> None:
        self.name = name
        self.dead_name = f"{name}:dead"
        self.redis = connect(url)
        # for what must not be done twice when its reply is lost
        self.redis_once = connect(url, ask_again=False)
        self.risks: tuple[str, ...] = ()
        # a consumer that goes with its group: one that was made anew has another
        self.mark = ""
        self._create = create
        self._found = self.script(FOUND)

    async def __aenter__(self) -> Self:
        try:
            server = await self.answer(describe(self.redis))
            self._refuse(server)
            self.risks = server.risks
            await self.find_group()
        except BaseException:
            await self.__aexit__()
            raise
        return self

    async def __aexit__(self, *exception: object) -> None:
        with anyio.move_on_after(LONGEST_REPLY, shield=True):
            await self.redis.aclose()
            await self.redis_once.aclose()

    def script(self, text: str, *, once: bool = False) -> Script:
        """A script of ``redis_streams_scripts``, to be run. ``once``: never asked again."""
        return Script(self.redis_once if once else self.redis, text)

    async def run(self, script: Script, *args: Any) -> Any:
        """What a script returns. Raises QueueError, as ``answer`` does."""
        return await self.answer(script(keys=[self.name, self.dead_name], args=[GROUP, *args]))

    async def answer(self, reply: Awaitable[T]) -> T:
        """Redis's reply. Raises QueueError; a group that is gone is made anew, and that is told."""
        try:
            with anyio.fail_after(ANSWER_WITHIN):
                return await reply
        except (RedisError, OSError) as error:
            if self._create and _says_gone(error):
                await self.find_group()
                raise self.gone() from error
            raise self._queue_error(error) from error

    def gone(self) -> QueueError:
        """The error of a stream that was there before."""
        return QueueError(
            f"queue {self.name}: the stream, or its group, vanished (deleted, evicted, or Redis"
            " lost it), and with it what waited there. It was made anew; enqueue again what has no"
            " result (batcher enqueue --anew)."
        )

    async def find_group(self) -> None:
        """Make stream and group, or see whether they are there; note the mark of the group."""
        mark = await self.run(self._found, f"mark={uuid.uuid4().hex}" if self._create else "")
        if mark is None:
            raise MissingQueueError(
                f"queue {self.name}: not in this database. batcher enqueue and batcher worker"
                " make it."
            )
        if not isinstance(mark, bytes):
            raise QueueError(f"queue {self.name}: what answers there is no Redis. Check its URL.")
        self.mark = mark.decode(errors="replace")

    def _refuse(self, server: RedisServer) -> None:
        if (reason := server.too_old) is not None:
            raise UnusableQueueError(f"queue {self.name}: {reason}.")
        if server.is_cluster and not has_hash_tag(self.name):
            raise self._needs_hash_tag()

    def _needs_hash_tag(self) -> UnusableQueueError:
        return UnusableQueueError(
            f"queue {self.name}: this Redis is a cluster, which keeps the stream and its dead"
            " letters together only where the name has a hash tag in braces. Give"
            f" ?stream={with_hash_tag(self.name)} to producers and workers alike."
        )

    def _queue_error(self, error: Exception) -> QueueError:
        """The error of redis-py in words of the queue."""
        text, reason = str(error), redis_error_text(error)
        match error:
            case ClusterCrossSlotError() | NotPrimaryError(moved=True) if not has_hash_tag(
                self.name
            ):
                return self._needs_hash_tag()
            case NotPrimaryError():
                said = f"{reason}. The queue's host has to lead to the primary"
            case InvalidResponse():
                said = "what answers there is no Redis"
            case AuthenticationError():
                said = f"Redis refuses the credentials: {reason}. Check user and password in the"
                said += " queue's URL"
            case ResponseError() if "unknown command" in text:
                return UnusableQueueError(f"queue {self.name}: {missing_command()} ({reason}).")
            case ResponseError() if "cluster mode" in text:
                said = f"{reason}: a cluster has database 0 only. Give redis://HOST:PORT/0"
                return UnusableQueueError(f"queue {self.name}: {said}.")
            case ResponseError() if _says_gone(error):
                said = "the stream, or its group, vanished from this database"
            case ResponseError():
                said = f"Redis refuses: {reason}"
            case TimeoutError():
                said = (
                    f"no answer from Redis: none within {ANSWER_WITHIN:g} s. Trying again may help"
                )
            case _:
                said = f"no answer from Redis: {reason}. Trying again may help"
        return QueueError(f"queue {self.name}: {said}.")


def _says_gone(error: Exception) -> bool:
    text = str(error)
    return isinstance(error, ResponseError) and ("NOGROUP" in text or "no such key" in text)


def message_of_entry(identity: bytes, fields: dict[bytes, bytes], receives: int) -> Message:
    """The message of an entry; ``receives`` counts its deliveries."""
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
