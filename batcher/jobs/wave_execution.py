"""A run gone through wave by wave, and what is kept of that, so that a crash changes none of it.

Each wave is a part of the run; what comes after it is decided in ``wave_gate``.
"""

from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import TypeAlias

import anyio
import anyio.to_thread
import msgspec

from batcher.accounting.tally import MORE_ADVICE
from batcher.errors import BatcherError
from batcher.jobs.place_sources import PlaceSources
from batcher.jobs.run_order import RunOrder
from batcher.jobs.run_state import RunState
from batcher.jobs.wave_gate import Attendant, WaveGate, WaveVerdict
from batcher.jobs.wave_order import WaveOrder, read_order
from batcher.jobs.waves import Wave
from batcher.records import INTERRUPTED, Summary
from batcher.storage.wave_file import EndedWave, PendingUndo, WaveProgress, write_waves
from batcher.task_groups import open_task_group

PUT_BACK = (
    "What this run did is to be put back (--rollback-on-failure): the same command again goes on"
    " with that, or says by what it was done"
)

OnWaveEnded: TypeAlias = Callable[[EndedWave], None]
"""Told of each wave that has ended, once, before its soak and check."""


class WaveExecution:
    """The waves of one run.

    ``part``: does a wave, None: all that is left; ``stop``: writes down why no more is done;
    ``own_fault``: why its own updates ended a run, None: they did not; ``left_alone``: whether only
    targets that are left for later kept the part before from doing all of its updates.
    """

    def __init__(
        self,
        order: RunOrder,
        state: RunState,
        *,
        part: Callable[[Wave | None], Awaitable[Summary]],
        stop: Callable[[str], Summary],
        own_fault: Callable[[], str | None],
        left_alone: Callable[[], bool],
        attendant: Attendant,
        sources: PlaceSources,
        on_ended: OnWaveEnded,
        override: bool,
    ) -> None:
        self._order = order
        self._state = state
        self._plan = state.plan
        self._progress = state.progress
        self._part = part
        self._stop = stop
        self._own_fault = own_fault
        self._left_alone = left_alone
        self._attendant = attendant
        self._sources = sources
        self._on_ended = on_ended
        self._gate = WaveGate(order, state.plan, attendant, override=override)
        self._orders: dict[str, WaveOrder] = {}
        self._drained = False
        self._between = anyio.CancelScope()

    def __repr__(self) -> str:
        return f"<WaveExecution: wave {self.number} of {len(self._plan.limits)}>"

    @property
    def number(self) -> int:
        """The wave that is under way, from 1."""
        return self._plan.number(self._progress.passed)

    @property
    def waits_for(self) -> str | None:
        """In words, what is waited for between two waves; None: nothing is."""
        return self._gate.state

    @property
    def is_to_be_undone(self) -> bool:
        """Whether what the run did is to be put back."""
        return self._progress.undo is not None

    @property
    def soaks_left(self) -> float:
        """Seconds of the soaks that are left, that of the moment included."""
        left = self._plan.soaks(self._progress.passed)
        if (ended := self._progress.ended) is None or not left:
            return left
        now = datetime.fromisoformat(self._order.clock.wall())
        over = max(0.0, (now - ended.ended_at).total_seconds())
        return left - min(self._plan.soak, over)

    @property
    def asks(self) -> bool:
        """Whether somebody has to say that it may go on, once more at least."""
        return self._plan.asks and self.number < len(self._plan.limits)

    def line_order(self, target: str) -> WaveOrder | None:
        """In which order the lines of a target have their turn; None: as they are in the file."""
        return self._orders.get(self._sources.together(target)[0])

    def drain(self) -> None:
        """Wait for nothing between two waves any more."""
        self._drained = True
        self._between.cancel()

    async def execute(self) -> Summary:
        """Go through the waves that are left, until one is not followed by another."""
        while True:
            changed, resumes = self._state.changed.count, self._progress.ended is not None
            summary = await self._part(await self._wave())
            moves = resumes or self._state.changed.count > changed
            if summary.stopped is not None and not (moves and self._left_alone()):
                return self._stopped(summary)
            if not self._plan.in_waves and self._progress.ended is None:
                return summary
            try:
                stopped = await self._after_wave(summary)
            except BatcherError as error:  # what can't be kept can't be gone by
                stopped = str(error)
            if stopped is not None:
                return self._stop(stopped)
            if not summary.not_started:
                return summary

    async def _after_wave(self, summary: Summary) -> str | None:
        """Do what comes after a wave; returns why the run goes no further, None: it does."""
        ended, changed = self._progress.ended, self._state.changed.count
        if changed == self._progress.passed:
            return None  # nothing was changed, and so there is nothing to be checked
        if ended is None:
            ended = self._end_wave(summary)
        follows = bool(summary.not_started and self._unfinished_now())
        if follows or self._plan.check is not None or ended.outcome is not None:
            verdict = await self._verdict(ended, summary)
            if not verdict.goes_on:
                outcome = verdict.outcome or ended.outcome
                ended = msgspec.structs.replace(ended, outcome=outcome)
                undo = PendingUndo(reason=verdict.stopped) if verdict.undo else None
                self._keep(msgspec.structs.replace(self._progress, ended=ended, undo=undo))
                return f"{verdict.stopped}. {PUT_BACK}" if verdict.undo else verdict.stopped
        self._keep(WaveProgress(passed=changed))
        return None

    def _unfinished_now(self) -> list[str]:
        """The targets that have updates left, without those that are left for later."""
        later = self._order.settings.targets_left
        return [name for name in self._state.unfinished if name not in later]

    async def _wave(self) -> Wave | None:
        """The updates of the wave that is next; None: all that is left."""
        changed, progress = self._state.changed, self._progress
        if progress.ended is not None:
            return Wave(changed.count, {}, changed)  # nothing, before its soak and check
        if (limit := self._plan.limit(progress.passed)) == self._plan.limits[-1]:
            self._orders.clear()
            return None
        unfinished = self._unfinished_now()
        firsts = dict.fromkeys(self._sources.together(each)[0] for each in unfinished)
        for name in firsts.keys() - self._orders.keys():
            self._orders[name] = await anyio.to_thread.run_sync(self._read_order, name)
        done = self._state.done
        left = {
            name: (line for line in order if line not in done)
            for name, order in self._orders.items()
        }
        return Wave(limit, left, changed, {name: self._sources.lines(name) for name in left})

    def _read_order(self, target: str) -> WaveOrder:
        return read_order(self._sources.source(target))

    def _end_wave(self, summary: Summary) -> EndedWave:
        """Keep that a wave has ended, and tell of it."""
        order, changed = self._order, self._state.changed
        ended = EndedWave(
            number=self.number,
            of=len(self._plan.limits),
            changed=changed.count,
            ended_at=datetime.fromisoformat(order.clock.wall()),
        )
        self._keep(msgspec.structs.replace(self._progress, ended=ended))
        self._attendant.tell(
            f"Wave {ended.number} of {ended.of} has ended. Updates sent so far: {ended.changed:,}."
        )
        order.log.info("run.wave_ended", wave=ended.number, of=ended.of, changed=changed.count)
        if order.settings.canary is not None and ended.number == 1 and summary.not_started:
            named = sorted(changed.canary, key=lambda update: update.line)
            order.log.info("run.canary", updates=msgspec.to_builtins(named))
        self._on_ended(ended)
        return ended

    async def _verdict(self, ended: EndedWave, summary: Summary) -> WaveVerdict:
        verdict = WaveVerdict(stopped=INTERRUPTED)
        if self._drained:
            return verdict
        try:
            async with open_task_group() as tasks:
                self._between = tasks.cancel_scope
                await tasks.start(self._attendant.listen)
                verdict = await self._gate.verdict(ended, summary, self._state.changed)
                tasks.cancel_scope.cancel()
        except BaseException:
            self._stop(INTERRUPTED)
            raise
        finally:
            self._gate.state = None
        return verdict

    def _stopped(self, summary: Summary) -> Summary:
        """A run that has stopped: where its own updates did that, it may be put back."""
        why = summary.stopped
        if not self._plan.rollback or why in (None, INTERRUPTED) or self._own_fault() is None:
            return summary
        why = why.replace(f". {MORE_ADVICE}", "")  # it is put back, and does not go on
        self._keep(msgspec.structs.replace(self._progress, undo=PendingUndo(reason=why)))
        return self._stop(f"{why}. {PUT_BACK}")

    def _keep(self, progress: WaveProgress) -> None:
        if progress == self._progress:
            return
        write_waves(self._order.directory.waves, progress)
        self._progress = progress
