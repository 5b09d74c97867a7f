"""Requests leave in batches, in order, each with its own answer; none waits for a full one."""

from collections.abc import Sequence

import anyio
import anyio.lowlevel
import pytest
from hypothesis import given
from hypothesis import strategies as st

from batcher.queues.batching import RequestBatcher
from batcher.testing import in_virtual_time


class Recorder:
    """Takes a second for a batch; even numbers are fine, odd ones are not, 13 fails its batch."""

    def __init__(self) -> None:
        self.batches: list[list[int]] = []
        self.under_way = self.most_under_way = 0

    async def __call__(self, entries: Sequence[int]) -> list[str | None]:
        self.batches.append(list(entries))
        self.under_way += 1
        self.most_under_way = max(self.most_under_way, self.under_way)
        await anyio.sleep(1)
        self.under_way -= 1
        if 13 in entries:
            raise RuntimeError("thirteen")
        return [f"{entry} is odd" if entry % 2 else None for entry in entries]


@given(
    st.lists(st.tuples(st.integers(0, 12), st.floats(0, 3)), max_size=40),
    st.integers(1, 10),
    st.integers(1, 3),
)
def test_every_entry_goes_once_in_order_and_gets_its_own_answer(
    entries: list[tuple[int, float]], size: int, at_once: int
) -> None:
    async def work() -> None:
        recorder = Recorder()
        send = RequestBatcher(recorder, size, at_once=at_once)
        sent: list[int] = []

        async def ask(entry: int, at: float) -> None:
            await anyio.sleep(at)
            sent.append(entry)
            assert await send(entry) == (f"{entry} is odd" if entry % 2 else None)

        async with anyio.create_task_group() as tasks:
            for entry, at in entries:
                tasks.start_soon(ask, entry, at)
        assert [entry for batch in recorder.batches for entry in batch] == sent
        assert all(len(batch) <= size for batch in recorder.batches)
        assert recorder.most_under_way <= at_once

    in_virtual_time(work())


def test_the_first_leaves_at_once_and_what_comes_meanwhile_goes_with_the_next() -> None:
    async def work() -> None:
        recorder = Recorder()
        send = RequestBatcher(recorder, 10)
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(send, 0)
            await anyio.sleep(0.5)
            for entry in (2, 4, 6):
                tasks.start_soon(send, entry)
        assert recorder.batches == [[0], [2, 4, 6]]
        assert anyio.current_time() == pytest.approx(2)

    in_virtual_time(work())


def test_full_batches_go_side_by_side_and_one_that_is_not_waits() -> None:
    async def work() -> None:
        recorder = Recorder()
        send = RequestBatcher(recorder, 10, at_once=3)
        async with anyio.create_task_group() as tasks:
            for entry in range(100, 145):
                tasks.start_soon(send, entry)
            await anyio.sleep(0.5)
            assert list(map(len, recorder.batches)) == [10, 10, 10]
            await anyio.sleep(1)
            assert list(map(len, recorder.batches)) == [10, 10, 10, 10]
        assert list(map(len, recorder.batches)) == [10, 10, 10, 10, 5]
        assert anyio.current_time() == pytest.approx(3)

    in_virtual_time(work())


def test_what_comes_while_the_first_lingers_goes_with_it() -> None:
    async def work() -> None:
        recorder = Recorder()
        send = RequestBatcher(recorder, 3, linger=0.5)
        async with anyio.create_task_group() as tasks:
            for entry in (0, 2, 4, 6):
                tasks.start_soon(send, entry)
                await anyio.sleep(0.2)
            tasks.start_soon(send, 8)
        assert recorder.batches == [[0, 2, 4], [6, 8]]
        assert anyio.current_time() == pytest.approx(0.5 + 1 + 0.5 + 1)
        async with anyio.create_task_group() as tasks:
            for entry in range(3):
                tasks.start_soon(send, entry)
        assert anyio.current_time() == pytest.approx(4)  # a full one does not linger

    in_virtual_time(work())


def test_a_request_that_fails_is_the_error_of_each_of_its_entries_and_of_no_other() -> None:
    async def work() -> None:
        send, answers = RequestBatcher(Recorder(), 2), dict[int, object]()

        async def ask(entry: int) -> None:
            try:
                answers[entry] = await send(entry)
            except RuntimeError as error:
                answers[entry] = str(error)

        async with anyio.create_task_group() as tasks:
            for entry in (2, 13, 4, 6):
                tasks.start_soon(ask, entry)
        assert answers == {2: "thirteen", 13: "thirteen", 4: None, 6: None}

    in_virtual_time(work())


def test_one_that_is_cancelled_takes_the_batch_from_nobody_else() -> None:
    async def work() -> None:
        recorder, answers = Recorder(), []
        send = RequestBatcher(recorder, 10)

        async def ask(entry: int) -> None:
            answers.append(await send(entry))

        async with anyio.create_task_group() as tasks:
            with anyio.move_on_after(0.5):
                async with anyio.create_task_group() as impatient:
                    impatient.start_soon(send, 1)
                    await anyio.sleep(0.1)
                    tasks.start_soon(ask, 3)
                    tasks.start_soon(ask, 4)
        assert answers == ["3 is odd", None]
        assert recorder.batches == [[1], [3, 4]]

    in_virtual_time(work())


def test_one_that_is_cancelled_before_it_sends_leaves_that_to_the_next() -> None:
    async def work() -> None:
        recorder = Recorder()
        send = RequestBatcher(recorder, 10)
        async with anyio.create_task_group() as tasks, anyio.create_task_group() as impatient:
            impatient.start_soon(send, 0)
            tasks.start_soon(send, 2)
            await anyio.lowlevel.checkpoint()
            impatient.cancel_scope.cancel()
        assert recorder.batches == [[2]]

    in_virtual_time(work())
