"""Questions side by side.

Answers come in order, only so many are open, and the first error ends it.
"""

from collections.abc import AsyncIterator

import anyio
import pytest

from batcher.engine.ordered_map import ordered_map
from batcher.testing import in_virtual_time


async def numbers(count: int, taken: list[int] | None = None) -> AsyncIterator[int]:
    for number in range(count):
        if taken is not None:
            taken.append(number)
        yield number


def test_answers_are_told_in_order_and_questions_wait_side_by_side() -> None:
    told: list[tuple[int, int]] = []

    async def square(number: int) -> int:
        await anyio.sleep(10 - number)
        return number * number

    async def work() -> float:
        await ordered_map(
            numbers(10), square, lambda number, answer: told.append((number, answer)), ahead=100
        )
        return anyio.current_time()

    assert in_virtual_time(work()) == 10
    assert told == [(number, number * number) for number in range(10)]


def test_no_more_questions_are_open_than_asked_for() -> None:
    taken: list[int] = []

    async def ask(number: int) -> None:
        await anyio.sleep(0 if number else 1000)

    async def work() -> int:
        with anyio.move_on_after(100):
            await ordered_map(numbers(1000, taken), ask, lambda number, answer: None, ahead=20)
        return len(taken)

    assert 20 <= in_virtual_time(work()) <= 23


@pytest.mark.parametrize("where", ["questions", "ask", "tell"])
def test_the_first_error_ends_it(where: str) -> None:
    async def questions() -> AsyncIterator[int]:
        yield 1
        if where == "questions":
            raise LookupError(where)
        yield 2

    async def ask(number: int) -> int:
        if where == "ask" and number == 2:
            raise LookupError(where)
        await anyio.sleep(number)
        return number

    def tell(number: int, answer: int) -> None:
        if where == "tell":
            raise LookupError(where)

    with pytest.raises(LookupError, match=where):
        in_virtual_time(ordered_map(questions(), ask, tell, ahead=5))
