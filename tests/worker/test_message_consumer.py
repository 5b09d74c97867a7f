"""A worker on a queue of messages, in this process.

Real HTTP to the emulator, a real results directory, a queue in memory.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any, cast

import msgspec
import pytest

from batcher.accounting.denials import DENIED_IN_A_ROW
from batcher.clock import SystemClock
from batcher.config import resolve
from batcher.emulator import Emulator
from batcher.engine.breaker_gate import Away
from batcher.engine.pace_control import PaceControl
from batcher.errors import JournalError, QueueError
from batcher.logs import logger
from batcher.queues.factory import OpenedQueue
from batcher.records import Delivered, Message, Result
from batcher.storage.results_directory import RecordPlace, ResultsDirectory
from batcher.testing import MemoryQueue
from batcher.worker.health import Health
from batcher.worker.message_consumer import MessageConsumer
from tests.conftest import change, records, trigger
from tests.local_sts import LocalSts, role_profile
from tests.servers import free_port
from tests.waiting import until

pytestmark = pytest.mark.usefixtures("stand_in_credentials")

encode = msgspec.json.encode


@pytest.fixture(autouse=True)
def no_memory(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))


class Serving:
    """A session under way: its life, what it was told, and the results on disk."""

    def __init__(self, folder: Path, health: Health | None = None) -> None:
        self.folder = folder
        self.health = health or Health(logger(), grace=5.0)
        self.control = PaceControl(SystemClock())
        self.results: list[Result] = []
        self.away: list[Away] = []
        self.session: MessageConsumer
        self.ended: asyncio.Task[None]

    def on_disk(self) -> list[dict[str, Any]]:
        return [record for path in sorted(self.folder.glob("2*")) for record in records(path)]


@asynccontextmanager
async def serving(
    queue: MemoryQueue | OpenedQueue,
    folder: Path,
    *,
    once: bool = False,
    ends_with: tuple[type[Exception], ...] = (),
    results: type[ResultsDirectory] = ResultsDirectory,
    health: Health | None = None,
    **settings: Any,
) -> AsyncIterator[Serving]:
    serving = Serving(folder, health)
    if isinstance(queue, MemoryQueue):
        queue = OpenedQueue(queue, None, None, True, "")  # type: ignore[arg-type] # nobody produces here
    async with results(folder, rotate_bytes=10**6, rotate_seconds=60) as directory:
        serving.session = MessageConsumer(
            name="memory",
            opened=queue,
            settings=resolve({"read_rate": 1000, **settings}),
            results=directory,
            health=serving.health,
            clock=SystemClock(),
            log=logger(),
            on_result=serving.results.append,
            on_attempt=lambda *attempt: None,
            once=once,
            control=serving.control,
            on_away=serving.away.append,
        )
        serving.ended = asyncio.create_task(serving.session.run())
        try:
            yield serving
        finally:
            serving.health.stop.set()
            async with asyncio.timeout(20):
                with suppress(*ends_with):
                    await serving.ended


async def test_a_result_is_on_disk_before_its_message_leaves_and_failures_go_to_the_dead_letters(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    def on_done(name: str) -> None:
        assert name in {record["message_id"] for record in served.on_disk()}

    queue = MemoryQueue(on_done=on_done)
    queue.put(
        *(encode(change(n)) for n in range(20)),
        encode({"id": "own", **change(99)}),
        b"{",
        encode({"DomainName": "a", "target": "elsewhere"}),
    )
    emulator = Emulator(latency=(0.0, 0.01))
    emulator.seed([trigger(n) for n in range(20)])
    async with (
        emulator as url,
        serving(queue, tmp_path / "results", once=True, endpoint_url=url, rate=1000) as served,
    ):
        await served.ended
    said = [
        cast(dict[str, Any], record.msg)
        for record in caplog.records
        if record.levelname == "WARNING"
    ]
    warned = {(each["id"], each["code"]) for each in said if each["event"] == "update.settled"}
    assert warned == {("own", "ResourceNotFoundException"), ("m22", "Invalid"), ("m23", "Invalid")}
    assert sorted(queue.done) == sorted(f"m{n}" for n in range(1, 21))
    assert sorted(queue.dead) == [
        ("m21", "ResourceNotFoundException"),
        ("m22", "Invalid"),
        ("m23", "Invalid"),
    ]
    written = served.on_disk()
    assert {record["id"] for record in written} == {f"m{n}" for n in range(1, 24)} - {"m21"} | {
        "own"
    }
    assert (
        sorted(record["status"] for record in written)
        == ["failed", "invalid", "invalid"] + ["succeeded"] * 20
    )
    invalid = [record["target"] for record in written if record["status"] == "invalid"]
    assert sorted(invalid) == ["default", "elsewhere"]  # the one that a message names, if any
    assert all(record["queue"] == "memory" for record in written)
    assert len(served.results) == len(written) == 23
    assert {each.target for each in served.results} == {"default"}  # no label of metrics for others


async def test_of_the_messages_in_hand_the_urgent_are_sent_first_and_a_trigger_keeps_its_order(
    tmp_path: Path,
) -> None:
    queue, emulator = MemoryQueue(), Emulator()
    emulator.seed([trigger(n) for n in range(20)])
    urgent = [change(18, id="early"), change(18, id="late", priority=9), change(19, priority=5)]
    queue.put(*(encode(change(n)) for n in range(17)), *map(encode, urgent))
    async with (
        emulator as url,
        serving(queue, tmp_path, once=True, endpoint_url=url, rate=40, ahead=60) as served,
    ):
        await served.ended
    ids = [result.id for result in served.results]
    assert len(ids) == 20
    assert ids.index("m20") <= 9  # the first ten were received before it
    assert ids.index("early") < ids.index("late")


async def test_no_more_is_borrowed_than_can_be_sent_soon_and_the_rest_is_given_back_at_once(
    tmp_path: Path,
) -> None:
    most = 0

    def watch(name: str) -> None:
        nonlocal most
        most = max(most, len(queue.held))

    queue = MemoryQueue(on_done=watch)
    queue.put(*(encode(change(n)) for n in range(60)))
    emulator = Emulator(latency=(0.05, 0.05))
    emulator.seed([trigger(n) for n in range(60)])
    async with (
        emulator as url,
        serving(queue, tmp_path, endpoint_url=url, rate=20, burst=1, ahead=0.5) as served,
    ):
        await until(lambda: len(queue.done) >= 15)
        served.health.stop.set()
        await served.ended
    assert 2 <= most <= 10, "twenty a second for half a second"
    assert queue.held == {}
    assert len(queue) + len(queue.done) == 60
    assert len(queue.done) == len(emulator.applied()) == len(served.on_disk()), (
        "what was in flight was finished"
    )


async def test_aws_may_be_away_and_the_credentials_wrong_and_no_update_is_failed_for_it(
    tmp_path: Path,
) -> None:
    queue, port = MemoryQueue(), free_port()
    queue.put(*(encode(change(n)) for n in range(12)))
    settings = {"endpoint_url": f"http://127.0.0.1:{port}", "rate": 1000, "connect_timeout": 1}
    async with serving(queue, tmp_path, **settings) as served:
        await until(lambda: "no connection" in str(served.health.not_ready))
        async with Emulator(port=port, keys={"AKIDEXAMPLE": "another"}):
            await until(lambda: "does not accept the credentials" in str(served.health.not_ready))
            assert (queue.done, queue.dead) == ([], [])
        emulator = Emulator(port=port)
        emulator.seed([trigger(n) for n in range(12)])
        async with emulator:
            await until(lambda: len(queue.done) == 12)
            assert served.health.not_ready is None
    assert [result.status for result in served.results] == ["succeeded"] * 12


@pytest.mark.parametrize(
    ("code", "status", "words"),
    [
        ("AccessDenied", 403, "AssumeRole: AccessDenied"),
        ("ExpiredToken", 400, "AssumeRole: ExpiredToken"),
        ("Throttling", 400, "AssumeRole: Throttling"),
    ],
)
async def test_credentials_that_are_refused_while_they_are_renewed_bury_nothing(
    code: str, status: int, words: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    queue = MemoryQueue()
    queue.put(*(encode(change(n)) for n in range(2)))
    emulator = Emulator()
    emulator.seed([trigger(n) for n in range(8)])
    async with LocalSts() as sts, emulator as url:
        role_profile(tmp_path, monkeypatch, sts)
        settings = {"profile": "prod", "region": "eu-west-1", "max_attempts": 2}
        results = tmp_path / "results"
        async with serving(queue, results, endpoint_url=url, rate=50, **settings) as served:
            await until(lambda: len(queue.done) == 2)
            sts.refusal = (code, status)
            queue.put(*(encode(change(n)) for n in range(2, 8)))
            await until(lambda: words in str(served.health.not_ready))
            assert queue.dead == []
            sts.refusal = None
            await until(lambda: len(queue.done) == 8)
            assert served.health.not_ready is None
    assert {result.status for result in served.results} == {"succeeded"}
    assert {result.throttles for result in served.results} == {0}


async def test_refused_messages_at_the_head_hold_nobody_up_and_are_tried_again_once_one_was_allowed(
    tmp_path: Path,
) -> None:
    queue = MemoryQueue()
    queue.put(*(encode(change(n)) for n in range(30)))
    emulator = Emulator()
    emulator.seed([trigger(n) for n in range(30)])
    # the first five, and of these, tried again, those that no policy allows
    emulator.script("UpdateEventTrigger", ["access-denied"] * 5 + [None] + ["access-denied"] * 2)
    async with (
        emulator as url,
        serving(queue, tmp_path, endpoint_url=url, rate=1000, concurrency=1) as served,
    ):
        await until(lambda: len(queue.done) + len(queue.dead) == 30)
        assert served.health.not_ready is None
    assert {code for _, code in queue.dead} == {"AccessDeniedException"}
    assert 1 <= len(queue.dead) <= 2  # one that is tried once more is not refused any longer


async def test_what_has_a_result_here_is_not_sent_again(tmp_path: Path) -> None:
    queue = MemoryQueue(lease=60)
    queue.put(encode(change(1)), encode(change(3)), encode(change(2)))
    for message in reversed(await queue.receive(2)):
        await queue.release(message)  # somebody had them, and died
    emulator = Emulator()
    emulator.seed([trigger(n) for n in (1, 2, 3)])
    failed = Result.invalid(1, "default", "gone", "")
    done = msgspec.structs.replace(failed, status="succeeded", error=None)
    async with ResultsDirectory(tmp_path, rotate_bytes=10**6, rotate_seconds=60) as directory:
        await directory.append(Delivered.of(done, "memory", "m1"))
        await directory.append(Delivered.of(failed, "memory", "m2"))
    async with (
        emulator as url,
        serving(queue, tmp_path, once=True, endpoint_url=url, rate=1000) as served,
    ):
        await served.ended
    assert (sorted(queue.done), queue.dead) == (["m1", "m3"], [("m2", "Invalid")])
    assert [entry["EventTriggerName"] for entry in emulator.applied()] == ["t2"]


async def test_a_target_that_was_away_is_ready_in_the_next_session_without_a_message(
    tmp_path: Path,
) -> None:
    before = Health(logger(), grace=5.0)
    before.mark_started()
    before.mark_target("b", "no connection")
    before.mark_target("c", "no connection")
    async with Emulator() as a, Emulator() as b:
        urls = {"a": a, "b": b, "c": f"http://127.0.0.1:{free_port()}"}
        targets = {name: {"endpoint_url": url} for name, url in urls.items()}
        async with serving(MemoryQueue(), tmp_path, health=before, targets=targets) as served:
            await until(lambda: [each.target for each in before.unusable()] == ["c"])
            assert [lane.target for lane in served.session.lane_snapshots()] == ["b"]


async def test_a_disk_that_takes_no_results_is_waited_for(tmp_path: Path) -> None:
    class Full(ResultsDirectory):
        refused = 0

        async def append(self, record: Delivered) -> RecordPlace:
            if Full.refused < 3:
                Full.refused += 1
                raise JournalError("no space left on device")
            return await super().append(record)

    queue = MemoryQueue()
    queue.put(b"{", *(encode(change(n)) for n in range(10)))
    emulator = Emulator()
    emulator.seed([trigger(n) for n in range(10)])
    async with (
        emulator as url,
        serving(queue, tmp_path, results=Full, endpoint_url=url, rate=1000) as served,
    ):
        await until(lambda: len(queue.done) == 10 and queue.dead)
    assert Full.refused == 3
    assert sorted(record["message_id"] for record in served.on_disk()) == sorted(
        queue.done + [name for name, _ in queue.dead]
    )


async def test_once_ends_where_the_disk_takes_nothing_also_of_what_is_no_update(
    tmp_path: Path,
) -> None:
    class Full(ResultsDirectory):
        async def append(self, record: Delivered) -> RecordPlace:
            raise JournalError("no space left on device")

    queue = MemoryQueue()
    queue.put(*[b"{"] * 3)
    async with (
        Emulator() as url,
        serving(queue, tmp_path, results=Full, once=True, endpoint_url=url, rate=1000) as served,
    ):
        await served.ended
        assert "no space left" in str(served.health.not_ready)
    assert (queue.done, queue.dead, len(queue)) == ([], [], 3)


async def test_what_is_refused_while_the_worker_stops_is_refused_to_the_end(tmp_path: Path) -> None:
    appending, go_on = asyncio.Event(), asyncio.Event()

    class Slow(ResultsDirectory):
        async def append(self, record: Delivered) -> RecordPlace:
            appending.set()
            await go_on.wait()
            return await super().append(record)

    queue = MemoryQueue()
    queue.put(b"{")
    async with (
        Emulator() as url,
        serving(queue, tmp_path, results=Slow, endpoint_url=url, rate=1000) as served,
    ):
        await appending.wait()
        served.health.stop.set()
        await until(lambda: not list(served.session.lane_snapshots()))
        go_on.set()
        await served.ended
    assert (queue.dead, len(queue)) == ([("m1", "Invalid")], 0)


@pytest.mark.parametrize("once", [False, True])
@pytest.mark.parametrize(
    "order", ["b" * 30 + "a" * 10, "a" + "b" * 30 + "a" * 9, "ab" * 10 + "b" * 20]
)
async def test_a_target_in_trouble_holds_no_other_back_and_wears_out_no_message(
    tmp_path: Path, order: str, once: bool
) -> None:
    queue = MemoryQueue()
    queue.put(*(encode({"target": target, **change(n)}) for n, target in enumerate(order)))
    emulator = Emulator()
    emulator.seed([trigger(n) for n in range(40)])
    async with emulator as url:
        targets = {
            "a": {"endpoint_url": url, "rate": 1000, "region": "eu-west-1"},
            "b": {
                "endpoint_url": f"http://127.0.0.1:{free_port()}",
                "rate": 1000,
                "region": "eu-west-1",
            },
        }
        async with serving(queue, tmp_path, once=once, targets=targets, target="a") as served:
            await until(lambda: len(queue.done) == 10)
            await until(lambda: served.ended.done() if once else len(queue.held) == 30)
            assert "target b: no connection" in str(served.health.not_ready)
    assert {record["target"] for record in served.on_disk()} == {"a"}
    back = await queue.receive(40)
    assert [message.id for message in back] == [
        f"m{n}" for n, target in enumerate(order, 1) if target == "b"
    ]
    assert max(message.receives for message in back) <= 4, (
        "when the trouble began, when they came again, when the worker ended, and now"
    )


async def test_a_target_that_is_refused_tries_on_with_one_message_and_leaves_the_rest_to_others(
    tmp_path: Path,
) -> None:
    class Late(MemoryQueue):
        """What it lends second is on its way while the target gives back what came first."""

        async def receive(self, limit: int) -> list[Message]:
            messages = await super().receive(min(limit, 20))  # so these come with a second request
            if [message.id for message in messages][:1] == ["m21"] and messages[0].receives == 1:
                await until(lambda: len(self) == 19)
            return messages

    deliveries: dict[str, int] = {}
    queue = Late(on_done=lambda name: deliveries.update({name: queue.held[name][0].receives}))
    queue.put(*(encode(change(n % 20, SegmentFilter=f"s{n:02}")) for n in range(24)))
    emulator = Emulator()
    emulator.seed([trigger(n) for n in range(20)])
    emulator.script("UpdateEventTrigger", ["access-denied"] * DENIED_IN_A_ROW)
    async with (
        emulator as url,
        serving(queue, tmp_path, endpoint_url=url, rate=1000, concurrency=1) as served,
    ):
        await until(
            lambda: (
                "AWS refuses profile:UpdateEventTrigger in domain acme"
                in str(served.health.not_ready)
                and list(queue.held) == ["m1"]
            )
        )
        await until(lambda: len(queue.done) == 24)
    assert deliveries["m1"] == 1
    for n in range(4):
        segments = [
            entry["request"]["SegmentFilter"]
            for entry in emulator.applied()
            if entry["EventTriggerName"] == f"t{n}"
        ]
        assert segments == sorted(segments)
        assert len(segments) == 2


async def test_updates_of_one_trigger_are_done_in_order_and_a_queue_that_is_away_is_waited_for(
    tmp_path: Path,
) -> None:
    queue = MemoryQueue(lease=3)
    queue.put(*(encode(change(n % 3, SegmentFilter=f"s{n:02}")) for n in range(30)))
    emulator = Emulator(latency=(0.0, 0.02))
    emulator.seed([trigger(n) for n in range(3)])
    async with (
        emulator as url,
        serving(queue, tmp_path, endpoint_url=url, rate=100, burst=10) as served,
    ):
        await until(lambda: len(queue.done) >= 5)
        queue.away = True
        await until(lambda: served.health.not_ready)
        queue.away = False
        await until(lambda: len(queue.done) == 30)
        await until(lambda: served.health.not_ready is None)
    for n in range(3):
        segments = [
            entry["request"]["SegmentFilter"]
            for entry in emulator.applied()
            if entry["EventTriggerName"] == f"t{n}"
        ]
        assert segments == sorted(segments)
        assert len(segments) == 10


async def test_a_queue_that_does_not_answer_for_a_lease_ends_the_session_so_that_it_is_opened_anew(
    tmp_path: Path,
) -> None:
    queue = MemoryQueue(lease=1)
    queue.put(*(encode(change(n)) for n in range(10)))
    emulator = Emulator(latency=(0.0, 0.02))
    emulator.seed([trigger(n) for n in range(10)])
    async with emulator as url:
        first = serving(queue, tmp_path, ends_with=(QueueError,), endpoint_url=url, rate=20)
        async with first as served:
            assert "it is starting" in str(served.health.not_ready), (
                "not ready before its queue has answered"
            )
            await until(lambda: len(queue.done) >= 3)
            assert served.health.not_ready is None
            queue.away = True
            with pytest.raises(QueueError, match="is away"):
                await served.ended
        queue.away = False
        async with serving(queue, tmp_path, endpoint_url=url, once=True, rate=1000) as again:
            await again.ended
    assert sorted(queue.done) == sorted(f"m{n}" for n in range(1, 11))
    assert len(emulator.applied()) == 10, (
        "what was done and could not be told was found, and not sent again"
    )


async def test_paused_it_takes_no_message_sends_nothing_and_keeps_what_it_holds(
    tmp_path: Path,
) -> None:
    once = ["x"]

    def on_done(name: str) -> None:
        if once:
            served.control.pause(once.pop(), "in this test")

    def nothing_is_in_flight() -> bool:
        return not any(each.in_flight for each in served.session.lane_snapshots())

    queue = MemoryQueue(lease=1.0, on_done=on_done)
    queue.put(*(encode(change(n)) for n in range(40)))
    emulator = Emulator(latency=(0.0, 0.01))
    emulator.seed([trigger(n) for n in range(40)])
    async with (
        emulator as url,
        serving(queue, tmp_path, endpoint_url=url, rate=50, before=False) as served,
    ):
        await until(lambda: queue.done)
        await until(nothing_is_in_flight)
        await until(lambda: len(served.results) == len(emulator.calls()))
        sent, waiting, extended = len(emulator.calls()), len(queue), queue.extended
        await until(lambda: queue.extended >= extended + 5)  # leases that are held go on
        assert (len(emulator.calls()), len(queue)) == (sent, waiting)
        assert 0 < sent < 40
        served.control.resume("x")
        await until(lambda: len(queue.done) == 40)
    assert len(emulator.applied()) == 40  # none was lost to another lease
