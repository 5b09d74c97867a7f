"""Progress of a run: a live bar on a terminal, a plain line every few seconds elsewhere."""

import sys
from collections.abc import Callable, Sequence
from contextlib import suppress

from msgspec import Struct

from batcher.cli.output.bar import bar
from batcher.cli.output.echo import echo
from batcher.engine.breaker_gate import Away
from batcher.engine.pace_control import PaceControl
from batcher.jobs.run_state import RunState
from batcher.number_text import duration, number, pace
from batcher.ports import Clock

EVERY_PLAIN = 5.0  # seconds between plain lines
EVERY_LIVE = 0.2
WINDOW = 10.0  # seconds over which the rate that is shown was measured


class ProgressSnapshot(Struct, frozen=True, kw_only=True):
    """Where a run stands.

    ``rate``: requests answered per second that is not paused, ``results``: updates done in it;
    ``sent``: anything was, by this session; ``paused``: why nothing is, in words; ``away``: which
    targets are; ``wave``: the one under way, where there are several.
    """

    done: int
    total: int
    failed: int
    throttled: int
    rate: float
    results: float
    sent: bool
    paused: str | None = None
    away: str | None = None
    wave: str = ""

    def __str__(self) -> str:
        return ", ".join(self._parts())

    def fitted(self, width: int) -> str:
        """It, or as much of it as fits into that many columns, the most important first."""
        if len(str(self)) <= width:
            return str(self)
        text, *rest = self._parts(paused="paused")
        for part in (rest[-1], *rest[:-1]):
            if len(text) + len(part) + 2 <= width:
                text = f"{text}, {part}"
        return text

    def _parts(self, paused: str | None = None) -> tuple[str, ...]:
        known = self.results > 0 and self.paused is None and self.away is None
        left = f"{duration((self.total - self.done) / self.results) if known else '?'} left"
        if self.paused is not None:
            left = paused or f"paused {self.paused}"
        elif self.away is not None:
            left = self.away
        wave = f"{self.wave}: " if self.wave else ""
        done = f"{wave}{number(self.done)}/{number(self.total)}"
        failed = f"{number(self.failed)} failed"
        if not self.sent:
            return f"{done} looked at", failed, "only reads so far", pace(self.results), left
        throttled = f"{number(self.throttled)} throttled"
        return f"{done} done", failed, throttled, pace(self.rate), left


class ProgressMeter:
    """Reads how far a run is, and its rate over the last WINDOW seconds."""

    def __init__(
        self,
        state: RunState,
        control: PaceControl,
        now: float,
        away: Callable[[], Sequence[Away]] = tuple,
        wave: Callable[[], str] = str,
    ) -> None:
        self._state = state
        self._control = control
        self._away = away
        self._wave = wave
        # when so many were answered, and done, by a clock that stands still in a pause
        self._marks = [(self._unpaused(now), 0, self._done)]

    def read(self, now: float) -> ProgressSnapshot:
        """The run at this moment. ``now`` in monotonic seconds."""
        tallies = self._state.tallies.values()
        answered = sum(tally.session_answered for tally in tallies)
        done = self._done
        at = self._unpaused(now)
        if answered < self._marks[-1][1]:  # another part of the session has begun
            self._marks = [(at, answered, done)]
        elif len(self._marks) > 1 and self._marks[-1][0] == at:
            self._marks.pop()
        self._marks.append((at, answered, done))
        while len(self._marks) > 2 and self._marks[1][0] < at - WINDOW:
            self._marks.pop(0)
        began, before, done_before = self._marks[0]
        seconds = at - began
        rate = (answered - before) / seconds if seconds > 0 else 0.0
        results = (done - done_before) / seconds if seconds > 0 else 0.0
        throttled = sum(tally.session_throttles for tally in tallies)
        sent = answered + throttled > 0 or any(tally.ever_accepted for tally in tallies)
        return ProgressSnapshot(
            done=done,
            total=sum(self._state.totals.values()),
            failed=sum(tally.unsuccessful for tally in tallies),
            throttled=throttled,
            rate=rate,
            results=results * self._slowed_down(rate),
            sent=sent,
            paused=self._control.paused,
            away="; ".join(map(self._told, self._away())) or None,
            wave=self._wave(),
        )

    def _unpaused(self, now: float) -> float:
        return now - self._control.paused_seconds(now)

    def _slowed_down(self, rate: float) -> float:
        """The part of a rate (0 to 1) that the bounds of this moment leave of it."""
        if (bound := self._control.rate) is None:
            return 1.0
        state = self._state
        at_work = sum(tally.done < state.totals[name] for name, tally in state.tallies.items())
        return min(1.0, bound * max(1, at_work) / rate) if rate else 1.0

    def _told(self, away: Away) -> str:
        name = f" {away.target}" if len(self._state.totals) > 1 else ""
        return f"target{name} away for {duration(away.seconds)} ({away.code})"

    @property
    def _done(self) -> int:
        return sum(tally.done for tally in self._state.tallies.values())


async def show_progress(meter: ProgressMeter, clock: Clock) -> None:
    """Show on standard error how far a run is. Runs until it is cancelled."""
    show = _show_bar if sys.stderr.isatty() else _show_lines
    with suppress(OSError):  # nobody reads it any more: no reason to stop the run
        await show(meter, clock)


async def _show_lines(meter: ProgressMeter, clock: Clock) -> None:
    while True:
        await clock.sleep(EVERY_PLAIN)
        echo(str(meter.read(clock.now())), err=True)


async def _show_bar(meter: ProgressMeter, clock: Clock) -> None:
    with bar() as shown:
        task = shown.add_task("", total=None)

        def show() -> None:
            found = meter.read(clock.now())
            shown.mark(trouble=found.failed > 0 or found.away is not None)
            text = found.fitted(shown.columns_left)
            shown.update(task, total=found.total, completed=found.done, description=text)

        show()
        try:
            while True:
                await clock.sleep(EVERY_LIVE)
                show()
        finally:
            show()
