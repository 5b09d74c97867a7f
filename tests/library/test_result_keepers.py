"""Results kept at once, all of them or until they are read."""

import dataclasses

import anyio
import pytest

from batcher.library.result_keepers import ResultList, ResultStream
from batcher.public_records import Result
from batcher.records import Result as Record
from batcher.testing import in_virtual_time

FIRST = Result.of(Record.invalid(1, "eu", "no", "2026-01-01T00:00:00.000Z"))
SECOND = dataclasses.replace(FIRST, line=2)


@pytest.mark.parametrize("kind", [ResultList, ResultStream])
def test_keeping_one_never_waits(kind: type[ResultList | ResultStream]) -> None:
    keeper = kind()
    for each in (SECOND, FIRST):
        keeper.put(each)
    kept = keeper.in_order() if isinstance(keeper, ResultList) else keeper.rest()
    assert kept == ([FIRST, SECOND] if isinstance(keeper, ResultList) else [SECOND, FIRST])


def test_a_list_has_room_for_any_number() -> None:
    keeper = ResultList()
    keeper.put(FIRST)
    in_virtual_time(keeper.room())


def test_a_stream_has_room_when_all_of_it_is_read_and_ends_when_it_is_said_to() -> None:
    async def scenario() -> list[str]:
        stream, log = ResultStream(), list[str]()

        async def write() -> None:
            for each in (FIRST, SECOND):
                stream.put(each)
                log.append(f"put {each.line}")
                await stream.room()
            stream.end()

        async with anyio.create_task_group() as tasks:
            tasks.start_soon(write)
            while (result := await stream.take()) is not None:
                log.append(f"took {result.line}")
                await anyio.sleep(1)
        assert await stream.take() is None
        return log

    assert in_virtual_time(scenario()) == ["put 1", "took 1", "put 2", "took 2"]


def test_what_is_held_outlives_a_reader_that_was_cancelled() -> None:
    async def scenario() -> None:
        stream = ResultStream()
        with anyio.move_on_after(1) as scope:
            await stream.take()
        assert scope.cancelled_caught
        stream.put(FIRST)
        assert await stream.take() == FIRST
        assert stream.rest() == []

    in_virtual_time(scenario())
