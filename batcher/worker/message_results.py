"""The results of a worker's messages: each is on disk before its message leaves the queue."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import msgspec

from batcher.jobs.told_results import OnKept
from batcher.records import Delivered, Message, Result
from batcher.storage.message_images import KeptImage
from batcher.storage.results_directory import ResultsDirectory
from batcher.worker.leases import LeaseTable


@dataclass(eq=False, kw_only=True)
class MessageResults:
    """The ResultStore port of a session. ``queue``: its name, as results show it."""

    directory: ResultsDirectory
    leases: LeaseTable
    queue: str
    on_kept: OnKept | None = None

    async def append(self, result: Result) -> None:
        """Put a result on disk, then take its message out of the queue. Raises JournalError."""
        lease = self.leases[result.line]
        record = Delivered.of(result, self.queue, lease.message.id)
        if (image := lease.image) is not None:
            record = msgspec.structs.replace(record, image=image.digest, image_file=image.file)
        place = await self.directory.append(record)
        if self.on_kept is not None:
            self.on_kept(record, *place)
        await self.leases.settle(lease, result)

    async def earlier(self, messages: Sequence[Message]) -> Mapping[str, Result | KeptImage]:
        """What is on disk here of those of the messages that were delivered before, by their ids.

        The result, which somebody could not tell the queue any more; else the before image, of
        somebody who may have sent it.
        """
        again = {each.id: each.sent_at or 0.0 for each in messages if each.receives > 1}
        return await self.directory.earlier(self.queue, again) if again else {}
