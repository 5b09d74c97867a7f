"""The job ``enqueue``: the updates of a checked file put into a queue."""

from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path

import msgspec

from batcher.clock import SystemClock
from batcher.errors import InputError
from batcher.foreign_text import shown_url
from batcher.jobs.checked_file import CheckedFile
from batcher.jobs.own_input import refuse_queued
from batcher.jobs.queue_admin import QueueAddress
from batcher.queues.factory import spool_of
from batcher.records import Update
from batcher.sources.input_file import open_input
from batcher.sources.local_file import is_local

AT_ONCE = 1000  # updates handed to the queue together


async def enqueue_file(
    file: CheckedFile, address: QueueAddress, warn: Callable[[str], None] = lambda risk: None
) -> str:
    """Put all updates of a file into a queue, in their order; returns where they are, in words.

    ``warn`` is told, in words, how the server of the queue may lose them.

    To put the same file again within five minutes does no harm to an SQS FIFO queue; elsewhere its
    updates are done twice. Raises InputError when the file can't be used or changed since it was
    checked, SettingsError, and QueueError, where what came before the fault is in the queue.
    """
    file.refuse_unusable()
    if (spool := spool_of(address.url)) is not None:
        if is_local(file.origin):
            refuse_queued(Path(file.origin), spool.path)
        encode, name = msgspec.json.Encoder().encode, f"{_stem(file.origin)}.jsonl"
        spool.put(name, (encode(update.as_line()) + b"\n" for update in _updates(file)))
        return str(spool.path / name)
    async with address.open(create=True) as opened:
        for risk in opened.risks:
            warn(risk)
        updates = _updates(file)
        while batch := list(islice(updates, AT_ONCE)):
            await opened.producer.send(batch, file.inspection.sha256)
    return shown_url(address.url)


def _updates(file: CheckedFile) -> Iterator[Update]:
    with open_input(file.path) as opened:
        for number, _, raw in opened.lines():
            update = file.reader.read(raw, number)
            if not isinstance(update, Update) or not _as_checked(file, update, raw):
                raise InputError(
                    f"{file.path}: changed since it was checked (noticed at line {number}); send it"
                    " again"
                )
            yield update


def _as_checked(file: CheckedFile, update: Update, raw: bytes) -> bool:
    index = file.inspection.targets.get(update.target)
    return index is not None and index.matches(update.line, raw)


def _stem(origin: str) -> str:
    """What a file is called in a spool: its name without dots before it, else one of the time."""
    own = "" if origin == "-" else Path(origin).name.partition(".jsonl")[0].lstrip(".")
    return (
        own or f"{'stdin' if origin == '-' else 'updates'}-{SystemClock().utc():%Y%m%dT%H%M%S.%f}"
    )
