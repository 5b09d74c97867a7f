"""A task group that fails with the error that ended it, not with a group of errors.

Tasks of one group tend to fail of the same, so the first error says what is wrong.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import anyio
from anyio.abc import TaskGroup


@asynccontextmanager
async def open_task_group() -> AsyncIterator[TaskGroup]:
    """A task group; leaving it raises the first error of its body or of a task, bare."""
    try:
        async with anyio.create_task_group() as tasks:
            yield tasks
    except BaseExceptionGroup as group:
        raise first_cause(group) from None


def first_cause(error: BaseException) -> BaseException:
    """The first error of a group of errors; else the error."""
    return first_cause(error.exceptions[0]) if isinstance(error, BaseExceptionGroup) else error
