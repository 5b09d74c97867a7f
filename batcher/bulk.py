"""The bulk door: one input file worked through in one run directory, from the whole-file check to the summary.

Says nothing to anybody; the command line shows what this returns.
"""

import signal
import sys
import uuid
from array import array
from collections.abc import Callable, Coroutine, Iterator
from contextlib import AsyncExitStack
from importlib.metadata import version
from pathlib import Path
from typing import Any

import anyio
import msgspec
from anyio.abc import TaskGroup

from batcher import __version__
from batcher.aws import AwsTarget
from batcher.clock import SystemClock
from batcher.config import Settings
from batcher.engine.runner import Runner, cause_of
from batcher.journal import Journal, read
from batcher.logs import logger
from batcher.records import Error, Result, Summary
from batcher.rules.lines import LineReader
from batcher.rules.tally import Tally, summarize
from batcher.rundir import InputFacts, RunDirectory, RunFacts, write_atomically
from batcher.sources.file import FileSource, Inspection, inspect, materialize
from batcher.wiring import Workshop

INTERRUPTED = "interrupted"


class Bits:
    """A set of line numbers, one bit each."""

    def __init__(self) -> None:
        self._bytes = bytearray()

    def add(self, line: int) -> None:
        if line >> 3 >= len(self._bytes):
            self._bytes.extend(bytes((line >> 3) + 1 - len(self._bytes) + 4096))
        self._bytes[line >> 3] |= 1 << (line & 7)

    def __contains__(self, line: int) -> bool:
        return line >> 3 < len(self._bytes) and bool(self._bytes[line >> 3] & 1 << (line & 7))


class BulkRun:
    """One run of one file. Reads as: inspect, connect, execute; every step may be the last."""

    def __init__(self, origin: str, directory: RunDirectory, settings: Settings) -> None:
        self.origin = origin
        self.directory = directory
        self.settings = settings
        self.run_id = uuid.uuid4().hex[:12]
        self.log = logger(run=self.run_id)
        self.clock = SystemClock()
        self.shop = Workshop(settings, clock=self.clock, log=self.log)
        self.reader = LineReader(self.shop.model, settings.target, self.shop.known_targets)
        self.targets: dict[str, AwsTarget] = {}
        self.accounts: dict[str, str | None] = {}
        self.tallies: dict[str, Tally] = {}
        self.runner: Runner | None = None
        self._done = Bits()
        self._path: Path
        self.inspection: Inspection

    def inspect(self, on_fault: Callable[[int, str, str], None] | None = None) -> Inspection:
        """Check every line. Raises InputError when the file can't be read."""
        self._path = materialize(self.origin, self.directory.path / "input.jsonl")
        self.inspection = inspect(self._path, self.reader, on_fault=on_fault)
        return self.inspection

    @property
    def totals(self) -> dict[str, int]:
        """Updates of each target; lines that break a rule count for the default target."""
        totals = {name: len(index.lines) for name, index in self.inspection.targets.items()}
        if self.settings.skip_invalid and self.inspection.invalid:
            totals[self.settings.target] = totals.get(self.settings.target, 0) + self.inspection.invalid
        return totals

    @property
    def left(self) -> int:
        """Updates that have no result yet."""
        return sum(self.totals.values()) - sum(tally.done for tally in self.tallies.values())

    def restore(self) -> int:
        """Take over the results that earlier sessions wrote; returns how many."""
        self.tallies = {name: Tally() for name in self.totals}
        if not self.directory.results.exists():
            return 0
        count = 0
        for result in read(self.directory.results):
            self._done.add(result.line)
            self.tallies.setdefault(result.target, Tally()).restore(result)
            count += 1
        return count

    async def connect(self, stack: AsyncExitStack) -> None:
        """Open every target's client and ask which account it is. Raises AwsError, CredentialsError, SettingsError."""
        for name in self.totals:
            target = await stack.enter_async_context(self.shop.target(name))
            await target.check()
            self.targets[name] = target
            self.accounts[name] = await target.account()

    async def execute(self, watch: Callable[[], Coroutine[Any, Any, None]] | None = None) -> Summary:
        """Do it: claim the directory, send what has no result yet, write ``failed.jsonl`` and ``summary.json``.

        ``watch`` runs beside it (progress) and is cancelled at the end. SIGINT and SIGTERM drain.
        """
        self.directory.claim(self._facts())
        began = self.clock.now()
        stopped: str | None = "stopped by an error"
        try:
            async with Journal(self.directory.results) as journal:
                self._keep_invalid(journal)
                await journal.flush()
                self.runner = Runner(journal=journal, log=self.log, max_failures=self.settings.max_failures)
                self.log.info("run.started", updates=self.inspection.total, left=self.left, targets=list(self.targets))
                await self._run(self.runner, watch)
                stopped = self.runner.stopped
        finally:
            summary = summarize(self.tallies, self.totals, wall_seconds=self.clock.now() - began, stopped=stopped)
            self.log.info("run.ended", **msgspec.to_builtins(summary))
            self.directory.write_summary(summary)
        self._write_failed()
        return summary

    async def _run(self, runner: Runner, watch: Callable[[], Coroutine[Any, Any, None]] | None) -> None:
        try:
            async with anyio.create_task_group() as beside:
                beside.start_soon(self._heed_signals, runner)
                if watch is not None:
                    beside.start_soon(watch)
                await runner.run(self._start_lanes)
                beside.cancel_scope.cancel()
        except BaseExceptionGroup as group:
            raise cause_of(group) from None

    async def _start_lanes(self, tasks: TaskGroup) -> None:
        assert self.runner is not None
        for name, target in self.targets.items():
            index = self.inspection.targets.get(name)
            if index is not None:
                source = FileSource(self._path, index, self.reader, skip=self._done.__contains__)
                self.runner.start(self.shop.lane(target, source, self.tallies[name]), tasks)

    async def _heed_signals(self, runner: Runner) -> None:
        with anyio.open_signal_receiver(signal.SIGINT, signal.SIGTERM) as signals:
            async with anyio.create_task_group() as patience:
                async for _ in signals:
                    if runner.stopped == INTERRUPTED:
                        runner.abort()
                        return
                    runner.drain(INTERRUPTED)
                    patience.start_soon(self._grace, runner)

    async def _grace(self, runner: Runner) -> None:
        await self.clock.sleep(self.settings.grace)
        self.log.warning("run.grace_over", grace_seconds=self.settings.grace)
        runner.abort()

    # the books

    def _keep_invalid(self, journal: Journal) -> None:
        """Write an ``invalid`` result for every line that breaks a rule and has none yet."""
        if not (self.settings.skip_invalid and self.inspection.invalid):
            return
        now = self.clock.wall()

        def keep(line: int, path: str, message: str) -> None:
            if line in self._done:
                return
            self._done.add(line)
            result = Result(
                id=str(line),
                line=line,
                target=self.settings.target,
                domain=None,
                trigger=None,
                status="invalid",
                error=Error(code="Invalid", message=f"{path}: {message}" if path else message),
                started_at=now,
                finished_at=now,
            )
            journal.add(result)
            self.tallies[self.settings.target].add(result)

        inspect(self._path, self.reader, on_fault=keep)

    def _write_failed(self) -> None:
        """``failed.jsonl``: the lines of failed and in_doubt updates, each with its id, ready to be run again."""
        lines = array("L", (r.line for r in read(self.directory.results) if r.status in ("failed", "in_doubt")))
        if not lines:
            self.directory.failed.unlink(missing_ok=True)
            return
        write_atomically(self.directory.failed, b"".join(self._failed_lines(sorted(lines))))

    def _failed_lines(self, lines: list[int]) -> Iterator[bytes]:
        encode = msgspec.json.Encoder().encode
        sources = [FileSource(self._path, index, self.reader) for index in self.inspection.targets.values()]
        for line in lines:
            source = next(source for source in sources if source.holds(line))
            update = source.again(line)
            yield encode({"id": update.id, "target": update.target, **update.request}) + b"\n"

    def _facts(self) -> RunFacts:
        found = self.inspection
        return RunFacts(
            run=self.run_id,
            input=InputFacts(
                path=self.origin if self.origin == "-" else str(Path(self.origin).resolve()),
                size=found.size,
                sha256=found.sha256,
                updates=found.total,
            ),
            settings=msgspec.to_builtins(self.settings),
            targets={
                name: {"region": target.region, "account": self.accounts.get(name), "endpoint": target.endpoint_url}
                for name, target in self.targets.items()
            },
            versions={
                "python": sys.version.split()[0],
                "batcher": __version__,
                **{name: version(name) for name in ("aiobotocore", "botocore")},
            },
            started_at=self.clock.wall(),
        )
