"""The before images of a worker's messages: whether a target is looked at first, and what is kept.

By the rules of a run; where the images go is in ``storage``.
"""

from dataclasses import dataclass, field
from typing import Any

from structlog.typing import FilteringBoundLogger

from batcher.aws.client import AwsTarget
from batcher.config import Settings
from batcher.ports import Clock
from batcher.records import Update
from batcher.storage.message_images import MessageImage, content_of
from batcher.wiring.pacers import Pacers
from batcher.worker.message_results import MessageResults


@dataclass(eq=False, kw_only=True)
class MessageImages:
    """Where the before images of a session's messages go: beside the results.

    ``why_none``: why there are none, by target.
    """

    settings: Settings
    results: MessageResults
    clock: Clock
    log: FilteringBoundLogger
    why_none: dict[str, str] = field(default_factory=dict)

    def of_target(self, target: AwsTarget, pacers: Pacers) -> "TargetImages | None":
        """Where those of a target that is opened go; None where it is not looked at, which is said.

        It is said once, until there is another reason.
        """
        why = self._why_none(target, pacers)
        if why is None:
            self.why_none.pop(target.name, None)
            return TargetImages(self, target)
        if self.why_none.get(target.name) != why:
            self.why_none[target.name] = why
            self.log.warning(
                "target.not_looked_at",
                target=target.name,
                reason=why,
                doing="its updates have no before images, and can't be rolled back",
            )
        return None

    def _why_none(self, target: AwsTarget, pacers: Pacers) -> str | None:
        if self.settings.before is not None:
            return None if self.settings.before else "--no-before"
        if (known := pacers.slow_reading(target)) is None:
            return None
        reading, writing = known
        return f"it allows {reading:.3g} reads a second for {writing:.3g} updates"


class TargetImages:
    """The BeforeImageStore port of one target's messages."""

    def __init__(self, images: MessageImages, target: AwsTarget) -> None:
        self._images = images
        self._target = target

    def before(self, update: Update) -> None:
        return None  # its digest alone is kept in memory

    def lost(self, update: Update) -> dict[str, Any] | None:
        return None

    def kept(self, update: Update) -> bool:
        lease = self._images.results.leases.get(update.line)
        return lease is not None and lease.may_be_sent

    async def keep(self, update: Update, image: dict[str, Any]) -> None:
        results = self._images.results
        if (lease := results.leases.get(update.line)) is None:
            return  # it is another worker's by now, and not sent from here
        if lease.image is not None and lease.image.content == content_of(image):
            return  # as when it was tried last
        before = None if lease.may_be_sent else lease.image
        lease.image = await results.directory.keep_image(
            MessageImage(
                id=update.id,
                target=update.target,
                queue=results.queue,
                message_id=lease.message.id,
                line=update.line,
                kept_at=self._images.clock.wall(),
                place=self._target.identity,
                image=image,
                asked=update.request,
                replaces=None if before is None else before.digest,
            )
        )
