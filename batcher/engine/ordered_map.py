"""Questions asked side by side, and their answers told in the order of the questions.

What is asked is the caller's.
"""

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Generic, TypeVar

import anyio
from anyio.abc import TaskGroup
from anyio.streams.memory import MemoryObjectSendStream

from batcher.task_groups import open_task_group

Q = TypeVar("Q")
A = TypeVar("A")


async def ordered_map(
    questions: AsyncIterator[Q],
    ask: Callable[[Q], Awaitable[A]],
    tell: Callable[[Q, A], None],
    *,
    ahead: int,
) -> None:
    """Ask every question, at most about ``ahead`` of them before the one that is told next.

    The first error of ``questions``, ``ask`` or ``tell`` ends it, and is raised.
    """
    send, receive = anyio.create_memory_object_stream[_Asked[Q, A]](ahead)
    async with open_task_group() as tasks, receive:
        tasks.start_soon(_ask_all, questions, ask, send, tasks)
        async for asked in receive:
            await asked.answered.wait()
            tell(asked.question, asked.answer)


class _Asked(Generic[Q, A]):
    """A question under way."""

    __slots__ = ("answer", "answered", "question")

    def __init__(self, question: Q) -> None:
        self.question = question
        self.answer: A
        self.answered = anyio.Event()

    async def ask(self, ask: Callable[[Q], Awaitable[A]]) -> None:
        self.answer = await ask(self.question)
        self.answered.set()


async def _ask_all(
    questions: AsyncIterator[Q],
    ask: Callable[[Q], Awaitable[A]],
    send: MemoryObjectSendStream[_Asked[Q, A]],
    tasks: TaskGroup,
) -> None:
    async with send:
        async for question in questions:
            asked: _Asked[Q, A] = _Asked(question)
            tasks.start_soon(asked.ask, ask)
            await send.send(asked)
