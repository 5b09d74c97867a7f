"""Who goes next where several wait for connections."""

import asyncio

from batcher.http.origin import Origin
from batcher.http.waiting_line import PATIENCE, WaitingLine

HERE, THERE = Origin("https", "here", 443), Origin("https", "there", 443)


def _place(line: WaitingLine[int], origin: Origin, now: float) -> asyncio.Future[int]:
    place = asyncio.get_running_loop().create_future()
    line.join(origin, place, now)
    return place


async def test_first_come_first_whatever_the_host() -> None:
    line = WaitingLine[int]()
    places = [(each, _place(line, each, now)) for now, each in enumerate([HERE, THERE, HERE])]
    assert [line.call(now=9) for _ in range(4)] == [*places, None]
    assert len(line) == 0


async def test_a_connection_goes_to_the_first_for_its_host_unless_another_waits_too_long() -> None:
    line = WaitingLine[int]()
    other = _place(line, THERE, 0)
    own = [_place(line, HERE, 0.1), _place(line, HERE, 0.1)]
    assert line.call(PATIENCE - 0.01, HERE) == (HERE, own[0])
    assert line.call(PATIENCE, HERE) == (THERE, other)
    assert line.call(PATIENCE, THERE) == (HERE, own[1])


async def test_who_left_or_was_cancelled_is_not_called() -> None:
    line = WaitingLine[int]()
    gone, cancelled, last = (_place(line, HERE, now) for now in range(3))
    line.leave(HERE, gone)
    cancelled.cancel()
    assert line.call(9) == (HERE, last)
    line.leave(HERE, cancelled)  # it comes to that only now
    assert line.call(9) is None
