"""Where a worker's results and before images go: journals completed by size and age, and sent on.

A result may be there twice, after a redelivery; none is missing that was told of as kept.
"""

from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple, Self

import anyio
import anyio.to_thread
from anyio.abc import TaskGroup

from batcher.errors import JournalError
from batcher.logs import logger
from batcher.ports import Uploader
from batcher.records import Delivered
from batcher.storage.file_system import make_directory
from batcher.storage.hash_chain import line_digest
from batcher.storage.journal import Journal
from batcher.storage.kept_records import KeptRecords
from batcher.storage.message_images import KeptImage, MessageImage, content_of
from batcher.storage.results_files import IMAGES, OpenFile, ResultsFiles
from batcher.storage.results_sender import ResultsSender

CLOSE_WITHIN = 10.0  # seconds for sending at the end; what is left is sent after the next start
CLOCKS_APART = 60.0  # seconds between this host's clock and a queue's that are allowed for


class RecordPlace(NamedTuple):
    """Where a record stands: the name of its file once that is complete, and the line, from 1."""

    file: str
    line: int


class ResultsDirectory:
    """Keeps results and images in a directory, which is made when it is not there.

    Use as an async context manager; entering raises JournalError. A file is complete when it has
    ``rotate_bytes``, or after ``rotate_seconds``. ``uploader`` takes complete files away; one that
    it can't take is kept and tried again, also after a restart.
    """

    def __init__(
        self,
        path: Path,
        *,
        rotate_bytes: int,
        rotate_seconds: float,
        uploader: Uploader | None = None,
        close_within: float = CLOSE_WITHIN,
    ) -> None:
        self.path = path
        self._rotate_bytes = rotate_bytes
        self._rotate_seconds = rotate_seconds
        self._close_within = close_within
        log = logger(results=str(path))
        self._files = ResultsFiles(path, log)
        self._sender = None if uploader is None else ResultsSender(self._files, uploader, log)
        self._kept_results = KeptRecords(self._files.results, Delivered)
        self._kept_images = KeptRecords(self._files.images, MessageImage)
        self._looking = anyio.Lock()
        self._current: OpenFile | None = None
        self._beginning = anyio.Lock(fast_acquire=True)
        self._tasks: TaskGroup

    def __repr__(self) -> str:
        writing = "nothing"
        if self._current is not None:
            writing = f"{self._current.path.name} ({self._current.journal.length} bytes)"
        return f"<ResultsDirectory {self.path}: writing {writing}>"

    async def __aenter__(self) -> Self:
        try:
            make_directory(self.path)
        except OSError as error:
            raise _unusable(self.path, error) from error
        await anyio.to_thread.run_sync(self._files.take_over)
        self._tasks = anyio.create_task_group()
        await self._tasks.__aenter__()
        try:
            await self._current_file()
        except BaseException:
            await self._tasks.__aexit__(None, None, None)
            raise
        if self._sender is not None:
            self._tasks.start_soon(self._sender.run)
        return self

    async def __aexit__(self, *exception: object) -> None:
        try:
            self._tasks.cancel_scope.cancel()
            # without the error, which would come out as a group
            await self._tasks.__aexit__(None, None, None)
        finally:
            with anyio.CancelScope(shield=True):
                if self._current is not None:
                    await self._complete(self._current)
                if self._sender is not None:
                    await self._sender.send_rest(self._close_within)

    @property
    def waiting(self) -> int | None:
        """How many complete files wait to be sent; None where none are sent. Looks at no disk."""
        return None if self._sender is None else self._sender.waiting

    async def append(self, record: Delivered) -> RecordPlace:
        """Return where the record is, when it is on disk.

        Raises JournalError; the next record is tried in a file of its own.
        """
        file = await self._current_file()
        try:
            file.journal.add(record)
            place = RecordPlace(file.name, file.journal.lines)
            await file.journal.flush()
        except JournalError:
            await self._complete(file)
            raise
        await self._complete_by_size(file)
        return place

    async def keep_image(self, image: MessageImage) -> KeptImage:
        """Return when the image is on disk. Raises as ``append`` does."""
        file, images = await self._current_images()
        try:
            line = images.add(image)
            await images.flush()
        except JournalError:
            await self._complete(file)
            raise
        await self._complete_by_size(file)
        content = content_of(image.image)
        return KeptImage(digest=line_digest(line), file=file.name, content=content)

    async def earlier(
        self, queue: str, messages: Mapping[str, float]
    ) -> dict[str, Delivered | KeptImage]:
        """What is on disk of messages of a queue that were delivered before, by their ids.

        ``messages``: when each was sent, in seconds since the epoch. Of each its result, which a
        worker on this directory could not tell the queue any more; else its newest before image.
        Files that were sent are not looked at, nor those that nobody has written to since then.
        """
        since = min(messages.values(), default=0.0) - CLOCKS_APART
        async with self._looking:
            for kept in (self._kept_results, self._kept_images):
                parts = kept.read_new(since)
                while await anyio.to_thread.run_sync(_has_another, parts):
                    pass
            return await anyio.to_thread.run_sync(self._find, queue, messages)

    def _find(self, queue: str, messages: Mapping[str, float]) -> dict[str, Delivered | KeptImage]:
        found: dict[str, Delivered | KeptImage] = {}
        for name, sent_at in messages.items():
            since = sent_at - CLOCKS_APART
            if (result := self._kept_results.find(queue, name, since)) is not None:
                found[name] = result.record
            elif (image := self._kept_images.find(queue, name, since)) is not None:
                file, content = image.path.name.removesuffix(".open"), image.record.image
                digest = line_digest(image.line)
                found[name] = KeptImage(digest=digest, file=file, content=content_of(content))
        return found

    async def _current_file(self) -> OpenFile:
        async with self._beginning:
            if self._current is None:
                try:
                    self._current = await anyio.to_thread.run_sync(OpenFile, self.path)
                except OSError as error:
                    raise _unusable(self.path, error) from error
                self._tasks.start_soon(self._complete_by_age, self._current)
            return self._current

    async def _current_images(self) -> tuple[OpenFile, Journal[MessageImage]]:
        """The file that is being written, with that of its images, begun where there is none."""
        while True:
            file = await self._current_file()
            async with file.beginning:
                if file.images is None and file is self._current:
                    try:
                        await anyio.to_thread.run_sync(file.begin_images)
                    except OSError as error:
                        raise _unusable(self.path / IMAGES, error) from error
            if file.images is not None and file is self._current:
                return file, file.images

    async def _complete_by_size(self, file: OpenFile) -> None:
        images = 0 if file.images is None else file.images.length
        if max(file.journal.length, images) >= self._rotate_bytes:
            await self._complete(file)

    async def _complete_by_age(self, file: OpenFile) -> None:
        with anyio.move_on_after(self._rotate_seconds):
            await file.completed.wait()
        await self._complete(file)

    async def _complete(self, file: OpenFile) -> None:
        """End a file, unless it has ended. From here on results go into another."""
        if file is not self._current:
            return
        self._current = None
        file.completed.set()
        with anyio.CancelScope(shield=True):
            async with file.beginning:
                journals = [each for each in (file.images, file.journal) if each is not None]
            for journal in journals:
                with suppress(JournalError):  # who appended was told
                    async with journal:
                        pass
            await anyio.to_thread.run_sync(self._files.finish, file.path, file.lock)
        if self._sender is not None:
            self._sender.notify()


def _has_another(parts: Iterator[None]) -> bool:
    """Take a part; whether there was one."""
    try:
        next(parts)
    except StopIteration:
        return False
    return True


def _unusable(path: Path, error: OSError) -> JournalError:
    return JournalError(
        f"{path}: can't be used as results directory: {error.strerror}. Put that right, or give"
        " another."
    )
