"""The run: one input worked through in one run directory.

Each step returns what has the next: ``open_run``, ``check``, ``connect``, ``approve``, ``execute``.
Prints and asks nothing, and knows no signals: a run can be drained and aborted.
"""

import uuid
from collections.abc import AsyncIterator, Iterable, Iterator
from contextlib import ExitStack, asynccontextmanager, contextmanager
from datetime import datetime
from pathlib import Path

import anyio.to_thread
from msgspec import Struct

from batcher.accounting.limit import Limit
from batcher.accounting.timed_pace import TimedPace
from batcher.clock import SystemClock
from batcher.config import Settings
from batcher.engine.pace_control import PaceControl
from batcher.freed_memory import give_back_memory
from batcher.hooks.hooks import Hooks
from batcher.jobs.connection import Connection, connected
from batcher.jobs.earlier_targets import with_earlier_targets
from batcher.jobs.line_linter import LintCounts
from batcher.jobs.lint import LintCounter
from batcher.jobs.own_input import refuse_own_input
from batcher.jobs.plan import OnPlanned, Plan, plan_changes
from batcher.jobs.run_books import RunBooks
from batcher.jobs.run_events import RunEvents
from batcher.jobs.run_execution import ApprovedRun
from batcher.jobs.run_forecast import DeadlineForecast, TargetForecast, forecast, hold_against
from batcher.jobs.run_order import RUN, Following, RunOrder, Unattended
from batcher.jobs.run_places import check_finished_places, check_places
from batcher.jobs.run_reason import check_reason, with_earlier_words
from batcher.jobs.run_state import RunState, read_input, restore
from batcher.jobs.shared_loads import shared_loads
from batcher.jobs.undo import refuse_undone
from batcher.jobs.undo_forecast import undo_forecasts
from batcher.jobs.wave_plan import refuse_missing_check, refuse_odd_waves
from batcher.logs import logger
from batcher.operations import GET_TRIGGER, UPDATE_TRIGGER
from batcher.records import Summary
from batcher.sources.inspection import Inspection, OnHint, OnViolation
from batcher.sources.local_file import is_local, place_for_copies
from batcher.storage.directory_check import refuse_foreign_directory
from batcher.storage.run_directory import RunDirectory
from batcher.storage.run_manifest import ROLLBACK, RecordedLint
from batcher.telemetry.telemetry import FLUSH_WITHIN, Telemetry
from batcher.updates.selection import Selection
from batcher.wiring.lanes import OnAttempt


class InvalidInput(Struct, frozen=True, kw_only=True):
    """An input that can't be run: it has no updates, or lines that break a rule."""

    inspection: Inspection


class LintErrors(InvalidInput, frozen=True, kw_only=True):
    """An input that is not run, as lint finds errors in it; ``lint``: what it finds."""

    lint: LintCounts


class NotStarted(Struct, frozen=True, kw_only=True):
    """A run that sends nothing. ``summary``: of its sessions before; ``stopped`` says why."""

    summary: Summary


class AlreadyFinished(NotStarted, frozen=True, kw_only=True):
    """A run that an earlier session has finished: its ``summary`` stands as that wrote it."""


class DryRunEnded(NotStarted, frozen=True, kw_only=True):
    """A dry run that got as far as a dry run gets."""


class TooManyChanges(NotStarted, frozen=True, kw_only=True):
    """A run that would change more triggers than ``max_changes`` allows."""

    plan: Plan
    limit: Limit


class DeadlineMissed(NotStarted, frozen=True, kw_only=True):
    """A run that is known not to end by its deadline. ``now``: local time, of the forecast."""

    forecast: DeadlineForecast
    now: datetime


class SlowReading(Struct, frozen=True, kw_only=True):
    """A target that allows so few reads per second that looking first does not pay."""

    target: str
    reading: float
    writing: float


@contextmanager
def open_run(
    origin: str | Iterable[bytes],
    out: Path,
    settings: Settings,
    *,
    following: Following | None = None,
    unattended: Unattended | None = None,
    selection: Selection | None = None,
    dry_run: bool = False,
    control: PaceControl | None = None,
) -> Iterator["OpenRun"]:
    """Hold the run directory ``out``; a dry run leaves it as it is.

    ``origin``, ``control`` and ``selection`` as in RunOrder. Raises InputError for an origin that
    lies in ``out``, and RunDirectoryError when another process holds it, or when the settings of
    the run in it can't be read.
    """
    refuse_odd_waves(settings, "run" if following is None else following.kind)
    directory, copies = RunDirectory(out), out
    if isinstance(origin, str) and is_local(origin) and directory.manifest.exists():
        refuse_own_input(Path(origin), out)
    with ExitStack() as stack:
        if dry_run:  # what has to be copied to be read is copied elsewhere
            refuse_foreign_directory(out)
            copies = stack.enter_context(
                place_for_copies(origin if isinstance(origin, str) else None)
            )
        else:
            stack.enter_context(directory)
        run_id, clock = uuid.uuid4().hex[:12], SystemClock()
        settings = with_earlier_words(settings, directory)
        settings, notes = with_earlier_targets(settings, directory)
        log = logger(run=run_id, **settings.logged)
        order = RunOrder(
            run_id=run_id,
            origin=origin,
            directory=directory,
            copies=copies,
            settings=settings,
            following=following or Following(),
            unattended=unattended,
            selection=selection,
            dry_run=dry_run,
            clock=clock,
            log=log,
            hooks=Hooks(settings.hooks, run_id, clock, log),
            telemetry=Telemetry(
                # of a file of a worker, that tells
                settings.otlp if unattended is None else None,
                kind=RUN if following is None else following.kind,
                session=run_id,
                clock=clock,
                log=log,
                flush_within=min(FLUSH_WITHIN, settings.grace),
            ),
            control=control or PaceControl(clock),
            notes=notes,
        )
        for note in notes:
            log.warning("targets.changed", reason=note)
        yield OpenRun(order=order)


class OpenRun(Struct, frozen=True, kw_only=True, eq=False):
    """A run whose directory is held."""

    order: RunOrder

    async def check(
        self, on_violation: OnViolation | None = None, on_hint: OnHint | None = None
    ) -> "CheckedRun | InvalidInput":
        """Check the input, and take over the results of earlier sessions.

        ``on_violation`` is told of each fault, and ``on_hint`` before of what the input is that is
        not one object a line, in another thread. Raises InputError, RunDirectoryError,
        JournalError.
        """
        return await anyio.to_thread.run_sync(
            self.check_here, on_violation, on_hint, abandon_on_cancel=True
        )

    def check_here(
        self, on_violation: OnViolation | None, on_hint: OnHint | None
    ) -> "CheckedRun | InvalidInput":
        """Check as ``check`` does, in this thread: what ends it leaves no copy behind."""
        journals = self.order.directory.journals()
        begun = self.order.directory.manifest.exists()
        linter = None if begun else _linter(self.order)
        on_update = None if linter is None else linter.add
        file = read_input(self.order, on_violation, on_hint, on_update)
        give_back_memory()  # of lists that grew, one for each of many targets
        if begun:
            self.order.directory.check_same_selection(self.order.selection)
        if not file.usable or not file.inspection.total:
            return InvalidInput(inspection=file.inspection)
        lint = None if linter is None else linter.counts(file)
        if lint is not None and lint.of("error"):
            return LintErrors(inspection=file.inspection, lint=lint)
        if begun:
            settings, attended = self.order.settings.as_json(), self.order.unattended is None
            self.order.directory.check_same_settings(settings, tables=attended)
        found = None if lint is None else RecordedLint(updates=lint.total, codes=lint.codes)
        state = restore(self.order, file, journals, found)
        give_back_memory()  # of ids, as much is needed now for the targets
        refuse_undone(self.order.directory.path, state.progress)
        return CheckedRun(order=self.order, state=state, lint=lint)


class CheckedRun(Struct, frozen=True, kw_only=True, eq=False):
    """A run whose input may be run, and that knows what was done before.

    ``lint``: what lint finds in its input; None where that was decided before, or is not asked for.
    """

    order: RunOrder
    state: RunState
    lint: LintCounts | None = None

    @property
    def inspection(self) -> Inspection:
        return self.state.inspection

    @asynccontextmanager
    async def connect(self) -> AsyncIterator["ReadyRun"]:
        """Open every target that has something left to do, and see what the run is about to do.

        Raises RunDirectoryError when the run belongs to another account, Region or endpoint,
        SettingsError, the AwsError or CredentialsError of the first target when none can be used,
        and HookError.
        """
        order, state = self.order, self.state
        if not order.dry_run and order.unattended is None and state.finished is None:
            check_reason(order.settings, state.unfinished)
        if state.finished is None:
            refuse_missing_check(order.settings)
        async with order.hooks.open():
            await RunEvents(order, state).ask("checked")
            async with order.telemetry.open(), self._connected() as ready:
                yield ready

    @asynccontextmanager
    async def _connected(self) -> AsyncIterator["ReadyRun"]:
        order, settings, warnings = self.order, self.order.settings, list(self.order.notes)

        def warn(text: str) -> None:
            warnings.append(text)
            order.log.warning("quotas.unusable", reason=text)

        await check_finished_places(order, self.state.unfinished)
        on_attempt: OnAttempt | None = order.telemetry.attempted if order.telemetry else None
        if order.unattended is not None:
            on_attempt = order.unattended.on_attempt
        async with connected(
            settings,
            self.state.unfinished,
            log=order.log,
            warn=warn,
            on_attempt=on_attempt,
            control=order.control,
            refuses=order.unattended is None,
        ) as connection:
            check_places(order, connection.targets.values())
            looks, slow_reading = settings.before, None
            if looks is None and settings.rollback_on_failure:
                looks = True
            if looks is None:
                slow_reading = _slow_reading(connection)
                looks = slow_reading is None
            forecasts = _forecasts(order, self.state, connection, looks=looks)
            now = datetime.fromisoformat(order.clock.wall()).astimezone().replace(tzinfo=None)
            deadline = None
            if settings.deadline is not None:
                soaks = self.state.soaks
                deadline = hold_against(settings.deadline, forecasts.values(), now, soaks)
            yield ReadyRun(
                order=order,
                state=self.state,
                connection=connection,
                looks=looks,
                slow_reading=slow_reading,
                warnings=warnings,
                forecasts=forecasts,
                undo=undo_forecasts(connection, self.state.valid_totals, order.clock.wall())
                if looks and order.following.kind != ROLLBACK
                else [],
                deadline=deadline,
                now=now,
            )


class ReadyRun(Struct, frozen=True, kw_only=True, eq=False):
    """A run that could start, and what it is about to do.

    ``looks``: whether each trigger is looked at first and its before image kept; ``slow_reading``:
    why not, where nobody asked for that; ``undo``: of each target what undoing the run takes, none
    where it can't be undone or is an undo itself; ``now``: local time, of the forecasts.
    """

    order: RunOrder
    state: RunState
    connection: Connection
    looks: bool
    slow_reading: SlowReading | None
    warnings: list[str]
    forecasts: dict[str, TargetForecast]
    undo: list[TargetForecast]
    deadline: DeadlineForecast | None
    now: datetime

    async def approve(self, on_planned: OnPlanned | None = None) -> ApprovedRun | NotStarted:
        """Hold the run against its limits: the deadline, and what it may change.

        ``on_planned`` is told of every update that is looked at for that. What it changes is
        planned only before its first session. Of a finished run nothing is written. Raises as the
        plan does, RunDirectoryError for a finished run of another meaning, and HookError.
        """
        if self.state.finished is not None and not self.order.dry_run:
            RunBooks(self.order, self.state).check(self.connection.targets.values())
            return AlreadyFinished(summary=self.state.finished)
        if self.deadline is not None and self.deadline.late:
            summary = self.state.summary("it can't keep the --deadline")
            return DeadlineMissed(summary=summary, forecast=self.deadline, now=self.now)
        if (undo := self.state.progress.undo) is not None:
            return NotStarted(summary=self.state.summary(undo.reason))
        limit = self.order.settings.max_changes
        if limit is not None and not self.state.restored:
            plan = await plan_changes(self.state.file, on_planned)
            if plan.too_many:
                summary = self.state.summary("it would change more than --max-changes")
                return TooManyChanges(summary=summary, plan=plan, limit=limit)
        await RunEvents(self.order, self.state, self.connection.targets).ask("planned")
        if self.order.dry_run:
            return DryRunEnded(summary=self.state.summary("--dry-run"))
        return ApprovedRun(self.order, self.state, self.connection, looks=self.looks)


def _linter(order: RunOrder) -> LintCounter | None:
    """What counts the findings of lint: of a new run of a person's own."""
    own = order.following.kind == RUN and order.unattended is None
    return LintCounter(order.settings) if own and order.settings.lint else None


def _forecasts(
    order: RunOrder, state: RunState, connection: Connection, *, looks: bool
) -> dict[str, TargetForecast]:
    settings, pacers, now, timed = order.settings, connection.pacers, order.clock.wall(), None
    if settings.timetable is not None:
        begin = datetime.fromisoformat(now).timestamp()
        timed = TimedPace(timetable=settings.timetable, zone=settings.zone, begin=begin)
    known, looks = connection.lanes.omissions.known, looks or settings.create_missing
    loads = shared_loads(connection.targets, state.to_send_of)
    return {
        name: forecast(
            name,
            target.settings,
            updates=state.to_send_of(name),
            looks=looks or known(target).sends_whole,
            read_back=0.0 if settings.verify is None else settings.verify.fraction,
            writing=pacers.remembered(target, UPDATE_TRIGGER),
            reading=pacers.remembered(target, GET_TRIGGER),
            now=now,
            timed=timed,
            others=loads.get(name, ()),
        )
        for name, target in connection.targets.items()
    }


def _slow_reading(connection: Connection) -> SlowReading | None:
    """The first target for which looking first is known not to pay."""
    for name, target in connection.targets.items():
        if (known := connection.pacers.slow_reading(target)) is not None:
            reading, writing = known
            return SlowReading(target=name, reading=reading, writing=writing)
    return None
