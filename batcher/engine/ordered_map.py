"""A function called with many items side by side, its results delivered in the items' order."""

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Generic, TypeVar

import anyio
from anyio.abc import TaskGroup
from anyio.streams.memory import MemoryObjectSendStream

from batcher.task_groups import open_task_group

T = TypeVar("T")
R = TypeVar("R")


async def ordered_map(
    items: AsyncIterator[T],
    function: Callable[[T], Awaitable[R]],
    deliver: Callable[[T, R], None],
    *,
    ahead: int,
) -> None:
    """Call ``function`` with every item, and ``deliver`` each with its result, in order.

    At most about ``ahead`` items are taken before the one that is delivered next. The first error
    of any of the three ends it, and is raised.
    """
    send, receive = anyio.create_memory_object_stream[_Call[T, R]](ahead)
    async with open_task_group() as tasks, receive:
        tasks.start_soon(_call_all, items, function, send, tasks)
        async for call in receive:
            await call.done.wait()
            deliver(call.item, call.result)


class _Call(Generic[T, R]):
    """A call that is done or under way."""

    __slots__ = ("done", "item", "result")

    def __init__(self, item: T) -> None:
        self.item = item
        self.result: R
        self.done = anyio.Event()

    async def run(self, function: Callable[[T], Awaitable[R]]) -> None:
        self.result = await function(self.item)
        self.done.set()


async def _call_all(
    items: AsyncIterator[T],
    function: Callable[[T], Awaitable[R]],
    send: MemoryObjectSendStream[_Call[T, R]],
    tasks: TaskGroup,
) -> None:
    async with send:
        async for item in items:
            call: _Call[T, R] = _Call(item)
            tasks.start_soon(call.run, function)
            await send.send(call)
