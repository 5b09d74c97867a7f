"""The job ``enqueue``: the updates of a checked file put into a queue, all of them.

Into a spool directory that is one step. A message queue takes them request by request; so how far
it came is kept in a file, and the same command goes on from there, under the same name of the
sending: what SQS was sent and did not answer it drops when it comes again within five minutes.
"""

import uuid
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from itertools import islice
from pathlib import Path

import anyio.lowlevel
import msgspec
from msgspec import Struct
from msgspec.structs import replace

from batcher.clock import SystemClock
from batcher.errors import (
    InputError,
    OutputError,
    QueueError,
    SettingsError,
    UnansweredError,
)
from batcher.foreign_text import shown_url
from batcher.jobs.checked_file import CheckedFile
from batcher.jobs.own_input import refuse_queued
from batcher.jobs.queue_admin import QueueAddress
from batcher.ports import Producer
from batcher.queues.factory import spool_of
from batcher.queues.spool_directory import SpoolDirectory
from batcher.records import INTERRUPTED, Update
from batcher.sources.input_file import open_input
from batcher.sources.local_file import is_local
from batcher.storage.enqueue_progress import EnqueueProgress, ProgressFile

AT_ONCE = 1000  # updates handed to the queue together
REFUSED_TOLD = 5  # lines that the queue would not take


class Enqueued(Struct, frozen=True, kw_only=True):
    """What came of it: ``updates`` of ``total`` are in the queue at ``where``.

    ``earlier``: how many of these an earlier command had put in. ``stopped``: why it ended early,
    in words. ``unanswered``: of the last request no answer came, so what it held may be in as well.
    ``kept``: it is written down how far it came, so that the same command goes on from there.
    """

    where: str
    total: int
    updates: int
    earlier: int = 0
    stopped: str | None = None
    unanswered: bool = False
    kept: bool = True


class Stop:
    """Asks an ``enqueue`` that is under way to end after the request that it is at."""

    def __init__(self) -> None:
        self.asked = False

    def ask(self) -> None:
        self.asked = True


async def enqueue_file(
    file: CheckedFile,
    address: QueueAddress,
    *,
    state: Path,
    stop: Stop,
    same: bool = False,
    anew: bool = False,
    warn: Callable[[str], None] = lambda risk: None,
    on_begun: Callable[[EnqueueProgress], None] = lambda progress: None,
) -> Enqueued:
    """Put all updates of a file into a queue, in their order.

    ``state``: the directory that keeps how far it came. ``same``: the file that was put in within
    the last five minutes is the same sending, which SQS FIFO drops; else each is one of its own.
    ``anew``: all of it, whatever an earlier command put in. ``on_begun`` is told what that was.
    ``warn`` is told, in words, how the server of the queue may lose them.

    Raises InputError when the file can't be used, or holds what the queue does not take: nothing
    was put in then; or when it changed since it was checked. SettingsError, OutputError, and
    QueueError while nothing was put in.
    """
    file.refuse_unusable()
    if (spool := spool_of(address.url)) is not None:
        if same:
            raise _same_means_nothing(address)
        return _put(file, spool)
    async with address.open(create=True) as opened:
        if same and not opened.producer.drops_repeats:
            raise _same_means_nothing(address)
        for risk in opened.risks:
            warn(risk)
        of = (opened.place, file.settings.target, file.inspection.sha256, "same" if same else "")
        kept = ProgressFile(state, of)
        with kept.hold() as mine:
            if not mine:
                raise QueueError(
                    f"{file.origin}: another command puts it into this queue right now. Wait for"
                    " that to end."
                )
            sending = _Sending(file, opened.producer, kept, shown_url(address.url), stop)
            return await sending.run(same=same, anew=anew, on_begun=on_begun)


class _Sending:
    """A file on its way into a message queue. ``kept``: where it is written down how far it is."""

    def __init__(
        self, file: CheckedFile, producer: Producer, kept: ProgressFile, where: str, stop: Stop
    ) -> None:
        self._file = file
        self._producer = producer
        self._kept = kept
        self._where = where
        self._stop = stop
        self._lines: deque[int] = deque()  # handed to the queue, and not known to be in
        self._progress: EnqueueProgress

    async def run(
        self, *, same: bool, anew: bool, on_begun: Callable[[EnqueueProgress], None]
    ) -> Enqueued:
        await self._refuse_what_is_not_taken()
        before = None if anew else self._kept.read()
        if before is not None:
            before = await self._as_the_queue_knows(before)
            on_begun(before)
        name = self._file.inspection.sha256 if same else uuid.uuid4().hex
        self._progress = before or EnqueueProgress(
            queue=self._where, batch=name, begun_at=SystemClock().wall()
        )
        self._kept.write(self._progress)
        earlier, stopped, unanswered = self._progress.updates, None, False
        try:
            await self._send_rest()
            if not self._stop.asked:
                await self._producer.finish(self._progress.batch)
        except _Stopped:
            pass
        except InputError as error:
            raise InputError(f"{error}. {self._progress.updates:,} updates are in.") from error
        except OutputError as error:
            stopped = str(error)
        except QueueError as error:
            unanswered = await self._is_unknown(error)
            if not (self._progress.updates or unanswered):
                self._kept.remove()
                raise
            stopped = str(error)
        if stopped is None and self._progress.updates < self._file.inspection.total:
            stopped = INTERRUPTED
        if stopped is None:
            self._kept.remove()
        return Enqueued(
            where=self._where,
            total=self._file.inspection.total,
            updates=self._progress.updates,
            earlier=earlier,
            stopped=stopped,
            unanswered=unanswered,
            kept=stopped is None or self._kept.is_there,
        )

    async def _refuse_what_is_not_taken(self) -> None:
        await self._producer.prepare()
        wrong: list[str] = []
        for count, update in enumerate(_updates(self._file)):
            if (why := self._producer.why_refused(update)) is not None:
                wrong.append(f"line {update.line}: {why}")
            if not count % AT_ONCE:
                await anyio.lowlevel.checkpoint()
        if wrong:
            more = len(wrong) - REFUSED_TOLD
            told = "; ".join(wrong[:REFUSED_TOLD]) + (f"; and {more:,} more" if more > 0 else "")
            raise InputError(f"{self._file.origin}: {told}. Nothing was put into the queue.")

    async def _as_the_queue_knows(self, before: EnqueueProgress) -> EnqueueProgress:
        """What is in, also where the queue knows of more than was written down."""
        up_to = await self._producer.sent_up_to(before.batch)
        if up_to == 0 and 0 < before.updates < self._file.inspection.total:
            raise QueueError(
                f"{self._where}: knows nothing of {before.updates:,} updates of {self._file.origin}"
                " that an earlier command put in: it was emptied since. Add --anew to put in all"
                " of the file."
            )
        if up_to is None or up_to <= before.up_to:
            return before
        count = sum(update.line <= up_to for update in _updates(self._file))
        return replace(before, up_to=up_to, beyond=(), updates=count)

    async def _send_rest(self) -> None:
        left = (each for each in _updates(self._file) if not self._progress.is_in(each.line))
        while not self._stop.asked and (some := list(islice(left, AT_ONCE))):
            self._lines.extend(update.line for update in some)
            await self._producer.send(some, self._progress.batch, self._note)

    def _note(self, updates: Sequence[Update]) -> None:
        """Write down what is in, before anything else leaves."""
        was = self._progress
        beyond = {*was.beyond, *(update.line for update in updates)}
        up_to = was.up_to
        while self._lines and self._lines[0] in beyond:
            up_to = self._lines.popleft()
        self._progress = replace(
            was,
            up_to=up_to,
            beyond=tuple(sorted(line for line in beyond if line > up_to)),
            updates=was.updates + len(updates),
        )
        self._kept.write(self._progress)
        if self._stop.asked:
            raise _Stopped

    async def _is_unknown(self, error: QueueError) -> bool:
        """Whether what the last request held may be in, and nobody can tell."""
        try:
            self._progress = await self._as_the_queue_knows(self._progress)
        except QueueError:
            return True
        self._kept.write(self._progress)
        return isinstance(error, UnansweredError)


class _Stopped(Exception):
    """Somebody asked to stop, and the request that was under way is answered."""


def _put(file: CheckedFile, spool: SpoolDirectory) -> Enqueued:
    if is_local(file.origin):
        refuse_queued(Path(file.origin), spool.path)
    encode, name = msgspec.json.Encoder().encode, f"{_stem(file.origin)}.jsonl"
    spool.put(name, (encode(update.as_line()) + b"\n" for update in _updates(file)))
    total = file.inspection.total
    return Enqueued(where=str(spool.path / name), total=total, updates=total)


def _same_means_nothing(address: QueueAddress) -> SettingsError:
    return SettingsError(
        f"--same: only an SQS FIFO queue drops what comes again, and {shown_url(address.url)} is"
        " none. Leave it out."
    )


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
