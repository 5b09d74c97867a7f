"""A receive that can be cancelled and leaves no message held by nobody."""

from collections.abc import Awaitable, Callable, Sequence

import anyio

from batcher.records import Message
from batcher.task_groups import open_task_group


async def release_if_cancelled(
    receive: Callable[[], Awaitable[Sequence[Message]]],
    release: Callable[[Message], Awaitable[None]],
    *,
    within: float,
) -> list[Message]:
    """What ``receive`` brings; when it is cancelled it is finished, and its messages are released.

    An answer that nobody read would keep its messages from others until their leases expire.
    ``within``: seconds for releasing.
    """
    received: list[Message] = []

    async def finish() -> None:
        with anyio.CancelScope(shield=True):
            received.extend(await receive())

    try:
        async with open_task_group() as tasks:
            tasks.start_soon(finish)
    except anyio.get_cancelled_exc_class():
        with anyio.move_on_after(within, shield=True):
            for message in reversed(received):
                await release(message)
        raise
    return received
