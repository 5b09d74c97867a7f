"""A process that keeps to a timetable: the rule of the moment pauses it or bounds its pace."""

from datetime import datetime, tzinfo

from structlog.typing import FilteringBoundLogger

from batcher.accounting.timetable import Timetable, TimetableRule
from batcher.engine.pace_control import PaceControl

TIMETABLE = "timetable"  # by whom pauses and bounds are, in a PaceControl
LOOK_AT_LEAST_EVERY = 30.0  # seconds: wall clocks may be put forward or back
LEAST = 0.05  # seconds


class TimetableWatch:
    """Sets what the rule of the moment says, by the wall clock."""

    def __init__(
        self,
        timetable: Timetable,
        zone: tzinfo | None,
        control: PaceControl,
        log: FilteringBoundLogger,
    ) -> None:
        self._timetable = timetable
        self._zone = zone
        self._control = control
        self._log = log
        self._said: tuple[TimetableRule | None, float | None] = (None, None)
        self._wait = 0.0

    async def look(self) -> None:
        """Set what the rule of the moment says; what changed is told once."""
        now = datetime.fromisoformat(self._control.clock.wall()).timestamp()
        rule = self._timetable.rule_at(now, self._zone)
        until = self._timetable.change_after(now, self._zone)
        wait = LOOK_AT_LEAST_EVERY if until is None else until - now
        self._wait = min(max(wait, LEAST), LOOK_AT_LEAST_EVERY)
        if (rule, until) == self._said:
            return
        self._said = rule, until
        self._set(rule, "" if until is None else f" until {self._local(until)}")

    async def run(self) -> None:
        """Look whenever another rule may count. Runs until it is cancelled."""
        while True:
            await self._control.clock.sleep(self._wait)
            await self.look()

    def let_go(self) -> None:
        """Bound nothing any longer."""
        self._control.resume(TIMETABLE)
        self._control.bound(TIMETABLE)

    def _set(self, rule: TimetableRule | None, until: str) -> None:
        text = "no rule" if rule is None else rule.text
        self._log.warning("timetable.rule", rule=text, until=until.removeprefix(" until ") or None)
        if rule is not None and rule.paused:
            self._control.pause(TIMETABLE, f"by --timetable ({text}){until}")
        else:
            self._control.resume(TIMETABLE)
        share, rate = (None, None) if rule is None else (rule.share, rule.rate)
        self._control.bound(TIMETABLE, rate=rate, share=share)

    def _local(self, instant: float) -> str:
        name = "" if self._zone is None else f" ({self._zone})"
        return f"{datetime.fromtimestamp(instant, self._zone):%a %d %b %H:%M}{name}"
