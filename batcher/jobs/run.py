"""The bulk door: one input file worked through in one run directory, from the whole-file check to
the summary.

Says nothing to anybody; the command line shows what this returns.
"""

import heapq
import signal
import sys
import uuid
from collections import defaultdict
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import AsyncExitStack, asynccontextmanager
from functools import partial
from importlib.metadata import version
from itertools import islice, takewhile
from pathlib import Path
from typing import Any

import anyio
import msgspec
from anyio.abc import TaskGroup
from msgspec import Struct

from batcher.accounting.tally import Course, Tally, summarize
from batcher.accounting.time_breakdown import TimeBreakdown
from batcher.aws.client import AwsTarget
from batcher.clock import SystemClock
from batcher.compact import HashMultiset, LineSet
from batcher.config import Settings
from batcher.engine.reconciler import DeferringReconciler
from batcher.engine.runner import Runner
from batcher.errors import AwsError, BatcherError, CredentialsError
from batcher.jobs.run_reader import RunReader
from batcher.logs import logger
from batcher.operations import GET_TRIGGER, UPDATE_TRIGGER
from batcher.records import Result, Summary
from batcher.sources.checksum import file_checksum
from batcher.sources.file_source import FileSource
from batcher.sources.inspection import Inspection, OnViolation, inspect
from batcher.sources.line_index import index_lines
from batcher.sources.local_file import is_local, local_file
from batcher.storage.before_images import BeforeImages, unsettled
from batcher.storage.journal import Journal, outcomes
from batcher.storage.run_directory import (
    InputFacts,
    RunDirectory,
    RunFacts,
    read_facts,
    refuse_changed_input,
)
from batcher.task_groups import open_task_group
from batcher.triggers.decision import reading_first_pays
from batcher.updates.violations import Violation
from batcher.version import __version__
from batcher.wiring.lanes import Lanes, OnAttempt
from batcher.wiring.line_readers import line_reader
from batcher.wiring.pacers import Pacers, open_pacers
from batcher.wiring.targets import TargetConnector

INTERRUPTED = "interrupted"


class Following(Struct, frozen=True, kw_only=True):
    """What a run follows from: another run's directory (retry, rollback), or nothing.

    ``force``: change what is stale.
    """

    kind: str = "run"
    parent: str | None = None
    force: bool = False


class Keeper(Struct, frozen=True, kw_only=True):
    """Who runs a file in place of a person: it heeds the signals itself, and a target in trouble is
    tried again later.

    ``on_result`` and ``on_attempt`` are told of each.
    """

    on_result: Callable[[Result], None]
    on_attempt: OnAttempt


class BulkRun:
    """One run of one file. Reads as: inspect, connect, execute; every step may be the last."""

    def __init__(
        self,
        origin: str,
        directory: RunDirectory,
        settings: Settings,
        following: Following | None = None,
        *,
        copies: Path | None = None,
        keeper: Keeper | None = None,
    ) -> None:
        """``copies``: where inputs are copied that can't be read twice; default: the run
        directory.
        """
        self._keeper = keeper
        self._copies = copies or directory.path
        self.origin = origin
        self.following = following or Following()
        self.directory = directory
        self.settings = settings
        self.run_id = uuid.uuid4().hex[:12]
        self.log = logger(run=self.run_id)
        self.clock = SystemClock()
        self.warnings: list[str] = []
        self.connector = TargetConnector(settings)
        self.reader = line_reader(settings)
        self.pacers: Pacers
        self._lanes: Lanes
        self.targets: dict[str, AwsTarget] = {}
        self.unusable: dict[str, AwsError] = {}
        self.tallies: defaultdict[str, Tally] = defaultdict(Tally)
        self.runner: Runner | None = None
        self._done = LineSet()
        # ids of updates that an earlier session may have sent
        self._in_flight: frozenset[str] = frozenset()
        self.looks = True
        self._begun = False  # by an earlier session
        self._has_sent = False  # in a part of the session before this one
        self._until_line: int | None = None
        self._drained = False
        self._summary: Summary | None = None
        self._images: BeforeImages | None = None
        self._path: Path
        self.inspection: Inspection

    def inspect(self, on_violation: OnViolation | None = None) -> Inspection:
        """Check every line; of an input that was checked by an earlier session only find the lines.

        Raises InputError when the file can't be read, RunDirectoryError when it is another one than
        before.
        """
        self._begun = self.directory.facts.exists()
        copy = self._copies / ("input-again.jsonl" if self._begun else "input.jsonl")
        self._path = local_file(self.origin, copy, profile=self.settings.profile)
        if self._begun:
            self._recognise()
        checked = self._begun and not self.settings.skip_invalid
        self.inspection = (
            self._found_again()
            if checked
            else inspect(self._path, self.reader, on_violation=on_violation)
        )
        return self.inspection

    def _recognise(self) -> None:
        """Refuse another input than that of the sessions before; of copies the first one stays."""
        before, copy = read_facts(self.directory).input, self._copies / "input-again.jsonl"
        try:
            refuse_changed_input(self.directory, before, *file_checksum(self._path))
        finally:
            copy.unlink(missing_ok=True)
        if self._path == copy:
            self._path = self.directory.path / "input.jsonl"

    def _found_again(self) -> Inspection:
        before = read_facts(self.directory).input
        return Inspection(
            total=before.updates,
            invalid=0,
            violations=0,
            targets=index_lines(self._path, self.settings.target),
            size=before.size,
            sha256=before.sha256,
        )

    @property
    def path(self) -> Path:
        """The plain file that the updates are read from."""
        return self._path

    @property
    def totals(self) -> dict[str, int]:
        """Updates of each target; lines that break a rule count for the default target."""
        totals = {name: len(index.lines) for name, index in self.inspection.targets.items()}
        if self.settings.skip_invalid and self.inspection.invalid:
            totals[self.settings.target] = (
                totals.get(self.settings.target, 0) + self.inspection.invalid
            )
        return totals

    @property
    def left(self) -> int:
        """Updates that have no result yet."""
        return sum(self.totals.values()) - sum(tally.done for tally in self.tallies.values())

    @property
    def _unfinished(self) -> list[str]:
        return [
            name for name in self.inspection.targets if self.totals[name] > self.tallies[name].done
        ]

    def restore(self) -> int:
        """Take over the results that earlier sessions wrote; returns how many."""
        for name in self.totals:
            self.tallies[name] = Tally()
        if not self.directory.results.exists():
            return 0
        count, odd, named, done = 0, LineSet(), HashMultiset(), self._done
        for result in outcomes(self.directory.results):
            done.add(result.line)
            if result.id != str(result.line):
                odd.add(result.line)
                named.add(result.id)
            elif result.status == "invalid":
                odd.add(result.line)  # its number may be the id of another line
            self.tallies[result.target].add(result)
            count += 1
        named.sort()
        self._in_flight = frozenset(unsettled(self.directory.before, done, odd, named))
        for tally in self.tallies.values():
            tally.begin_session()
        return count

    async def connect(self, stack: AsyncExitStack) -> None:
        """Open the client of every target that has something left to do, and ask which account it
        is, side by side.

        A target that can't be used is in ``unusable`` with its reason when others can. Raises
        SettingsError, and the AwsError or CredentialsError of the first target when none can be
        used.
        """
        self.pacers = await stack.enter_async_context(
            open_pacers(self.settings, clock=self.clock, log=self.log, warn=self._warn)
        )
        self._lanes = Lanes(
            self.settings,
            self.pacers,
            clock=self.clock,
            log=self.log,
            on_attempt=None if self._keeper is None else self._keeper.on_attempt,
        )
        self.targets, self.unusable = await self.connector.connect(self._unfinished, stack)

    def weigh_looking(self) -> str | None:
        """Decide whether every trigger is looked at first; returns in words why not, when that
        is not what was asked.
        """
        if self.settings.before is not None:
            self.looks = self.settings.before
            return None
        for target in self.targets.values():
            reading, writing = (
                self.pacers.known_rate(target, GET_TRIGGER),
                self.pacers.known_rate(target, UPDATE_TRIGGER),
            )
            if (
                reading is not None
                and writing is not None
                and not reading_first_pays(reading, writing)
            ):
                self.looks = False
                return (
                    f"No before images, and so no rollback: target {target.name} allows"
                    f" {reading:.3g} reads a second for {writing:.3g} updates, so looking first"
                    f" would take {writing / reading:.1f} times as long. --before looks all the"
                    " same."
                )
        return None

    def canary_line(self, count: int) -> int:
        """The last line of the first ``count`` updates; 0 where there are none."""
        lines = heapq.merge(*(found.lines for found in self.inspection.targets.values()))
        return max(islice(lines, count), default=0)

    def all_done(self, until_line: int) -> bool:
        """Whether every update up to that line has its result."""
        indexes = self.inspection.targets.values()
        return all(
            line in self._done
            for found in indexes
            for line in takewhile(until_line.__ge__, found.lines)
        )

    def so_far(self, reason: str) -> Summary:
        """The summary of the sessions before, and why this one starts nothing."""
        return summarize(self.tallies, self.totals, {}, wall_seconds=0.0, stopped=reason)

    def stop(self, reason: str) -> Summary:
        """Write into the last summary why no more is done."""
        assert self._summary is not None
        self._summary = msgspec.structs.replace(self._summary, stopped=reason)
        self.directory.write_summary(self._summary)
        return self._summary

    async def execute(
        self,
        watch: Callable[[], Coroutine[Any, Any, None]] | None = None,
        *,
        until_line: int | None = None,
    ) -> Summary:
        """Do it: claim the directory, send what has no result yet, write ``failed.jsonl`` and
        ``summary.json``.

        ``watch`` runs beside it (progress) and is cancelled at the end. ``until_line``: nothing
        beyond that line. SIGINT and SIGTERM drain.
        """
        self._until_line = until_line
        self.directory.claim(self._facts())
        self._begin_part()
        began = self.clock.now()
        stopped: str | None = "stopped by an error"
        try:
            stopped = await self._session(watch)
        except BatcherError as error:
            if not self._under_way(error):
                raise
            stopped = str(error)
        finally:
            summary = self._close_books(self.clock.now() - began, stopped)
        return summary

    def drain(self) -> None:
        """Take nothing new, finish what is in flight; before the start: start nothing."""
        self._drained = True
        if self.runner is not None:
            self.runner.drain(INTERRUPTED)

    async def _session(self, watch: Callable[[], Coroutine[Any, Any, None]] | None) -> str | None:
        """Send what has no result yet; returns why it ended early, or None."""
        async with self._journals() as (journal, images):
            self._keep_invalid(journal)
            await journal.flush()
            self._images = images
            self.runner = Runner(
                journal=journal,
                log=self.log,
                max_failures=self.settings.max_failures,
                on_result=self._note,
            )
            if self._drained:
                self.runner.drain(INTERRUPTED)
            self.log.info(
                "run.started",
                updates=self.inspection.total,
                left=self.left,
                targets=list(self.targets),
            )
            await self._run(self.runner, watch)
            return self.runner.stopped

    def _under_way(self, error: BatcherError) -> bool:
        """Whether an error came when something had been sent: then the run stops, and can be
        resumed.
        """
        if isinstance(error, CredentialsError):
            return any(tally.ever_accepted for tally in self.tallies.values())
        return self._has_sent or self._sends()

    def _sends(self) -> bool:
        return any(
            tally.session_attempts or tally.session_throttles for tally in self.tallies.values()
        )

    def _begin_part(self) -> None:
        self._has_sent |= self._sends()
        for tally in self.tallies.values():
            tally.begin_part()

    def _close_books(self, wall_seconds: float, stopped: str | None) -> Summary:
        """Write the failed lines and the summary; where something is amiss, what can be written."""
        self.pacers.remember()
        amiss = self._tidy(recount=stopped is not None)
        summary = summarize(
            self.tallies,
            self.totals,
            self._courses(),
            wall_seconds=wall_seconds,
            stopped=stopped or amiss,
        )
        try:
            if self.directory.in_place:
                self.directory.write_summary(summary)
        except (BatcherError, OSError) as error:
            summary = msgspec.structs.replace(summary, stopped=summary.stopped or str(error))
        self._summary = summary
        self.log.info("run.ended", **msgspec.to_builtins(summary))
        return summary

    def _tidy(self, *, recount: bool) -> str | None:
        """Write the failed lines; returns what is amiss.

        ``recount``: what was in flight may be in the journal all the same.
        """
        if not self.directory.in_place:  # what is in its place is somebody else's
            return f"{self.directory.path}: removed or replaced. Put it back as it was"
        try:
            if recount:
                self._recount()
            self._write_failed()
        except (BatcherError, OSError) as error:
            return str(error)
        return None

    def _write_failed(self) -> None:
        if any(
            tally.statuses["failed"] or tally.statuses["in_doubt"]
            for tally in self.tallies.values()
        ):
            RunReader(
                self.directory.path, line_reader(self.settings, any_target=True)
            ).write_failed()
        else:
            self.directory.failed.unlink(missing_ok=True)

    def _recount(self) -> None:
        found: defaultdict[str, Tally] = defaultdict(Tally)
        for result in outcomes(self.directory.results):
            found[result.target].add(result)
        for name, tally in self.tallies.items():
            tally.forget_results()
            tally.merge(found[name])

    @asynccontextmanager
    async def _journals(self) -> AsyncIterator[tuple[Journal[Result], BeforeImages | None]]:
        async with Journal[Result](self.directory.results) as results:
            if not self.looks:
                yield results, None
                return
            async with Journal[dict[str, Any]](self.directory.before) as before:
                yield results, BeforeImages(before, self._in_flight)

    async def _note(self, result: Result) -> None:
        self._done.add(result.line)
        if self._keeper is not None:
            self._keeper.on_result(result)

    def _skip(self, line: int) -> bool:
        return line in self._done or (self._until_line is not None and line > self._until_line)

    async def _run(
        self, runner: Runner, watch: Callable[[], Coroutine[Any, Any, None]] | None
    ) -> None:
        async with open_task_group() as beside:
            if self._keeper is None:
                beside.start_soon(self._heed_signals, runner)
            if watch is not None:
                beside.start_soon(watch)
            await runner.run(self._start_lanes)
            beside.cancel_scope.cancel()

    async def _start_lanes(self, tasks: TaskGroup) -> None:
        assert self.runner is not None
        for name, error in self.unusable.items():
            self.runner.give_up(name, error)
        for name, target in self.targets.items():
            found = self.inspection.targets.get(name)
            if found is not None:
                source = FileSource(self._path, found, self.reader, skip=self._skip)
                lane = self._lanes.lane(
                    target,
                    source,
                    self.tallies[name],
                    images=self._images,
                    force=self.following.force,
                    # else times may have been moved by what an earlier session sent
                    listed=not self._begun,
                )
                if self._keeper is not None:
                    lane.settler = DeferringReconciler(
                        lane.settler, self.tallies[name], partial(self.runner.give_up, name)
                    )
                self.runner.start(lane, tasks)

    async def _heed_signals(self, runner: Runner) -> None:
        heeded = [signal.SIGINT, signal.SIGTERM]
        if signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:  # as nohup has it
            heeded.append(signal.SIGHUP)
        with anyio.open_signal_receiver(*heeded) as signals:
            async with anyio.create_task_group() as patience:
                heard = 0
                async for _ in signals:
                    heard += 1
                    if heard > 1:
                        runner.abort()
                        return
                    self.drain()
                    patience.start_soon(self._grace, runner)

    async def _grace(self, runner: Runner) -> None:
        await self.clock.sleep(self.settings.grace)
        self.log.warning("run.grace_over", grace_seconds=self.settings.grace)
        runner.abort()

    def _warn(self, text: str) -> None:
        self.warnings.append(text)
        self.log.warning("quotas.unusable", reason=text)

    # the books

    def _courses(self) -> dict[str, Course]:
        """How each target that took part went."""
        if self.runner is None:
            return {}
        given_up = self.runner.given_up
        courses = {
            name: Course(time_breakdown=TimeBreakdown(), slots=1, stopped=reason)
            for name, reason in given_up.items()
        }
        for lane in self.runner.lanes:
            pacer = lane.pacer
            courses[lane.target] = Course(
                time_breakdown=pacer.time_breakdown,
                slots=pacer.slots,
                stopped=given_up.get(lane.target),
            )
        return courses

    def _keep_invalid(self, journal: Journal[Result]) -> None:
        """Write an ``invalid`` result for every line that breaks a rule and has none yet."""
        if not (self.settings.skip_invalid and self.inspection.invalid):
            return
        now = self.clock.wall()

        def keep(line: int, violation: Violation) -> None:
            if line in self._done:
                return
            self._done.add(line)
            result = Result.invalid(line, self.settings.target, str(violation), now)
            journal.add(result)
            self.tallies[self.settings.target].add(result)

        inspect(self._path, self.reader, on_violation=keep)

    def _facts(self) -> RunFacts:
        found = self.inspection
        return RunFacts(
            run=self.run_id,
            input=InputFacts(
                path=str(Path(self.origin).resolve()) if is_local(self.origin) else self.origin,
                size=found.size,
                sha256=found.sha256,
                updates=found.total,
            ),
            settings=self.settings.as_json(),
            targets={
                name: {
                    "region": target.region,
                    "account": target.account_id,
                    "endpoint": target.endpoint_url,
                }
                for name, target in self.targets.items()
            },
            versions={
                "python": sys.version.split()[0],
                "batcher": __version__,
                **{name: version(name) for name in ("aiobotocore", "botocore")},
            },
            started_at=self.clock.wall(),
            kind=self.following.kind,
            parent=self.following.parent,
        )
