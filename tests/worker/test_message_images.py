"""A worker looks at each trigger as a run does, and keeps what it was before its update is sent."""

from pathlib import Path
from typing import Any

import msgspec
import pytest

from batcher.clock import SystemClock
from batcher.config import resolve
from batcher.emulator import Emulator, account_of
from batcher.errors import JournalError
from batcher.logs import logger
from batcher.operations import GET_TRIGGER, UPDATE_TRIGGER
from batcher.storage.hash_chain import line_digest
from batcher.storage.message_images import KeptImage, MessageImage
from batcher.storage.results_directory import ResultsDirectory
from batcher.testing import MemoryQueue, update
from batcher.wiring.pacers import Pacers
from batcher.wiring.targets import TargetConnector
from batcher.worker.leases import LeaseTable
from batcher.worker.message_images import MessageImages
from batcher.worker.message_results import MessageResults
from tests.conftest import change, remember_quota, trigger
from tests.waiting import until
from tests.worker.test_message_consumer import Serving, encode, no_memory, serving

pytestmark = pytest.mark.usefixtures("stand_in_credentials", "no_memory")

__all__ = ["no_memory"]


def of(*updates: dict[str, Any]) -> MemoryQueue:
    queue = MemoryQueue()
    queue.put(*map(encode, updates))
    return queue


def images_in(folder: Path) -> list[tuple[str, MessageImage]]:
    """Digest and image, of files that are being written too."""
    lines = [
        line
        for path in sorted((folder / "images").glob("2*"))
        for line in path.read_bytes().splitlines()
    ]
    return [(line_digest(line), msgspec.json.decode(line, type=MessageImage)) for line in lines]


async def drain(queue: MemoryQueue, folder: Path, url: str) -> Serving:
    """One session to the end of its queue."""
    async with serving(queue, folder, once=True, endpoint_url=url, rate=1000) as served:
        await served.ended
    return served


async def test_each_message_is_looked_at_and_its_image_is_kept_beside_its_result(
    tmp_path: Path,
) -> None:
    emulator = Emulator()
    emulator.seed([trigger(n) for n in range(3)])
    queue = of(
        change(0),
        {**change(1), "Description": "before-1"},
        {**change(2), "based_on": {"sha256": "0" * 64}},
        change(3),
    )
    async with emulator as url:
        served = await drain(queue, tmp_path, url)
    assert {each["trigger"]: each["status"] for each in served.on_disk()} == {
        "t0": "succeeded",
        "t1": "unchanged",
        "t2": "stale",
        "t3": "failed",
    }
    assert [each["EventTriggerName"] for each in emulator.applied()] == ["t0"]
    ((digest, image),) = images_in(tmp_path)
    assert (image.message_id, image.queue, image.target) == ("m1", "memory", "default")
    assert image.image["Description"] == "before-0"
    assert image.asked == change(0)
    assert (image.place.endpoint, image.place.region) == (url, "us-east-1")
    with_image = [each for each in served.on_disk() if "image" in each]
    assert [(each["trigger"], each["image"]) for each in with_image] == [("t0", digest)]
    assert (tmp_path / "images" / with_image[0]["image_file"]).exists()
    files = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert {path.stat().st_mode & 0o777 for path in files} == {0o600}
    assert (tmp_path / "images").stat().st_mode & 0o777 == 0o700


@pytest.mark.parametrize(
    ("before", "reading", "why"),
    [
        (False, None, "--no-before"),
        (None, 1.0, "it allows 1 reads a second for 50 updates"),
        (None, 40.0, None),
        (True, 1.0, None),
        (None, None, None),
    ],
)
async def test_where_it_does_not_look_it_says_so_once_in_log_and_status_and_keeps_no_image(
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
    before: bool | None,
    reading: float | None,
    why: str | None,
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    emulator = Emulator()
    emulator.seed([trigger(n) for n in range(4)])
    emulator.script("UpdateEventTrigger", ["access-denied"])  # its lane is opened twice
    async with emulator as url:
        if reading is not None:
            known = {"account": account_of("AKIDEXAMPLE"), "region": "us-east-1"}
            remember_quota(tmp_path / "state", GET_TRIGGER, reading, **known)
            remember_quota(tmp_path / "state", UPDATE_TRIGGER, 50.0, **known)
        given = {"endpoint_url": url, "rate": 1000, "before": before, "remember": True}
        queue = of(*map(change, range(4)))
        async with serving(queue, tmp_path / "results", **given) as served:
            await until(lambda: len(queue.done) == 4)
            (lane,) = served.session.lane_snapshots()
            assert lane.no_images == why
    events = [each.msg for each in caplog.records if isinstance(each.msg, dict)]
    told = [each["reason"] for each in events if each["event"] == "target.not_looked_at"]
    assert told == ([] if why is None else [why])
    assert [each["status"] for each in served.on_disk()].count("succeeded") == 4
    assert all(("image" in each) is (why is None) for each in served.on_disk())
    assert (tmp_path / "results" / "images").exists() is (why is None)


async def test_a_disk_that_takes_no_images_is_waited_for_and_nothing_is_sent_meanwhile(
    tmp_path: Path,
) -> None:
    class Full(ResultsDirectory):
        refused = 0

        async def keep_image(self, image: MessageImage) -> KeptImage:
            if Full.refused < 2:
                assert emulator.applied() == []
                Full.refused += 1
                raise JournalError("no space left on device")
            return await super().keep_image(image)

    emulator = Emulator()
    emulator.seed([trigger(0)])
    queue = of(change(0))
    async with (
        emulator as url,
        serving(queue, tmp_path, results=Full, endpoint_url=url, rate=1000) as served,
    ):
        await until(lambda: queue.done)
    assert (Full.refused, len(images_in(tmp_path)), len(served.on_disk())) == (2, 1, 1)


@pytest.mark.parametrize("applied", [False, True])
async def test_what_a_worker_before_may_have_sent_is_taken_as_its_work_and_keeps_its_image(
    tmp_path: Path, applied: bool
) -> None:
    queue, emulator = of(change(0)), Emulator()
    emulator.seed([trigger(0)])
    emulator.script("UpdateEventTrigger", ["hang-after" if applied else "hang"])
    async with emulator as url:
        async with serving(queue, tmp_path, endpoint_url=url, rate=1000) as first:
            await until(lambda: images_in(tmp_path) and len(emulator.calls()) >= 2)
            first.health.stop.set()
            first.health.stop_now.set()
            await first.ended
        assert first.on_disk() == []
        second = await drain(queue, tmp_path, url)  # it was given back
    (result,) = second.on_disk()
    digests = [digest for digest, _ in images_in(tmp_path)]
    assert (result["status"], result["image"]) == ("succeeded", digests[-1])
    assert len(digests) == 1, "it was as before"
    assert {image.image["Description"] for _, image in images_in(tmp_path)} == {"before-0"}
    assert all(image.replaces is None for _, image in images_in(tmp_path))
    assert len(emulator.applied()) == 1


async def test_an_update_whose_lease_is_gone_is_not_taken_as_sent_and_leaves_no_image(
    tmp_path: Path,
) -> None:
    leases = LeaseTable(
        MemoryQueue(), dead_letters=True, clock=SystemClock(), log=logger(), on_removed=lambda: None
    )
    emulator = Emulator()
    async with (
        emulator as url,
        ResultsDirectory(tmp_path, rotate_bytes=10**6, rotate_seconds=60) as directory,
    ):
        settings = resolve({"endpoint_url": url, "region": "eu-west-1"})
        images = MessageImages(
            settings=settings,
            results=MessageResults(directory=directory, leases=leases, queue="memory"),
            clock=SystemClock(),
            log=logger(),
        )
        pacers = Pacers(settings, clock=SystemClock(), warn=pytest.fail)
        async with TargetConnector(settings).target("default") as target:
            store = images.of_target(target, pacers)
            assert store is not None
            assert not store.kept(update(1))
            await store.keep(update(1), {"DomainName": "acme"})
    assert images_in(tmp_path) == []
