"""Progress of a run: a live bar on a terminal, a plain line every few seconds elsewhere."""

import sys
from contextlib import suppress

from msgspec import Struct
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn

from batcher.cli.output.echo import echo
from batcher.cli.output.format import duration, number, pace
from batcher.jobs.run_state import RunState
from batcher.ports import Clock

EVERY_PLAIN = 5.0  # seconds between plain lines
EVERY_LIVE = 0.2
WINDOW = 10.0  # seconds over which the rate that is shown was measured


class ProgressSnapshot(Struct, frozen=True, kw_only=True):
    """Where a run stands; ``rate``: requests answered per second."""

    done: int
    total: int
    failed: int
    throttled: int
    rate: float

    def __str__(self) -> str:
        left = duration((self.total - self.done) / self.rate) if self.rate > 0 else "?"
        return (
            f"{number(self.done)}/{number(self.total)} done, {number(self.failed)} failed, "
            f"{number(self.throttled)} throttled, {pace(self.rate)}, {left} left"
        )


class ProgressMeter:
    """Reads how far a run is, and its rate over the last WINDOW seconds."""

    def __init__(self, state: RunState, now: float) -> None:
        self._state = state
        self._marks: list[tuple[float, int]] = [(now, 0)]  # when so many were answered

    def read(self, now: float) -> ProgressSnapshot:
        """The run at this moment. ``now`` in monotonic seconds."""
        tallies = self._state.tallies.values()
        answered = sum(tally.session_answered for tally in tallies)
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
        )


async def show_progress(state: RunState, clock: Clock) -> None:
    """Show on standard error how far a run is. Runs until it is cancelled."""
    show = _show_bar if sys.stderr.isatty() else _show_lines
    with suppress(OSError):  # nobody reads it any more: no reason to stop the run
        await show(ProgressMeter(state, clock.now()), clock)


async def _show_lines(meter: ProgressMeter, clock: Clock) -> None:
    while True:
        await clock.sleep(EVERY_PLAIN)
        echo(str(meter.read(clock.now())), err=True)


async def _show_bar(meter: ProgressMeter, clock: Clock) -> None:
    columns = (
        BarColumn(bar_width=None),
        TextColumn("{task.percentage:>3.0f} %"),
        TextColumn("{task.description}"),
    )
    with Progress(*columns, console=Console(stderr=True), expand=True, transient=False) as bar:
        task = bar.add_task("", total=None)

        def show() -> None:
            found = meter.read(clock.now())
            bar.update(task, total=found.total, completed=found.done, description=str(found))

        show()
        try:
            while True:
                await clock.sleep(EVERY_LIVE)
                show()
        finally:
            show()
