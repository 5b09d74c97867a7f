"""An event that is set, waited for and cleared again and again, and loses no waiter by it."""

import anyio
import pytest

from batcher.resettable_event import ResettableEvent


async def test_all_that_waited_when_it_was_set_go_on_although_it_is_cleared_at_once() -> None:
    event, awake = ResettableEvent(), []

    async def wait(number: int) -> None:
        await event.wait()
        awake.append(number)

    with anyio.fail_after(5):
        async with anyio.create_task_group() as tasks:
            for number in range(3):
                tasks.start_soon(wait, number)
            await anyio.wait_all_tasks_blocked()
            event.set()
            event.clear()
    assert sorted(awake) == [0, 1, 2]
    assert not event.is_set()


async def test_each_setting_is_taken_once_and_a_wait_that_is_cancelled_takes_none() -> None:
    event = ResettableEvent()
    with anyio.CancelScope() as scope:
        scope.cancel()
        event.set()
        await event.wait_and_clear()
    assert event.is_set()
    with anyio.fail_after(5):
        await event.wait_and_clear()
    with pytest.raises(TimeoutError), anyio.fail_after(0):
        await event.wait_and_clear()
