"""Messages that a worker holds.

Kept as long as it takes, given back or ended once, whatever the queue does meanwhile.
"""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import anyio
from msgspec.structs import replace

from batcher.logs import logger
from batcher.records import Error, Message, Result
from batcher.testing import LoopClock, MemoryQueue, in_virtual_time
from batcher.worker.leases import Lease, LeaseTable


def table_of(
    queue: MemoryQueue, *, dead_letters: bool = True, on_removed: Callable[[], None] = lambda: None
) -> LeaseTable:
    return LeaseTable(
        queue, dead_letters=dead_letters, clock=LoopClock(), log=logger(), on_removed=on_removed
    )


@asynccontextmanager
async def heartbeat(leases: LeaseTable) -> AsyncIterator[None]:
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(leases.run_heartbeat)
        yield
        tasks.cancel_scope.cancel()


async def receive(queue: MemoryQueue, leases: LeaseTable, count: int) -> list[Lease]:
    messages = await queue.receive(count)
    return [leases.add(message, line, "default") for line, message in enumerate(messages, 1)]


def result(lease: Lease, error: Error | None = None) -> Result:
    return Result(
        id="u",
        line=lease.line,
        target="default",
        domain="acme",
        trigger="t",
        status="failed" if error else "succeeded",
        error=error,
        started_at="",
        finished_at="",
    )


def test_messages_are_given_back_the_newest_first() -> None:
    """A queue that keeps an order hands out none of them before the oldest is back."""
    released = list[str]()

    class Noting(MemoryQueue):
        async def release(self, message: Message) -> None:
            released.append(message.id)
            await super().release(message)

    async def work() -> None:
        queue = Noting(lease=60)
        queue.put(*map(str.encode, "1234"))
        leases = table_of(queue)
        one, *others = await receive(queue, leases, 4)
        await leases.release([*others, one])
        assert released == ["m4", "m3", "m2", "m1"]

    in_virtual_time(work())


def test_a_message_is_kept_for_hours_of_waiting_and_ends_once() -> None:
    async def work() -> None:
        queue = MemoryQueue(lease=60)
        queue.put(b"1", b"2")
        leases = table_of(queue)
        one, two = await receive(queue, leases, 2)
        async with heartbeat(leases):
            await anyio.sleep(2 * 3600)
            assert len(queue.held) == 2
            await leases.settle(one, result(one))
            await leases.settle(
                two, result(two, Error(code="ResourceNotFoundException", message="gone"))
            )
        assert (queue.done, queue.dead, len(leases)) == (
            ["m1"],
            [("m2", "ResourceNotFoundException")],
            0,
        )
        assert queue.extended <= 2 * 2 * 3600 / 60 * 3, "not more often than a third of a lease"

    in_virtual_time(work())


def test_a_queue_that_is_away_is_told_when_it_is_back() -> None:
    async def work() -> None:
        queue = MemoryQueue(lease=60)
        queue.put(b"1", b"2")
        leases = table_of(queue)
        one, _ = await receive(queue, leases, 2)
        async with heartbeat(leases):
            queue.away = True
            await leases.settle(one, result(one))
            await anyio.sleep(25)
            assert (queue.done, len(leases)) == ([], 2)
            queue.away = False
            await anyio.sleep(20)
            assert queue.done == ["m1"]
            assert "m2" in queue.held

    in_virtual_time(work())


def test_what_was_lost_while_the_queue_was_away_is_not_begun() -> None:
    async def work() -> None:
        queue = MemoryQueue(lease=60)
        queue.put(b"1", b"2")
        leases = table_of(queue)
        one, two = await receive(queue, leases, 2)
        assert leases.start(one.line)
        async with heartbeat(leases):
            queue.away = True
            await anyio.sleep(100)
            queue.away = False
            assert not leases.start(two.line)
            # it was under way when it was lost
            await leases.settle(one, result(one, Error(code="Late", message="")))
        assert (queue.done, queue.dead, len(leases)) == ([], [], 0), (
            "others have both of them by now"
        )

    in_virtual_time(work())


def test_a_message_that_comes_again_while_it_is_held_is_held_once_with_its_new_handle() -> None:
    async def work() -> None:
        queue = MemoryQueue(lease=60)
        queue.put(b"1")
        leases = table_of(queue)
        (one,) = await receive(queue, leases, 1)
        assert leases.start(one.line)
        await anyio.sleep(61)  # nobody kept it
        (again,) = await queue.receive(1)
        assert again.handle != one.message.handle
        assert leases.accept_redelivery(again, anyio.current_time())
        await leases.settle(one, result(one))
        assert queue.done == ["m1"]
        assert not leases.accept_redelivery(Message(id="other", body=b"", handle="h"), 0.0)

    in_virtual_time(work())


def test_given_back_is_what_has_no_result_and_in_its_old_order() -> None:
    async def work() -> None:
        queue = MemoryQueue(lease=60)
        queue.put(b"1", b"2", b"3")
        changes: list[int] = []
        leases = table_of(queue, on_removed=lambda: changes.append(1))
        one, *_ = await receive(queue, leases, 3)
        queue.away = True
        await leases.settle(one, result(one))  # on disk, but the queue could not be told
        queue.away = False
        await leases.release(leases.of("default"))
        assert [message.body for message in await queue.receive(3)] == [b"2", b"3"]
        assert (leases.count("default"), len(changes)) == (1, 2)

    in_virtual_time(work())


def test_without_a_place_for_dead_letters_what_failed_leaves_the_queue() -> None:
    async def work() -> None:
        queue = MemoryQueue()
        queue.put(b"1")
        leases = table_of(queue, dead_letters=False)
        (one,) = await receive(queue, leases, 1)
        await leases.settle(one, result(one, Error(code="Invalid", message="")))
        assert (queue.done, queue.dead) == (["m1"], [])

    in_virtual_time(work())


def test_what_was_applied_and_differs_leaves_the_queue_and_is_no_dead_letter() -> None:
    async def work() -> None:
        queue = MemoryQueue()
        queue.put(b"1")
        leases = table_of(queue)
        (lease,) = await receive(queue, leases, 1)
        differing = result(lease, Error(code="NotAsAsked", message="differs"))
        await leases.settle(lease, replace(differing, status="differs"))
        assert (queue.done, queue.dead) == (["m1"], [])

    in_virtual_time(work())


def test_what_has_expired_is_not_started_or_sent_also_while_the_queue_does_not_say_so() -> None:
    class Hanging(MemoryQueue):
        async def extend(self, message: Message) -> bool:
            await anyio.sleep_forever()
            return True

    async def work() -> None:
        queue = Hanging(lease=60)
        queue.put(b"1", b"2")
        leases = table_of(queue)
        one, two = await receive(queue, leases, 2)
        async with heartbeat(leases):
            await anyio.sleep(59)
            assert leases.start(one.line)
            await anyio.sleep(2)
            assert not leases.start(two.line)
            assert not leases.holds(one.line), "it has waited for a token meanwhile"
            assert len(leases) == 0
            assert [message.id for message in await queue.receive(2)] == ["m1", "m2"], (
                "somebody else has them by now"
            )

    in_virtual_time(work())


def test_a_lease_counts_from_when_its_message_was_asked_for() -> None:
    async def work() -> None:
        queue = MemoryQueue(lease=60)
        queue.put(b"1", b"2")
        leases, asked_at = table_of(queue), anyio.current_time()
        one, two = await queue.receive(2)
        await anyio.sleep(59)
        leases.add(one, 1, "default", requested_at=asked_at)
        assert leases.holds(1)
        await anyio.sleep(1)
        assert not leases.holds(1)
        leases.add(two, 2, "default", requested_at=asked_at)
        assert leases.accept_redelivery(two, anyio.current_time())
        assert leases.holds(2)

    in_virtual_time(work())


class QueueOfReasons(MemoryQueue):
    """Keeps of dead letters the reasons."""

    def __init__(self, *, lease: float) -> None:
        super().__init__(lease=lease)
        self.reasons: list[str] = []

    async def dead_letter(self, message: Message, code: str, reason: str) -> None:
        self.reasons.append(reason)


def test_the_reason_of_a_dead_letter_is_bounded() -> None:
    async def work() -> None:
        queue = QueueOfReasons(lease=60)
        queue.put(b"1")
        leases = table_of(queue)
        (lease,) = await receive(queue, leases, 1)
        await leases.settle(lease, result(lease, Error(code="E", message="x" * 10**6)))
        assert len(queue.reasons[0]) < 2100

    in_virtual_time(work())


def test_the_reason_of_a_dead_letter_says_where_its_update_may_have_been_applied() -> None:
    async def work() -> None:
        queue = QueueOfReasons(lease=60)
        queue.put(b"1", b"2")
        leases = table_of(queue)
        fault = Error(code="InternalServerException", message="m", http_status=500)
        for lease, maybe in zip(await receive(queue, leases, 2), (True, False), strict=True):
            await leases.settle(lease, replace(result(lease, fault), maybe_applied=maybe))
        assert queue.reasons == ["m (it may have been applied all the same)", "m"]

    in_virtual_time(work())
