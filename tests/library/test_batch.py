"""No result is lost, whatever ends a batch: what the server says that it applied is the witness."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AsyncExitStack
from contextvars import Context
from functools import partial
from typing import Any, Self, TypeVarTuple

import pytest
from aiobotocore.config import AioConfig

from batcher.emulator import Emulator
from batcher.errors import CredentialsError
from batcher.library.batch import Batch
from batcher.library.batch_order import batch_order
from batcher.library.result_keepers import ResultList
from batcher.public_records import Progress, Result
from tests.conftest import change, sdk_session, trigger
from tests.waiting import until

pytestmark = pytest.mark.usefixtures("stand_in_credentials")

Ts = TypeVarTuple("Ts")
Updates = Callable[..., Any]

UPDATES = 8
FEW = 4  # two for each worker: one that is begun with the batch, and one that is the last


class Server:
    """An emulator, an open client of it, and batches sent with that client.

    ``results`` are those of the last batch.
    """

    def __init__(self, **options: Any) -> None:
        self.emulator = Emulator(**{"latency": (0.0, 0.0)} | options)
        self.emulator.seed([trigger(n) for n in range(UPDATES)])
        self._stack = AsyncExitStack()
        self._earlier = 0

    async def __aenter__(self) -> Self:
        url = await self._stack.enter_async_context(self.emulator)
        config = AioConfig(retries={"total_max_attempts": 1})
        opened = sdk_session().create_client("customer-profiles", endpoint_url=url, config=config)
        self._client = await self._stack.enter_async_context(opened)
        return self

    async def __aexit__(self, *exception: object) -> None:
        await self._stack.aclose()

    def batch(
        self,
        updates: Any,
        *,
        on_result: Callable[[Any], object] | None = None,
        on_progress: Callable[[Any], object] | None = None,
        **settings: Any,
    ) -> Batch:
        given: Any = {"rate": 1000, "concurrency": 2, "read_rate": 1000} | settings
        order = batch_order(updates, self._client, on_result, on_progress, given)
        self.kept, self._earlier = ResultList(), len(self.emulator.applied())
        return Batch(order, self.kept)

    @property
    def results(self) -> list[Result]:
        return self.kept.in_order()

    def check(self, text: str | None = None) -> None:
        """Every update that was applied has one result, which says so or is in doubt.

        ``text``: the Description of all of them, where earlier ones may be applied as late.
        """
        by_trigger = {result.trigger: result for result in self.results}
        assert len(by_trigger) == len(self.results), "an update has two results"
        applied = {
            each["EventTriggerName"]
            for each in self.emulator.applied()[self._earlier :]
            if text in (None, each["request"]["Description"])
        }
        assert applied <= by_trigger.keys(), "an update that was applied has no result"
        assert {by_trigger[name].status for name in applied} <= {"succeeded", "in_doubt"}
        done = {name for name, result in by_trigger.items() if result.status == "succeeded"}
        assert done <= applied


class Broken(Exception):
    """What the caller's own code raises."""


def raises_at(position: int) -> Iterator[dict[str, Any]]:
    for n in range(UPDATES):
        if n == position:
            raise Broken
        yield change(n)
    raise Broken


async def raises_later(position: int) -> AsyncIterator[dict[str, Any]]:
    for each in raises_at(position):
        await asyncio.sleep(0)
        yield each


async def raises_in_cleanup(position: int, **more: Any) -> AsyncIterator[dict[str, Any]]:
    try:
        for n in range(position):
            yield change(n, **more)
    finally:
        await asyncio.sleep(0)
        raise Broken


@pytest.mark.parametrize("updates", [raises_at, raises_later, raises_in_cleanup])
async def test_an_iterable_that_raises_ends_the_batch_when_what_is_in_flight_is_finished(
    updates: Callable[[int], Any],
) -> None:
    async with Server() as server:
        for position in range(UPDATES + 1):
            batch = server.batch(updates(position))
            with pytest.raises(Broken):
                await batch.run()
            server.check()
            assert batch.counts().in_doubt == 0
            assert batch.stopped == "the program's own code raised Broken"


@pytest.mark.parametrize("error", [Broken, SystemExit])
@pytest.mark.parametrize("callback", ["on_result", "on_progress"])
async def test_a_callback_that_raises_ends_the_batch_when_what_is_in_flight_is_finished(
    callback: str, error: type[BaseException]
) -> None:
    def fail(told: Any) -> None:
        raise error

    async with Server() as server:
        batch = server.batch([change(n) for n in range(UPDATES)], **{callback: fail})
        with pytest.raises(error):
            await batch.run()
        server.check()
        assert batch.counts().in_doubt == 0
        assert server.results


async def test_a_callback_that_raises_goes_on_being_told_of_results() -> None:
    told: list[Result] = []

    def fail_once(result: Result) -> None:
        told.append(result)
        if len(told) == 1:
            raise Broken

    async with Server(latency=(0.0, 0.01)) as server:
        batch = server.batch([change(n) for n in range(UPDATES)], on_result=fail_once)
        with pytest.raises(Broken):
            await batch.run()
        assert sorted(result.line for result in told) == [each.line for each in server.results]


def changes(number: int, **more: Any) -> Iterator[dict[str, Any]]:
    return (change(n, **more) for n in range(number))


class CountingLoop(asyncio.SelectorEventLoop):
    """Calls ``on_step`` whenever something is scheduled: about each await of each task."""

    on_step: Callable[[], None] | None = None

    def call_soon(
        self, callback: Callable[[*Ts], object], *args: *Ts, context: Context | None = None
    ) -> asyncio.Handle:
        handle = super().call_soon(callback, *args, context=context)
        if self.on_step is not None:
            self.on_step()
        return handle


async def cancelled_at(server: Server, make: Updates, step: int, times: int) -> bool:
    """Cancel a batch from that step on, so many times; returns whether it came to that."""
    text = f"of step {step}"  # what was cut off then may be applied in the next step
    loop = asyncio.get_running_loop()
    assert isinstance(loop, CountingLoop)
    work = asyncio.create_task(server.batch(make(Description=text)).run())
    steps = cancels = 0

    def cancel_in_time() -> None:
        nonlocal steps, cancels
        steps += 1
        if steps >= step and cancels < times and not work.done():
            cancels += 1
            work.cancel()

    loop.on_step = cancel_in_time
    await asyncio.wait([work])
    loop.on_step = None
    server.check(text)
    assert work.cancelled() or isinstance(work.exception(), Broken) or not cancels
    assert not [task for task in asyncio.all_tasks() if "batcher/engine" in repr(task)]
    return cancels > 0


@pytest.mark.parametrize("times", [1, 3])
@pytest.mark.parametrize(
    "make", [partial(changes, FEW), partial(raises_in_cleanup, FEW)], ids=["ends", "raises"]
)
def test_cancelled_at_any_step_and_again_it_has_a_result_for_all_that_was_applied(
    make: Updates, times: int
) -> None:
    async def scenario() -> int:
        step = 1
        async with Server() as server:
            while await cancelled_at(server, make, step, times):
                step += 1
        return step

    with asyncio.Runner(loop_factory=CountingLoop) as runner:
        assert runner.run(scenario()) > 5


async def test_when_credentials_end_in_mid_batch_what_was_sent_has_its_result() -> None:
    async with Server() as server:
        server.emulator.script("UpdateEventTrigger", [None] * 3 + ["expired-token"] * 20)
        with pytest.raises(CredentialsError):
            await server.batch([change(n) for n in range(UPDATES)], outage_limit=0).run()
        server.check()
        assert [result.status for result in server.results] == ["succeeded"] * 3


async def test_an_update_that_was_lost_before_credentials_ended_is_in_doubt() -> None:
    async with Server() as server:
        server.emulator.script("UpdateEventTrigger", ["reset-after"] + ["expired-token"] * 20)
        with pytest.raises(CredentialsError):
            await server.batch([change(0)], outage_limit=0).run()
        server.check()
        assert [result.status for result in server.results] == ["in_doubt"]


async def test_when_nobody_takes_any_more_an_idle_iterable_is_ended_and_may_clean_up() -> None:
    cleaned: list[str] = []

    async def idle() -> AsyncIterator[dict[str, Any]]:
        try:
            yield change(99)  # there is none
            await asyncio.Event().wait()
        finally:
            await asyncio.sleep(0)
            cleaned.append("after an await")

    async with Server() as server:
        batch = server.batch(idle(), max_failures="0")
        async with asyncio.timeout(30):
            await batch.run()
        assert cleaned == ["after an await"]
        assert (
            batch.stopped
            == "1 of 1 did not succeed, more than max_failures=0 (none turns that off)"
        )
        assert [result.status for result in server.results] == ["failed"]


async def test_progress_is_told_and_ends_with_the_whole() -> None:
    told: list[Progress] = []
    async with Server(latency=(0.0, 0.05)) as server:
        many = (change(n) for n in [*range(UPDATES), 99])
        await server.batch(many, on_progress=told.append, rate=30).run()
    assert len(told) > 1
    assert [each.done for each in told] == sorted(each.done for each in told)
    assert told[0].total in (None, UPDATES + 1)
    assert (told[-1].done, told[-1].total, told[-1].failed) == (UPDATES + 1, UPDATES + 1, 1)
    assert told[-1].rate > 0


async def test_no_more_is_read_for_a_target_without_a_name_where_all_have_one() -> None:
    read = 0

    def many() -> Iterator[dict[str, Any]]:
        nonlocal read
        for n in range(3000):
            read += 1
            yield {"target": "a", **change(n % UPDATES)}

    async with Server(faults={"hang": 1.0}) as server:
        batch = server.batch(many(), targets={"a": {"concurrency": 2, "rate": 1000}})
        work = asyncio.create_task(batch.run())
        await until(lambda: server.emulator.counts())
        work.cancel()
        await asyncio.wait([work])
    assert read < 500


@pytest.mark.parametrize("targets", [("a",), ("a", "b")])
async def test_what_is_refused_is_booked_on_the_target_that_it_names(
    targets: tuple[str, ...],
) -> None:
    """Else whoever counts failures by target blames, and stops, one that nobody named."""
    wrong = [{"target": "nonesuch", **change(0)}, {"target": "a", "EventTriggerName": "t"}, {}]
    async with Server() as server:
        tables = {name: {"region": "eu-west-1"} for name in targets}
        batch = server.batch([*wrong, {"target": "a", **change(1)}], targets=tables)
        await asyncio.wait_for(batch.run(), 30)
    assert [(each.target, each.status) for each in server.results] == [
        ("nonesuch", "invalid"),
        ("a", "invalid"),
        ("default", "invalid"),
        ("a", "succeeded"),
    ]
