"""The running of a run: lanes set to work, drained or aborted, and the books closed after it."""

from collections.abc import Callable, Coroutine, Iterable, Mapping
from contextlib import suppress
from datetime import datetime
from functools import cached_property, partial
from typing import Any, TypeAlias

import anyio
import anyio.to_thread
from anyio.abc import TaskGroup

from batcher.accounting.tally import stop_reason, time_spent
from batcher.accounting.time_breakdown import LaneSession
from batcher.accounting.time_spent import RunTimeSpent
from batcher.aws.client import AwsTarget
from batcher.engine.deferring_reconciler import DeferringReconciler
from batcher.engine.lane import Lane
from batcher.engine.runner import Runner
from batcher.engine.shared_updates import LaneUpdates, SharedUpdates
from batcher.error_codes import INTERRUPTED as INTERRUPTED_UPDATE
from batcher.errors import AwsError, BatcherError, JournalError, OutageError
from batcher.jobs.connection import Connection
from batcher.jobs.place_sources import PlaceSources
from batcher.jobs.run_books import RunBooks
from batcher.jobs.run_events import RunEvents
from batcher.jobs.run_order import RunOrder
from batcher.jobs.run_outages import RunOutages
from batcher.jobs.run_places import check_places, noted_places
from batcher.jobs.run_state import RunState
from batcher.jobs.run_timeline import TimelineRecorder
from batcher.jobs.sent_before import SentBefore
from batcher.jobs.wave_execution import WaveExecution
from batcher.jobs.wave_gate import Attendant, Nobody
from batcher.jobs.waves import Wave, WaveSettler
from batcher.ports import BeforeImageStore
from batcher.records import INTERRUPTED, Result, Summary
from batcher.sources.file_source import FileSource
from batcher.status.snapshot import LaneSnapshot
from batcher.storage.wave_file import EndedWave
from batcher.task_groups import open_task_group
from batcher.updates.target_causes import reasons_text
from batcher.wiring.lane_snapshot import lane_snapshot

Beside: TypeAlias = Callable[[], Coroutine[Any, Any, None]]
"""Run while updates are sent, and cancelled at the end: progress, signals."""


class ApprovedRun:
    """A run that may start. Made by ``ReadyRun.approve``."""

    def __init__(
        self, order: RunOrder, state: RunState, connection: Connection, *, looks: bool
    ) -> None:
        """``looks``: at each trigger first, and keeps its before image."""
        self.order = order
        self.state = state
        self.connection = connection
        self._looks = looks
        self._books = RunBooks(order, state)
        self._runner: Runner | None = None
        self._drained = False
        self._began = 0.0  # the part of the session that is under way, monotonic seconds
        self._has_sent = False  # in a part of the session before this one
        self._wave: Wave | None = None  # the one that is under way; the last one is none
        self._waves: WaveExecution | None = None
        # in doubt: they may have been sent, and have no result
        self._interrupted: list[Result] = []
        self.events = RunEvents(order, state, connection.targets)
        noted = noted_places(order) if connection.unopened else {}
        self._sources = PlaceSources(state, connection.targets, connection.unopened, noted)
        self.outages = RunOutages(order, self.events, lambda: self.lanes)

    def __repr__(self) -> str:
        return f"<ApprovedRun {self.order.run_id}: {self.state.left:,} left, {self.lanes}>"

    @property
    def looks(self) -> bool:
        """Whether each trigger is looked at first, and its before image kept."""
        return self._looks

    @property
    def drained(self) -> bool:
        """Whether it was told to take nothing new."""
        return self._drained

    @property
    def lanes(self) -> list[Lane]:
        """The lanes at work, or that were."""
        return [] if self._runner is None else self._runner.lanes

    @property
    def in_flight(self) -> int:
        """How many calls are on their way."""
        return sum(pacer.in_flight for lane in self.lanes for pacer in lane.pacers)

    @property
    def wave(self) -> str:
        """``wave 2/4``; nothing for a run that is not in waves."""
        of = len(self.state.plan.limits)
        return "" if self._waves is None or of == 1 else f"wave {self._waves.number}/{of}"

    @property
    def waits_for(self) -> str | None:
        """``soak until 23:10:05``, ``check running`` or ``question``, between two waves."""
        return None if self._waves is None else self._waves.waits_for

    @property
    def soaks_left(self) -> float:
        """Seconds of soaks between waves that are left."""
        return self.state.soaks if self._waves is None else self._waves.soaks_left

    @property
    def asks(self) -> bool:
        """Whether somebody has to say between two waves, once more at least, that it may go on."""
        return self._waves is not None and self._waves.asks

    @property
    def given_up(self) -> Mapping[str, str]:
        """Why targets get no more updates, by name."""
        return {} if self._runner is None else self._runner.given_up

    @property
    def is_to_be_undone(self) -> bool:
        """Whether what it did is to be put back."""
        return self._waves is not None and self._waves.is_to_be_undone

    async def execute(
        self,
        beside: Beside | None = None,
        attendant: Attendant | None = None,
        *,
        override_check: bool = False,
    ) -> Summary:
        """Send what has no result yet, and write results, failed lines and summary.

        In waves, where its settings say so: ``attendant`` is told and asked between them. Raises
        RunDirectoryError when the directory is of another run, CredentialsError, HookError and
        BatcherError for what keeps it from sending anything.
        """
        self._waves = WaveExecution(
            self.order,
            self.state,
            part=partial(self._part, beside),
            stop=self._books.stop,
            own_fault=self.ended_by_its_updates,
            left_alone=self._is_left_alone,
            attendant=attendant or Nobody(),
            sources=self._sources,
            on_ended=self._wave_ended,
            override=override_check,
        )
        await self.events.ask("started")
        self.order.telemetry.begin()
        try:
            return await self._waves.execute()
        finally:
            self.events.ended(self._books.summary)
            self.order.telemetry.ended(self._books.summary)

    def _wave_ended(self, ended: EndedWave) -> None:
        wave = {name: getattr(ended, name) for name in ("number", "of", "changed")}
        self.events.tell("wave_ended", wave=wave)

    def drain(self) -> None:
        """Take nothing new, finish what is in flight; before the start: start nothing."""
        self._drained = True
        if self._waves is not None:
            self._waves.drain()
        if self._runner is not None:
            self._runner.drain(INTERRUPTED)

    def abort(self) -> None:
        """Stop now. What may have been sent is in doubt; unattended a resume sends it again."""
        self.order.telemetry.hurry()
        if self._runner is not None:
            self._runner.abort()

    def ended_by_its_updates(self) -> str | None:
        """In words, what of its updates ended it: to go on by itself would do the same; else None.

        More than ``max_failures`` did not succeed, or one changed more than was asked. A target
        that was refused everything is none: with other permissions it may go on.
        """
        limit = self.order.settings.max_failures
        tallies = self.state.tallies.values()
        reasons = (
            stop_reason(tally, limit) for tally in tallies if not tally.denials.why_hopeless()
        )
        return next((reason for reason in reasons if reason is not None), None)

    async def _part(self, beside: Beside | None, wave: Wave | None) -> Summary:
        """Do a wave, or what is left; the books are closed whatever happens."""
        self._wave = wave
        await self._claim()
        self._has_sent |= self._sends()
        for tally in self.state.tallies.values():
            tally.begin_part()
        clock = self.order.clock
        self._began = clock.now()
        stopped: str | None = "stopped by an error"
        try:
            stopped = await self._session(beside)
        except BatcherError as error:
            if not self._under_way(error):
                raise
            stopped = str(error)
        finally:
            self.connection.pacers.remember()
            self._books.note_places(self.connection.targets.values())
            seconds = clock.now() - self._began
            if self._interrupted:
                self._books.note_unanswered()
            self._interrupted.clear()
            summary = self._books.close(self._sessions(), wall_seconds=seconds, stopped=stopped)
        return summary

    def _is_left_alone(self) -> bool:
        """Whether nothing but targets that are left for later keeps updates from being done."""
        left = self.given_up.keys() <= self.order.settings.targets_left
        return left and self._ended_by_targets()

    def _ended_by_targets(self) -> bool:
        """Whether nothing but targets that were given up keeps updates from being done."""
        runner = self._runner
        return runner is not None and runner.stopped == reasons_text(runner.given_up)

    def _held_back(self) -> dict[str, str]:
        """Why targets that were not given up have updates left: others of their places were."""
        if not self._ended_by_targets():
            return {}
        given_up, found = self.given_up, dict[str, str]()
        for name in self.connection.targets:
            if name not in given_up and self.state.left_of(name):
                why = self._sources.why_held_back(name, given_up)
                found |= {} if why is None else {name: why}
        return found

    async def _claim(self) -> None:
        """Write down what is being run, and where; what is not known of that is asked again."""
        targets = self.connection.targets.values()
        for target in targets:
            if target.account_id is None:
                await target.account()
        check_places(self.order, targets)
        self._books.claim(targets, looks=self._looks)

    async def _session(self, beside: Beside | None) -> str | None:
        """Send what has no result yet; returns why it ended early, or None."""
        order, state = self.order, self.state
        async with self._books.open_journals(looks=self._looks) as (journal, images):
            runner = self._runner = Runner(
                journal=journal,
                log=order.log,
                max_failures=order.settings.max_failures,
                on_result=self._note,
            )
            order.telemetry.lanes = self._lane_snapshots
            if self._drained:
                runner.drain(INTERRUPTED)
            order.log.info(
                "run.started",
                updates=state.inspection.total,
                left=state.left,
                targets=list(self.connection.targets),
            )
            async with open_task_group() as tasks:
                tasks.start_soon(self._books.keep_heads, self._spent)
                tasks.start_soon(self._timeline().record)
                if beside is not None:
                    tasks.start_soon(beside)
                await runner.run(partial(self._start_lanes, runner, images))
                await self._keep_interrupted(runner)
                tasks.cancel_scope.cancel()
            for name, reason in self._held_back().items():
                order.log.warning("target.stopped", target=name, reason=reason)
            return runner.stopped

    def _timeline(self) -> TimelineRecorder:
        pacers, path = self.connection.pacers, self.order.directory.timeline
        return TimelineRecorder(path, lambda: self.lanes, pacers.learned, self.order.clock)

    async def _keep_interrupted(self, runner: Runner) -> None:
        """Keep what may have been sent when its settling was ended, as far as the disk takes it."""
        left, open_results = self._left_without_result(runner), list[Result]()
        with anyio.CancelScope(shield=True), suppress(JournalError):
            for result in self._interrupted:
                if result.error is not None and result.error.code == INTERRUPTED_UPDATE:
                    self.state.tallies[result.target].count_interrupted()
                if result.target in left:
                    open_results.append(result)
                    continue  # nothing could be sent any more: a resume sends it again
                await runner.keep(self.state.tallies[result.target], result)
            self._interrupted[:] = open_results

    def _left_without_result(self, runner: Runner) -> set[str]:
        """The targets that a resume goes on with."""
        return runner.given_up.keys() | {away.target for away in self.outages.now()}

    async def _start_lanes(
        self, runner: Runner, images: BeforeImageStore | None, tasks: TaskGroup
    ) -> None:
        for name, error in self.connection.unusable.items():
            runner.give_up(name, error)
            self._leave(name)
        shared: dict[str, SharedUpdates] = {}
        for name, target in self.connection.targets.items():
            source, updates = await self._source(name), None
            first, *others = together = self._sources.together(name)
            if others:
                if first not in shared:
                    shared[first] = SharedUpdates(source, together)
                    for unusable in self.connection.unusable.keys() & together:
                        shared[first].of(unusable).close()
                    runner.start_reading(shared[first], tasks)
                updates = shared[first].of(name)
            runner.start(self._lane(target, runner, images, source, updates), tasks)

    async def _source(self, target: str) -> FileSource:
        order = None if self._waves is None else self._waves.line_order(target)
        open_source = partial(self._sources.source, target, self._skip, order)
        if len(self._sources.together(target)) == 1:
            return open_source()
        return await anyio.to_thread.run_sync(open_source)

    def _lane_snapshots(self) -> Iterable[LaneSnapshot]:
        pacers = self.connection.pacers
        return [lane_snapshot(pacers, each, each.tally, no_images=None) for each in self.lanes]

    def _lane(
        self,
        target: AwsTarget,
        runner: Runner,
        images: BeforeImageStore | None,
        source: FileSource,
        updates: LaneUpdates | None,
    ) -> Lane:
        state, tally = self.state, self.state.tallies[target.name]
        lane = self.connection.lanes.lane(
            target,
            source,
            tally,
            images=images,
            force=self.order.following.force,
            complete=self.order.following.complete,
            recreate=self.order.following.recreate,
            # else times may have been moved by what an earlier session sent
            listed=not state.begun,
            on_interrupted=self._note_interrupted,
            on_breaker=self.outages.tell,
            outage_limit=self.order.outage_limit,
            updates=updates,
            sent_since=self._sent_since,
        )
        if state.spent.may_have_sent and (images is None or state.may_lack_images):
            lane.settler = SentBefore(lane.settler, looks=self._looks_first(images))
        if self._wave is not None:
            lane.settler = WaveSettler(lane.settler, self._wave)
            lane.on_close.append(partial(self._leave, target.name))
        if self.order.unattended is not None:
            give_up = partial(runner.give_up, target.name)
            DeferringReconciler(lane, give_up)
        return lane

    def _looks_first(self, images: BeforeImageStore | None) -> bool:
        settings = self.order.settings
        return images is not None or settings.create_missing or settings.whole == "always"

    @cached_property  # of all lanes: run.json, which is read for it, has every target
    def _sent_since(self) -> float | None:
        """Since when updates without an image may have been sent; None: they were not, or have it.

        Epoch seconds.
        """
        if not (self.state.spent.may_have_sent and self.state.may_lack_images):
            return None
        began = self.order.directory.read_manifest().started_at
        return datetime.fromisoformat(began).timestamp()

    def _note_interrupted(self, result: Result) -> None:
        """Take what may have been sent; unattended it gets no result, as nobody would settle it."""
        if self.order.unattended is None:
            self._interrupted.append(result)
        else:
            self._books.note_unanswered()

    def _leave(self, target: str) -> None:
        if self._wave is not None:
            self._wave.leave(target)
            # a turn of another of its place may be that of an update which waits for its trigger
            for name in self._sources.together(target):
                self._wave.leave(name)

    def _skip(self, line: int) -> bool:
        beyond = self._wave is not None and self._wave.is_over
        return beyond or line in self.state.done

    async def _note(self, result: Result) -> None:
        self.state.done.add(result.line)
        self.events.settled(result)
        self.order.telemetry.settled(result)
        if self._wave is None:  # else the wave has counted it
            self.state.changed.add(result)
        if self.order.unattended is not None:
            self.order.unattended.on_result(result)

    def _sends(self) -> bool:
        tallies = self.state.tallies.values()
        return any(tally.session_answered or tally.session_throttles for tally in tallies)

    def _under_way(self, error: BatcherError) -> bool:
        """Whether something had been sent before an error: then the run can be resumed."""
        if isinstance(error, OutageError):
            return True
        if isinstance(error, AwsError):
            tallies = self.state.tallies.values()
            return any(tally.ever_accepted or tally.session[0] for tally in tallies)
        return self._has_sent or self._sends()

    def _spent(self) -> RunTimeSpent:
        """What this part of the session has taken so far."""
        seconds = self.order.clock.now() - self._began
        return time_spent(self.state.tallies, self._sessions(), seconds)

    def _sessions(self) -> dict[str, LaneSession]:
        """How each target that took part went."""
        if self._runner is None:
            return {}
        given_up = {**self._held_back(), **self._runner.given_up}
        sessions = {name: LaneSession(stopped=reason) for name, reason in given_up.items()}
        for lane in self._runner.lanes:
            sessions[lane.target] = LaneSession(
                time_breakdown=lane.pacer.time_breakdown,
                slots=lane.pacer.slots,
                slot_seconds=sum(pacer.slot_seconds for pacer in lane.pacers),
                stopped=given_up.get(lane.target),
            )
        return sessions
