"""The doubles of the ports, and virtual time."""

import time

import anyio
import pytest

from batcher import ports, testing
from batcher.errors import QueueError
from batcher.testing import LoopClock, MemoryQueue, in_virtual_time

DOUBLES = {
    ports.Clock: testing.LoopClock,
    ports.Source: testing.ListSource,
    ports.ResultStore: testing.MemoryJournal,
    ports.Uploader: testing.ListShip,
    ports.Caller: testing.ScriptedCaller,
    ports.Limiter: testing.OpenLimiter,
    ports.Queue: testing.MemoryQueue,
}


@pytest.mark.parametrize("port", DOUBLES, ids=lambda port: port.__name__)
def test_a_double_has_all_that_its_port_has(port: type) -> None:
    wanted = {name for name in vars(port) if not name.startswith("_") or name == "__aiter__"}
    double = DOUBLES[port]
    assigned = getattr(double.__init__, "__code__", None)
    assert wanted <= set(dir(double)) | set(assigned.co_names if assigned else ())


def test_an_hour_of_virtual_time_takes_no_time() -> None:
    async def scenario() -> float:
        await anyio.sleep(3600)
        return LoopClock().now()

    began = time.monotonic()
    assert in_virtual_time(scenario()) == pytest.approx(3600)
    assert time.monotonic() - began < 60


def test_everybody_waiting_for_nothing_is_an_error_and_no_hang() -> None:
    with pytest.raises(RuntimeError, match="everybody waits, and no timer is set"):
        in_virtual_time(anyio.Event().wait())


def test_a_leased_message_comes_back_when_its_lease_is_over() -> None:
    async def scenario() -> None:
        queue = MemoryQueue(lease=10.0)
        queue.put(b"a")
        (first,) = await queue.receive(5)
        assert await queue.receive(5) == []
        await anyio.sleep(10)
        (again,) = await queue.receive(5)
        assert (again.id, again.receives) == (first.id, 2)
        assert not await queue.extend(first)
        await queue.acknowledge(first)
        assert queue.done == []
        await queue.dead_letter(again, "Odd", "no")
        assert queue.dead == [("m1", "Odd")]
        queue.away = True
        with pytest.raises(QueueError):
            await queue.receive(1)

    in_virtual_time(scenario())
