"""A task group opened here fails with one error: the first one, bare, however deep it was."""

import anyio
import pytest

from batcher.errors import JournalError
from batcher.task_groups import open_task_group
from batcher.testing import in_virtual_time


async def fail(after: float) -> None:
    await anyio.sleep(after)
    raise JournalError(f"after {after} s")


def test_the_error_of_a_task_comes_out_bare_and_ends_the_others() -> None:
    async def scenario() -> None:
        async with open_task_group() as tasks:
            tasks.start_soon(fail, 2.0)
            tasks.start_soon(fail, 1.0)
            await anyio.sleep_forever()

    with pytest.raises(JournalError, match=r"after 1\.0 s"):
        in_virtual_time(scenario())


def test_the_error_of_a_group_within_a_group_comes_out_bare() -> None:
    async def scenario() -> None:
        async with open_task_group(), anyio.create_task_group(), anyio.create_task_group() as tasks:
            tasks.start_soon(fail, 1.0)

    with pytest.raises(JournalError):
        in_virtual_time(scenario())


def test_the_error_of_the_body_comes_out_as_it_was_raised() -> None:
    error = JournalError("disk full")

    async def scenario() -> None:
        async with open_task_group() as tasks:
            tasks.start_soon(anyio.sleep_forever)
            raise error

    with pytest.raises(JournalError) as caught:
        in_virtual_time(scenario())
    assert caught.value is error


def test_a_group_that_is_cancelled_raises_nothing() -> None:
    async def scenario() -> float:
        async with open_task_group() as tasks:
            tasks.start_soon(fail, 5.0)
            await anyio.sleep(1)
            tasks.cancel_scope.cancel()
        return anyio.current_time()

    assert in_virtual_time(scenario()) == 1.0
