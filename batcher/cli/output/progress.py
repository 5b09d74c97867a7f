"""Progress of a run: a live bar on a terminal, a plain line every few seconds elsewhere."""

import sys
import time
from contextlib import suppress

import anyio
import click
from msgspec import Struct
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn

from batcher.cli.output.format import duration, number, pace
from batcher.jobs.run_state import RunState

EVERY_PLAIN = 5.0  # seconds between plain lines
EVERY_LIVE = 0.2
WINDOW = 10.0  # seconds over which the rate that is shown was measured


class ProgressSnapshot(Struct, frozen=True, kw_only=True):
    """Where a run stands."""

    done: int
    total: int
    failed: int
    throttled: int
    rate: float
    quota: float | None

    @property
    def eta(self) -> str:
        left = self.total - self.done
        return duration(left / self.rate) if self.rate > 0 else "?"

    def line(self) -> str:
        return (
            f"{number(self.done)}/{number(self.total)} done, {number(self.failed)} failed, "
            f"{number(self.throttled)} throttled, {pace(self.rate)}, {self.eta} left"
        )


async def show_progress(state: RunState) -> None:
    """Show on standard error how far a run is. Runs until it is cancelled."""
    show = _live if sys.stderr.isatty() else _plain
    with suppress(OSError):  # nobody reads it any more: no reason to stop the run
        await show(_Meter(state))


async def _plain(meter: "_Meter") -> None:
    while True:
        await anyio.sleep(EVERY_PLAIN)
        click.echo(meter.read().line(), err=True)


async def _live(meter: "_Meter") -> None:
    columns = (
        BarColumn(bar_width=None),
        TextColumn("{task.percentage:>3.0f} %"),
        TextColumn("{task.description}"),
    )
    with Progress(*columns, console=Console(stderr=True), expand=True, transient=False) as bar:
        snapshot = meter.read()
        task = bar.add_task(snapshot.line(), total=snapshot.total, completed=snapshot.done)
        try:
            while True:
                await anyio.sleep(EVERY_LIVE)
                snapshot = meter.read()
                bar.update(task, completed=snapshot.done, description=snapshot.line())
        finally:
            snapshot = meter.read()
            bar.update(task, completed=snapshot.done, description=snapshot.line())


class _Meter:
    """Reads the tallies, and the rate over the last WINDOW seconds."""

    def __init__(self, state: RunState) -> None:
        self._state = state
        self._marks: list[tuple[float, int]] = [(time.monotonic(), 0)]

    def read(self) -> ProgressSnapshot:
        tallies = self._state.tallies.values()
        answered = sum(tally.session_attempts for tally in tallies)
        now = time.monotonic()
        self._marks.append((now, answered))
        while len(self._marks) > 2 and self._marks[1][0] < now - WINDOW:
            self._marks.pop(0)
        began, before = self._marks[0]
        return ProgressSnapshot(
            done=sum(tally.done for tally in tallies),
            total=sum(self._state.totals.values()),
            failed=sum(tally.unsuccessful for tally in tallies),
            throttled=sum(tally.session_throttles for tally in tallies),
            rate=(answered - before) / (now - began) if now > began else 0.0,
            quota=None,
        )
