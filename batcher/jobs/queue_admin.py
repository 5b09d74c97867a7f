"""The jobs on a queue that people look after: its depth, its dead letters, and their redrive."""

from collections import Counter
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from typing import Any

import anyio
import msgspec
from msgspec import Struct

from batcher.errors import SettingsError
from batcher.jobs.file_redrive import RedrivenFiles, redrive_failed_files
from batcher.ports import QueueAdmin
from batcher.queues.factory import OpenedQueue, open_queue, spool_of
from batcher.queues.spool_directory import SpoolDirectory
from batcher.queues.sqs_url import place_of
from batcher.records import DeadLetter, Depth


class QueueAddress(Struct, frozen=True, kw_only=True):
    """Where a queue is: its URL; of SQS also Region, and the profile to reach it with."""

    url: str
    profile: str | None = None
    region: str | None = None

    @property
    def region_of_url(self) -> str | None:
        """The Region that the URL of an SQS queue names; None: none, or another kind of queue."""
        kind, _, rest = self.url.partition(":")
        return place_of(rest).region if kind == "sqs" and "://" in rest else None

    def open(self, *, create: bool) -> AbstractAsyncContextManager[OpenedQueue]:
        """The message queue, connected. Raises SettingsError, QueueError."""
        return open_queue(self.url, create=create, profile=self.profile, region=self.region)


class ShownLetter(Struct, frozen=True, kw_only=True):
    """What may be shown of a dead letter: names, and nothing of what the update sets."""

    message_id: str
    id: Any
    target: Any
    domain: Any
    trigger: Any
    code: str
    reason: str


class LetterCount(Struct, frozen=True, kw_only=True):
    """Dead letters listed or put back, by code; ``unseen``: more that the queue did not show.

    ``unguarded``: of those put back, the updates that nothing keeps from undoing a newer one, as
    no worker has seen their triggers.
    """

    codes: Counter[str]
    unseen: int = 0
    unguarded: int = 0


async def queue_depth(address: QueueAddress) -> Depth:
    """What a queue holds, of a spool directory in files. Raises SettingsError, QueueError."""
    if (spool := spool_of(address.url, create=False)) is not None:
        return await spool.depth()
    async with address.open(create=False) as opened:
        return await opened.admin.depth()


def failed_files(address: QueueAddress, code: str | None = None) -> dict[str, str] | None:
    """The files that failed of a spool directory, each with the first line of what was wrong.

    None for a message queue. Raises QueueError, and SettingsError for a code: files fail of no
    code.
    """
    spool = _spool(address, code=code)
    return None if spool is None else spool.failures()


def redrive_files(
    address: QueueAddress,
    code: str | None = None,
    rate: float | None = None,
    *,
    force: bool = False,
) -> RedrivenFiles | None:
    """Put all files that failed back into a spool directory.

    None for a message queue. Raises QueueError, and SettingsError for what is for updates only.
    """
    spool = _spool(address, code=code, rate=rate, force=force or None)
    return None if spool is None else redrive_failed_files(spool)


async def list_dead_letters(
    address: QueueAddress, on_letter: Callable[[ShownLetter], None], code: str | None = None
) -> LetterCount:
    """Tell of the dead letters of a message queue, all of them or those of one code.

    Raises SettingsError, QueueError.
    """
    codes, seen = Counter[str](), 0
    async with address.open(create=False) as opened:
        async for letter in opened.admin.dead():
            seen += 1
            if code in (None, letter.code):
                codes[letter.code] += 1
                on_letter(shown_letter(letter))
        return LetterCount(codes=codes, unseen=await _unseen(opened.admin, seen))


async def redrive_dead_letters(
    address: QueueAddress,
    code: str | None = None,
    rate: float | None = None,
    *,
    force: bool = False,
) -> LetterCount:
    """Put dead letters back into a message queue, all of them or those of one code.

    ``rate``: so many a second at most. ``force``: without what they are based on, so that they may
    undo a newer update. Raises SettingsError, QueueError.
    """
    codes, left, unguarded, next_at = Counter[str](), 0, 0, anyio.current_time()
    async with address.open(create=False) as opened:
        async for letter in opened.admin.dead():
            if code not in (None, letter.code):
                left += 1
                continue
            await anyio.sleep_until(next_at)
            await opened.admin.redrive(_without_base(letter) if force else letter)
            unguarded += not force and _is_unguarded(letter)
            codes[letter.code] += 1
            next_at = max(next_at, anyio.current_time()) + (1 / rate if rate else 0)
        unseen = await _unseen(opened.admin, left)
        return LetterCount(codes=codes, unseen=unseen, unguarded=unguarded)


def _is_unguarded(letter: DeadLetter) -> bool:
    """Whether it is an update, and says nothing of the state that it is based on."""
    names = _names(letter)
    return isinstance(names.get("EventTriggerName"), str) and not names.get("based_on")


def _without_base(letter: DeadLetter) -> DeadLetter:
    try:
        line = msgspec.json.decode(letter.body, type=dict[str, Any])
    except (ValueError, RecursionError):  # no update
        return letter
    if line.pop("based_on", None) is None:
        return letter
    return msgspec.structs.replace(letter, body=msgspec.json.encode(line))


async def _unseen(admin: QueueAdmin, left: int) -> int:
    """How many dead letters there are beyond those that were looked at and left, that many."""
    return max(0, ((await admin.depth()).dead or 0) - left)


def shown_letter(letter: DeadLetter) -> ShownLetter:
    """What may be shown of a dead letter."""
    names = _names(letter)
    return ShownLetter(
        message_id=letter.id,
        id=names.get("id"),
        target=names.get("target"),
        domain=names.get("DomainName"),
        trigger=names.get("EventTriggerName"),
        code=letter.code,
        reason=letter.reason,
    )


def _names(letter: DeadLetter) -> dict[str, Any]:
    """Its members; none of what is no update, which is among them too."""
    try:
        body = msgspec.json.decode(letter.body)
    except (ValueError, RecursionError):
        return {}
    return body if isinstance(body, dict) else {}


def _spool(address: QueueAddress, **given: object) -> SpoolDirectory | None:
    """The spool directory, if it is one. Raises SettingsError for flags that mean nothing there."""
    if (spool := spool_of(address.url, create=False)) is None:
        return None
    if names := " ".join(f"--{name}" for name, value in given.items() if value is not None):
        raise SettingsError(
            f"{names}: not for a spool directory, where files fail and not updates."
        )
    return spool
