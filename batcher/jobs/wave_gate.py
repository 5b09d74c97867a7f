"""What comes after a wave of a run: the soak, then the check or a question; whether it goes on.

Decides and waits. What is kept of that, and what is done then, is in ``wave_execution``.
"""

import math
from datetime import datetime
from typing import Protocol

import anyio
import msgspec
from anyio.abc import TaskStatus
from msgspec import Struct

from batcher.accounting.completion_time import clock_after
from batcher.child_process import ChildEnded, run_child
from batcher.config.options import RUN_DIR, WAVE
from batcher.jobs.run_order import RunOrder
from batcher.jobs.wave_plan import WavePlan
from batcher.jobs.waves import ChangedUpdates
from batcher.records import Summary
from batcher.storage.wave_file import EndedWave, Outcome

GOES_ON, FAILED, ASKS = 0, 1, 75  # exit codes of a check; 75 is EX_TEMPFAIL of sysexits.h
AGAIN = "Run the same command again"


class Attendant(Protocol):
    """Who is there while a run is between two waves."""

    def tell(self, text: str) -> None:
        """Told what is done, and each line that a check writes."""
        ...

    async def agrees(self, question: str, summary: Summary, changed: ChangedUpdates) -> bool:
        """Whether somebody says yes; nobody is there: no. ``changed``: what the waves did."""
        ...

    async def listen(self, *, task_status: TaskStatus[None]) -> None:
        """Listen for signals until it is cancelled; started once it does."""
        ...


class Nobody:
    """An Attendant of who runs unseen."""

    def tell(self, text: str) -> None:
        """Tell nobody."""

    async def agrees(self, question: str, summary: Summary, changed: ChangedUpdates) -> bool:
        return False

    async def listen(self, *, task_status: TaskStatus[None]) -> None:
        task_status.started()
        await anyio.sleep_forever()


class WaveVerdict(Struct, frozen=True, kw_only=True):
    """Whether a run goes on after a wave; ``stopped``: why not, in words.

    ``outcome``: what is kept of that for the next session; ``undo``: whether what the run did is to
    be put back.
    """

    goes_on: bool = False
    stopped: str = ""
    outcome: Outcome | None = None
    undo: bool = False


class WaveGate:
    """Between the waves of one run. ``override``: go on after a check that failed before."""

    def __init__(
        self, order: RunOrder, plan: WavePlan, attendant: Attendant, *, override: bool
    ) -> None:
        self._order = order
        self._plan = plan
        self._attendant = attendant
        self._override = override
        self.state: str | None = None  # what is waited for, in words

    async def verdict(
        self, ended: EndedWave, summary: Summary, changed: ChangedUpdates
    ) -> WaveVerdict:
        """Whether the run goes on after a wave that has ended, now or in an earlier session."""
        if ended.outcome == "failed":
            said = f"the check of {_name(ended)} failed"
            return await self._against(said, ended, summary, changed)
        if ended.outcome == "waits":
            return WaveVerdict(goes_on=True)
        if not self._plan.goes_on_from(ended.of):
            wave, without = _name(ended), "and this command has no waves or check"
            said = f"{wave} was not soaked and checked to the end, {without}"
            if ended.outcome == "asks":
                said = f"the check of {wave} asked for a person, {without}"
            return await self._against(said, ended, summary, changed)
        if ended.outcome == "asks":
            return WaveVerdict(goes_on=True)
        await self._soak(ended)
        if self._plan.check is not None:
            return await self._checked(ended, summary, changed)
        if not self._plan.asks or await self._agrees(
            "Go on with the rest?" if self._is_canary else "Go on with the next wave?",
            summary,
            changed,
        ):
            return WaveVerdict(goes_on=True)
        if self._is_canary:
            stopped = f"after the first {self._order.settings.canary} (--canary)"
        else:
            stopped = f"after {_name(ended)} (--waves)"
        return WaveVerdict(stopped=stopped, outcome="waits")

    @property
    def _is_canary(self) -> bool:
        return self._order.settings.canary is not None

    async def _soak(self, ended: EndedWave) -> None:
        """Wait for what is left of the soak, which began when the wave ended."""
        clock = self._order.clock
        now = datetime.fromisoformat(clock.wall())
        left = self._plan.soak - max(0.0, (now - ended.ended_at).total_seconds())
        if left <= 0:
            return
        at = clock_after(now.astimezone(), left)
        what = "the check" if self._plan.check else "the next wave"
        self._tell(f"Soaks for {math.ceil(left):,} s, until {at:%H:%M:%S}; then {what}.")
        self.state = f"soak until {at:%H:%M:%S}"
        self._order.log.info("run.soaking", wave=ended.number, of=ended.of, seconds=left)
        await clock.sleep(left)

    async def _checked(
        self, ended: EndedWave, summary: Summary, changed: ChangedUpdates
    ) -> WaveVerdict:
        """Run the check, and take its exit code at its word; anything else is no verdict."""
        check, wave = self._plan.check, _name(ended)
        assert check is not None
        self._tell(f"Checks {wave}: {check.shown}")
        self.state = "check running"
        found = await run_child(
            check.arguments,
            given=_said_to_check(ended, summary),
            environ={RUN_DIR: str(self._order.directory.path.absolute()), WAVE: str(ended.number)},
            at_most=self._plan.check_timeout,
            on_line=lambda line: self._tell(f"check: {line}"),
        )
        self._log(ended, found)
        how = f"({check.shown}: {found})"
        if found.code == GOES_ON:
            self._tell(f"The check of {wave} says: go on.")
            return WaveVerdict(goes_on=True)
        if found.code == FAILED:
            stopped, undo = f"the check of {wave} failed {how}", self._plan.rollback
            if not undo:
                stopped += ". The same command again asks before it goes on"
            return WaveVerdict(stopped=stopped, outcome="failed", undo=undo)
        if found.code == ASKS:
            question = f"The check of {wave} asks: {self._what_next(summary)}"
            if await self._agrees(question, summary, changed):
                return WaveVerdict(goes_on=True)
            stopped = f"the check of {wave} asks for a person {how}. {AGAIN} to go on"
            return WaveVerdict(stopped=stopped, outcome="asks")
        stopped = f"the check of {wave} came to no verdict {how}. {AGAIN} to have it checked again"
        return WaveVerdict(stopped=stopped)

    async def _against(
        self, said: str, ended: EndedWave, summary: Summary, changed: ChangedUpdates
    ) -> WaveVerdict:
        """Go on against what was ``said`` of a check before, where somebody wants it."""
        question = f"{said[0].upper()}{said[1:]}. All the same: {self._what_next(summary)}"
        if self._override or await self._agrees(question, summary, changed):
            self._order.log.warning("run.check_overridden", wave=ended.number, of=ended.of)
            return WaveVerdict(goes_on=True)
        stopped = (
            f"{said}, and nobody said to go on all the same. The same command again with"
            " --override-check does"
        )
        return WaveVerdict(stopped=stopped, outcome=ended.outcome)

    @staticmethod
    def _what_next(summary: Summary) -> str:
        return "go on with the next wave?" if summary.not_started else "is the run done?"

    async def _agrees(self, question: str, summary: Summary, changed: ChangedUpdates) -> bool:
        self.state = "question"
        return await self._attendant.agrees(question, summary, changed)

    def _tell(self, text: str) -> None:
        self._attendant.tell(text)

    def _log(self, ended: EndedWave, found: ChildEnded) -> None:
        log = self._order.log.info if found.code == GOES_ON else self._order.log.warning
        problem = found.problem or None
        log("run.checked", wave=ended.number, of=ended.of, code=found.code, problem=problem)


def _name(ended: EndedWave) -> str:
    return f"wave {ended.number} of {ended.of}"


def _said_to_check(ended: EndedWave, summary: Summary) -> bytes:
    wave = {name: getattr(ended, name) for name in ("number", "of", "changed", "ended_at")}
    return msgspec.json.encode(msgspec.to_builtins(summary) | {"wave": wave}) + b"\n"
