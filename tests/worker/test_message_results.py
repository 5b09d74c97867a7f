"""A result is on disk, with where its image is, before its message leaves; both are found again."""

from pathlib import Path

import msgspec

from batcher.logs import logger
from batcher.records import Delivered
from batcher.storage.results_directory import ResultsDirectory
from batcher.testing import LoopClock, MemoryQueue
from batcher.worker.leases import LeaseTable
from batcher.worker.message_results import MessageResults
from tests.storage.test_message_images import message_image
from tests.storage.test_results_directory import delivered, open_directory


def of(directory: ResultsDirectory, queue: MemoryQueue, name: str) -> MessageResults:
    leases = LeaseTable(
        queue, dead_letters=True, clock=LoopClock(), log=logger(), on_removed=lambda: None
    )
    return MessageResults(directory=directory, leases=leases, queue=name)


async def test_a_result_says_where_its_image_is(tmp_path: Path) -> None:
    queue = MemoryQueue(on_done=lambda name: kept.extend(on_disk(tmp_path)))
    kept: list[Delivered] = []
    queue.put(b"{}", b"{}")
    async with open_directory(tmp_path) as directory:
        results = of(directory, queue, "sqs:updates")
        for number, message in enumerate(await queue.receive(2), 1):
            lease = results.leases.add(message, number, "default")
            if number == 1:
                lease.image = await directory.keep_image(message_image(1))
            await results.append(delivered(number))
        assert lease.image is None
    assert queue.done == ["m1", "m2"]
    assert [each.message_id for each in kept] == ["m1", "m1", "m2"]
    first, second = on_disk(tmp_path)
    (file,) = (tmp_path / "images").iterdir()
    assert (first.image_file, isinstance(first.image, str)) == (file.name, True)
    assert (second.image_file, second.image) == (msgspec.UNSET, msgspec.UNSET)


async def test_of_a_message_that_comes_again_its_result_or_its_image_is_found_of_its_queue_alone(
    tmp_path: Path,
) -> None:
    queue = MemoryQueue()
    queue.put(b"{}", b"{}", b"{}")
    first = await queue.receive(3)
    async with open_directory(tmp_path) as directory:
        results = of(directory, queue, "sqs:updates")
        newest = None
        for number in (1, 2, 1):
            newest = await directory.keep_image(message_image(number))
        await directory.append(delivered(2))
        assert await results.earlier(first) == {}
        for message in first:
            await queue.release(message)
        again = await queue.receive(3)
        assert await results.earlier(again) == {"m1": newest, "m2": delivered(2)}
        others = of(directory, queue, "redis://elsewhere?stream=updates")
        assert await others.earlier(again) == {}


def on_disk(folder: Path) -> list[Delivered]:
    lines = [line for path in sorted(folder.glob("2*")) for line in path.read_bytes().splitlines()]
    return [msgspec.json.decode(line, type=Delivered) for line in lines]
