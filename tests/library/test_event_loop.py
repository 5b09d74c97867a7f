"""The event loop that a caller is in, and the end of a task whatever happens meanwhile."""

import asyncio

import pytest

from batcher.library.event_loop import check_same_loop, end_task, running_loop


def test_without_a_loop_of_asyncio_it_is_refused_in_a_sentence() -> None:
    with pytest.raises(RuntimeError, match=r"batcher runs on asyncio.*trio can't be used"):
        running_loop()


def test_what_runs_in_a_loop_and_in_none_of_its_tasks_is_refused_too() -> None:
    """As a task of trio in its guest mode does."""
    loop, refused = asyncio.new_event_loop(), list[str]()

    def guest() -> None:
        try:
            running_loop()
        except RuntimeError as error:
            refused.append(str(error))
        loop.stop()

    loop.call_soon(guest)
    loop.run_forever()
    loop.close()
    assert len(refused) == 1


async def test_another_loop_than_the_first_is_told() -> None:
    check_same_loop(asyncio.get_running_loop())
    other = asyncio.new_event_loop()
    other.close()
    with pytest.raises(RuntimeError, match="begun in another event loop"):
        check_same_loop(other)


class Stubborn:
    """A task that takes a number of cancellations to end."""

    def __init__(self, takes: int) -> None:
        self.cancelled = 0
        self._takes = takes

    async def run(self) -> None:
        while self.cancelled < self._takes:
            try:
                await asyncio.Event().wait()
            except asyncio.CancelledError:
                self.cancelled += 1
        raise ZeroDivisionError


async def test_a_task_is_ended_whatever_it_raises() -> None:
    stubborn = Stubborn(1)
    task = asyncio.create_task(stubborn.run())
    await asyncio.sleep(0)
    await end_task(task)
    assert isinstance(task.exception(), ZeroDivisionError)


@pytest.mark.parametrize("more", [1, 2])
async def test_a_cancellation_of_the_waiting_is_passed_on_and_not_swallowed(more: int) -> None:
    stubborn = Stubborn(1 + more)
    task = asyncio.create_task(stubborn.run())
    await asyncio.sleep(0)
    ending = asyncio.create_task(end_task(task))
    for _ in range(more):
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        assert not ending.done()
        ending.cancel()
    with pytest.raises(asyncio.CancelledError):
        await ending
    assert task.done()
    assert stubborn.cancelled == 1 + more


async def test_a_task_of_another_loop_is_left_to_it() -> None:
    other = asyncio.new_event_loop()
    work = Stubborn(0).run()
    task = other.create_task(work)
    await end_task(task)
    assert not task.done()
    with pytest.raises(ZeroDivisionError):
        await asyncio.to_thread(other.run_until_complete, task)
    other.close()
