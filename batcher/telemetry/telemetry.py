"""What a run or a worker tells an OpenTelemetry collector, and that it is never waited for.

Nothing of OpenTelemetry is imported here: an extra brings it, and who gives no URL needs none.
"""

from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import anyio.to_thread
from structlog.typing import FilteringBoundLogger

from batcher.clock import SystemClock
from batcher.errors import SettingsError
from batcher.foreign_text import shown_url
from batcher.optional_imports import optional_module
from batcher.ports import AttemptMade
from batcher.records import Depth, Result, Summary
from batcher.target_identity import TargetIdentity
from batcher.task_groups import open_task_group
from batcher.telemetry.lane_state import LaneState
from batcher.telemetry.variables import checked_variables

if TYPE_CHECKING:
    from batcher.telemetry.exporting import Exporting

SAMPLE_EVERY = 5.0  # seconds between two looks at what has a value at each moment
FLUSH_WITHIN = 5.0  # seconds at the end for what is not sent yet


class Telemetry:
    """Traces and metrics of one run or worker; without ``url`` nothing of it happens.

    ``session``: an id that no other run or worker has; ``kind``: of run, or ``worker``. ``lanes``
    and ``depth`` are asked now and then; ``say`` is told, in words, what was lost.
    """

    def __init__(
        self,
        url: str | None,
        *,
        kind: str,
        session: str,
        clock: SystemClock,
        log: FilteringBoundLogger,
        flush_within: float = FLUSH_WITHIN,
    ) -> None:
        self.lanes: Callable[[], Iterable[LaneState]] = tuple
        self.depth: Callable[[], Depth | None] = lambda: None
        self.say: Callable[[str], None] = lambda _: None
        self._url = url
        self._kind = kind
        self._session = session
        self._clock = clock
        self._log = log
        self._flush_within = flush_within
        self._exporting: Exporting | None = None

    def __bool__(self) -> bool:
        return self._url is not None

    @asynccontextmanager
    async def open(self) -> AsyncIterator[None]:
        """Send until the end of the body, and then what is left for a time.

        Cancelled, or with an error that is none of batcher's, it leaves what is left. Raises
        SettingsError.
        """
        if self._url is None:
            yield
            return
        self._exporting = self._opened(self._url)
        try:
            async with open_task_group() as tasks:
                tasks.start_soon(self._sample)
                try:
                    yield
                except Exception:
                    await self.finish()
                    raise
                await self.finish()
                tasks.cancel_scope.cancel()
        finally:
            self._end()

    def _opened(self, url: str) -> "Exporting":
        opened: Exporting | None = None
        try:
            with checked_variables():
                exporting = optional_module("batcher.telemetry.exporting", _missing())
                opened = exporting.Exporting(
                    url, kind=self._kind, session=self._session, clock=self._clock, log=self._log
                )
        except SettingsError:
            if opened is not None:
                opened.stop()
            raise
        return opened

    def begin(self) -> None:
        """From now on an attempt is made for an update, whose trace ends with its result."""
        if self._exporting is not None:
            self._exporting.spans.begin()

    def attempted(self, made: AttemptMade, place: TargetIdentity) -> None:
        """Take note of an attempt that is just over."""
        if self._exporting is not None:
            self._exporting.instruments.attempted(made)
            self._exporting.spans.attempted(made, place)

    def settled(self, result: Result) -> None:
        """Take note of the result of an update."""
        if self._exporting is not None:
            self._exporting.instruments.settled(result)
            self._exporting.spans.settled(result)

    def ended(self, summary: Summary | None) -> None:
        """Take note of what a run came to; None: it wrote no summary."""
        if self._exporting is not None:
            self._exporting.spans.ended(summary)

    def hurry(self) -> None:
        """Wait for nothing at the end."""
        self._flush_within = 0.0

    async def finish(self) -> None:
        """Send what is left, for a time; what comes later is not sent."""
        if (exporting := self._exporting) is None:
            return
        self._look()
        try:
            done = exporting.finish()
            await anyio.to_thread.run_sync(done.wait, self._flush_within, abandon_on_cancel=True)
        finally:
            self._end()

    def _end(self) -> None:
        exporting, self._exporting = self._exporting, None
        if exporting is None:
            return
        exporting.stop()
        if (lost := exporting.delivery.lost_text()) is not None:
            self._log.warning("telemetry.lost", endpoint=shown_url(self._url or ""), reason=lost)
            self.say(f"OpenTelemetry: {lost}, to {shown_url(self._url or '')}.")

    async def _sample(self) -> None:
        while True:
            self._look()
            await anyio.sleep(SAMPLE_EVERY)

    def _look(self) -> None:
        if self._exporting is not None:
            self._exporting.instruments.observe(tuple(self.lanes()), self.depth())


def _missing() -> SettingsError:
    return SettingsError(
        "--otlp needs OpenTelemetry's SDK. Install it with: pip install 'batcher[otlp]'"
    )
