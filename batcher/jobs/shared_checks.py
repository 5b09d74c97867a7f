"""The checks of what is shared with others: the limiter's Redis, and the queue.

No message is taken, and no bucket is entered.
"""

import os
from collections.abc import Sequence
from pathlib import Path

from batcher.errors import BatcherError, MissingQueueError
from batcher.foreign_text import shown_url
from batcher.jobs.diagnosis import ALLOW, Told
from batcher.jobs.host_checks import why_not_writable
from batcher.jobs.queue_admin import QueueAddress
from batcher.limiters.factory import LOCAL, look_at_limiter
from batcher.queues.factory import spool_of
from batcher.records import Depth

_LOOK = "Check --queue, its Region and the network."
FIND_ACTIONS = ("sqs:GetQueueUrl", "sqs:GetQueueAttributes")


async def check_limiter(setting: str, told: Told) -> None:
    """The Redis of a shared quota. Raises SettingsError."""
    try:
        server = await look_at_limiter(setting)
    except ConnectionError as error:
        advice = "Check --limiter, and that its Redis can be reached from here."
        told.fault("limiter", f"no answer of Redis: {error}.", advice)
        return
    if server is None:
        told.ok("limiter", f"{LOCAL}: this process keeps to the quota by itself.")
        return
    kind = "Redis Cluster" if server.is_cluster else "Redis"
    seen = f"{kind} {server.version or 'of an unknown version'}"
    if server.too_old is not None:
        told.fault("limiter", f"{server.too_old}.", "Install a newer Redis, or give another.")
    elif server.eviction is not None:
        advice = "Set maxmemory-policy to noeviction."
        told.warn("limiter", f"{seen}; it evicts any key ({server.eviction}).", advice)
    else:
        told.ok("limiter", f"{seen}; it evicts no key that has no expiry.")


async def check_queue(
    address: QueueAddress, needed: Sequence[str], told: Told, *, is_made: bool
) -> None:
    """A queue, and whether it can be used.

    ``needed``: actions of SQS; ``is_made``: one that is not there will be made. Raises QueueError.
    """
    try:
        await _look_at_queue(address, needed, told)
    except MissingQueueError:
        if not is_made:
            raise
        _tell_of_missing(address, told)


def _tell_of_missing(address: QueueAddress, told: Told) -> None:
    """Of a queue that will be made, and whether the operating system lets it be."""
    kind, _, rest = address.url.partition(":")
    if kind == "spool" and (why := why_not_writable(Path(rest))):
        told.fault("queue", f"{rest}: can't be made: {why}.", "Give another with --queue.")
    else:
        told.ok("queue", f"{shown_url(address.url)}: not there yet, and will be made.")


async def _look_at_queue(address: QueueAddress, needed: Sequence[str], told: Told) -> None:
    if (spool := spool_of(address.url, create=False)) is not None:
        depth = await spool.depth()
        if os.access(spool.path, os.W_OK | os.X_OK):
            told.ok("queue", f"{spool.path}: {_depth(depth, 'files')}.")
        else:
            told.fault("queue", f"{spool.path}: can't be written to.", f"chmod u+w {spool.path}")
        return
    try:
        async with address.open(create=False) as opened:
            depth = await opened.admin.depth()
            seen = f"{opened.place}: {_depth(depth, 'messages')}"
            risks, dead_letters = opened.risks, opened.dead_letters
    except MissingQueueError:
        raise
    except BatcherError as error:
        denied = FIND_ACTIONS if "AccessDenied" in str(error) else ()
        told.fault("queue", str(error), ALLOW if denied else _LOOK, denied)
        return
    if not dead_letters:
        seen = f"{seen}; it has no dead-letter queue"
        risks = (*risks, "give it a redrive policy: invalid messages end a worker else")
    if risks:
        told.warn("queue", f"{seen}.", f"{'; '.join(risks)}.")
    else:
        told.ok("queue", f"{seen}.")
    if needed:
        told.ok("finding it", f"{', '.join(FIND_ACTIONS)}: allowed, as tested.")
        others = [action for action in needed if action not in FIND_ACTIONS]
        told.untested("permissions", f"{', '.join(others)}: not without doing it.")


def _depth(depth: Depth, what: str) -> str:
    dead = "" if depth.dead is None else f", {depth.dead:,} dead"
    return f"{depth.waiting:,} {what} wait, {depth.held:,} held{dead}"
