"""The results of a worker's messages: each is on disk before its message leaves the queue."""

from dataclasses import dataclass

import msgspec

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

    async def append(self, result: Result) -> None:
        """Put a result on disk, then take its message out of the queue. Raises JournalError."""
        lease = self.leases[result.line]
        record = Delivered.of(result, self.queue, lease.message.id)
        if (image := lease.image) is not None:
            record = msgspec.structs.replace(record, image=image.digest, image_file=image.file)
        await self.directory.append(record)
        await self.leases.settle(lease, result)

    async def earlier(self, message: Message) -> Result | KeptImage | None:
        """What is on disk here of a message that was delivered before.

        Its result, which somebody could not tell the queue any more; else its before image, of
        somebody who may have sent it.
        """
        if message.receives <= 1:
            return None
        known = (self.queue, message.id, message.sent_at or 0.0)
        return await self.directory.find(*known) or await self.directory.find_image(*known)
