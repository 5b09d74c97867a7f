"""What many want is made at once, and then now and then; none that was wanted is left out."""

import asyncio

from batcher.gathered_call import OF_ALL_TIME, GatheredCall

APART = 0.02


async def test_of_a_thousand_the_first_is_made_at_once_and_all_others_together() -> None:
    loop, made, wanted = asyncio.get_running_loop(), asyncio.Queue[tuple[int, float]](), [0]
    gathered = GatheredCall(lambda: made.put_nowait((wanted[0], loop.time())), APART)
    for wanted[0] in range(1, 1001):
        gathered.want()
    assert made.qsize() == 1
    async with asyncio.timeout(5):
        (first, began), (second, again) = await made.get(), await made.get()
    assert (first, second) == (1, 1000)
    assert again - began >= APART
    gathered.want()
    assert made.empty(), "nobody wanted one more, and this one waits, too"
    async with asyncio.timeout(5):
        _, last = await made.get()
    assert last - again >= APART


async def test_what_takes_long_is_made_seldom() -> None:
    loop, made = asyncio.get_running_loop(), asyncio.Queue[tuple[float, float]]()

    def take_a_while() -> None:
        began = loop.time()
        while loop.time() < began + 0.005:
            pass
        made.put_nowait((began, loop.time()))

    gathered = GatheredCall(take_a_while, apart=0.0)
    gathered.want()
    gathered.want()
    async with asyncio.timeout(5):
        (began, ended), (again, _) = await made.get(), await made.get()
    assert again - ended >= (ended - began) / OF_ALL_TIME * 0.99


def test_without_an_event_loop_it_is_made_at_once() -> None:
    made = list[int]()
    gathered = GatheredCall(lambda: made.append(1), APART)
    for _ in range(3):
        gathered.want()
    assert len(made) == 3
