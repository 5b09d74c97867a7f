"""What the tests of Redis streams share: addresses, and receiving as a worker does."""

from collections.abc import Callable

from batcher.errors import QueueError
from batcher.queues.factory import OpenedQueue
from batcher.records import Message


def url(port: int, stream: str) -> str:
    return f"redis://127.0.0.1:{port}/0?stream={stream}"


def number_of(message: Message) -> int:
    return int(message.body.split(b'"')[3])


async def receive_all(opened: OpenedQueue, count: int, at_once: Callable[[], int]) -> list[Message]:
    """Messages as a worker gets them: errors are passed over, none is acknowledged."""
    received: list[Message] = []
    while len(received) < count:
        try:
            received += await opened.queue.receive(at_once())
        except QueueError:
            continue
    return received
