"""The books of a run: what it writes into its run directory, and nothing else.

Facts of the run, the journal of its results, the lines that failed, and the summary.
"""

import sys
from collections import defaultdict
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager
from importlib.metadata import version
from pathlib import Path
from typing import Any

import msgspec

from batcher.accounting.tally import Tally, summarize
from batcher.accounting.time_breakdown import LaneSession
from batcher.aws.client import AwsTarget
from batcher.errors import BatcherError
from batcher.jobs.run_family import OPEN, newer_results, superseded
from batcher.jobs.run_order import RunOrder
from batcher.jobs.run_reader import RunReader
from batcher.jobs.run_state import RunState
from batcher.logs import logger
from batcher.records import Result, Summary
from batcher.sources.file_source import refuse_other_content
from batcher.sources.inspection import inspect
from batcher.sources.local_file import is_local
from batcher.storage.atomic_file import AtomicFile
from batcher.storage.before_images import BeforeImages
from batcher.storage.file_system import remove
from batcher.storage.journal import Journal, read_brief_results
from batcher.storage.run_directory import InputFingerprint, RunManifest
from batcher.updates.violations import Violation
from batcher.version import __version__
from batcher.wiring.line_readers import line_reader


class RunBooks:
    """The files of one run, written by the process that holds its directory."""

    def __init__(self, order: RunOrder, state: RunState) -> None:
        self._order = order
        self._directory = order.directory
        self._settings = order.settings
        self._state = state
        self._summary: Summary | None = None

    def claim(self, targets: Iterable[AwsTarget]) -> None:
        """Write down what is being run. Raises RunDirectoryError when the run there is another."""
        order, found = self._order, self._state.inspection
        origin = self._state.file.origin
        path = str(Path(origin).resolve()) if is_local(origin) else origin
        libraries = {name: version(name) for name in ("aiobotocore", "botocore")}
        self._directory.claim(
            RunManifest(
                run=order.run_id,
                input=InputFingerprint(
                    path=path, size=found.size, sha256=found.sha256, updates=found.total
                ),
                settings=self._settings.as_json(),
                targets={target.name: target.identity for target in targets},
                versions={"python": sys.version.split()[0], "batcher": __version__, **libraries},
                started_at=order.clock.wall(),
                kind=order.following.kind,
                parent=order.following.parent,
            )
        )

    @asynccontextmanager
    async def open_journals(
        self, *, looks: bool
    ) -> AsyncIterator[tuple[Journal[Result], BeforeImages | None]]:
        """The journals of results and, where the run ``looks`` first, of before images.

        Every line that breaks a rule has its ``invalid`` result by then.
        """
        async with Journal[Result](self._directory.results) as results:
            self._keep_invalid(results)
            await results.flush()
            if not looks:
                yield results, None
                return
            async with Journal[dict[str, Any]](self._directory.before) as images:
                yield results, BeforeImages(images, self._state.in_flight)

    def _keep_invalid(self, journal: Journal[Result]) -> None:
        if not (self._settings.skip_invalid and self._state.inspection.invalid):
            return
        now, default, done = self._order.clock.wall(), self._settings.target, self._state.done

        def keep(line: int, violation: Violation) -> None:
            if line in done:
                return
            done.add(line)
            result = Result.invalid(line, default, str(violation), now)
            journal.add(result)
            self._state.tallies[default].add(result)

        inspect(self._state.file.path, self._state.file.reader, on_violation=keep)

    def close(
        self, sessions: Mapping[str, LaneSession], *, wall_seconds: float, stopped: str | None
    ) -> Summary:
        """Write the failed lines and the summary; where something is amiss, what can be written."""
        amiss = self._tidy(recount=stopped is not None)
        summary = summarize(
            self._state.tallies,
            self._state.totals,
            sessions,
            wall_seconds=wall_seconds,
            stopped=stopped or amiss,
        )
        try:
            if self._directory.in_place:
                self._directory.write_summary(summary)
        except (BatcherError, OSError) as error:
            summary = msgspec.structs.replace(summary, stopped=summary.stopped or str(error))
        self._summary = summary
        self._order.log.info("run.ended", **msgspec.to_builtins(summary))
        return summary

    def stop(self, reason: str) -> Summary:
        """Write into the summary that was written last why no more is done."""
        assert self._summary is not None
        summary = self._summary = msgspec.structs.replace(self._summary, stopped=reason)
        self._directory.write_summary(summary)
        return summary

    def _tidy(self, *, recount: bool) -> str | None:
        """Write the failed lines; returns what is amiss, with them or with the input.

        ``recount``: what was in flight may be in the journal all the same.
        """
        if not self._directory.in_place:  # what is in its place is somebody else's
            return f"{self._directory.path}: removed or replaced. Put it back as it was"
        try:
            if recount:
                self._recount()
            self._write_failed()
            if not recount:  # else the next session reads all of it before it goes on
                refuse_other_content(self._state.file.path, self._state.inspection.sha256)
        except (BatcherError, OSError) as error:
            return str(error)
        return None

    def _recount(self) -> None:
        found: defaultdict[str, Tally] = defaultdict(Tally)
        for result in read_brief_results(self._directory.results):
            found[result.target].add(result)
        for name, tally in self._state.tallies.items():
            tally.forget_results()
            tally.merge(found[name])

    def _write_failed(self) -> None:
        tallies = self._state.tallies.values()
        if any(tally.statuses["failed"] or tally.statuses["in_doubt"] for tally in tallies):
            reader = line_reader(self._settings, any_target=True)
            write_failed(RunReader(self._directory.path, reader))
        else:
            remove(self._directory.failed)


def write_failed(run: RunReader) -> None:
    """Write ``failed.jsonl``: the updates that failed or are in doubt, ready to be run again.

    What a retry has done since is left out, and what would undo a later update.
    """
    newer = newer_results(run)
    lines = run.chosen(lambda own: own.status in OPEN and newer.get(own.id, own).status in OPEN)
    left_out = superseded(run, lines)
    if left_out:
        logger().warning("failed.left_out", updates=len(left_out), reason="superseded")
    if len(lines) == len(left_out):
        remove(run.directory.failed)
        return
    encode = msgspec.json.Encoder().encode
    with AtomicFile(run.directory.failed, replace=True) as file:
        for update in run.updates(line for line in lines if line not in left_out):
            file.write(encode(update.as_line()) + b"\n")
        file.commit()
