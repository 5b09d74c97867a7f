"""The books of a run: what it writes into its run directory, and nothing else.

Facts of the run, the journal of its results, the lines that failed, and the summary.
"""

import sys
from collections import defaultdict
from collections.abc import AsyncIterator, Callable, Collection, Iterable, Mapping
from contextlib import asynccontextmanager, suppress
from importlib.metadata import version
from pathlib import Path
from typing import Any

import anyio.to_thread
import msgspec
from msgspec import UNSET, UnsetType

from batcher.accounting.tally import Tally, summarize, time_spent
from batcher.accounting.time_breakdown import LaneSession
from batcher.accounting.time_spent import RunTimeSpent
from batcher.aws.client import AwsTarget
from batcher.compact import LineSet
from batcher.errors import BatcherError, OtherRunError
from batcher.jobs.failed_lines import write_failed
from batcher.jobs.recorded_results import checked_results
from batcher.jobs.run_order import RunOrder
from batcher.jobs.run_places import with_places
from batcher.jobs.run_reader import RunReader
from batcher.jobs.run_state import RunState
from batcher.jobs.said_results import SaidResults
from batcher.jobs.told_results import ToldResults
from batcher.ports import ResultStore
from batcher.records import BriefResult, InputName, Result, Summary, Superseded
from batcher.sources.file_source import refuse_other_content
from batcher.sources.inspection import inspect
from batcher.sources.line_owners import owners_by_line
from batcher.sources.local_file import is_local
from batcher.storage.before_images import BeforeImages, ImagedResults
from batcher.storage.file_system import remove
from batcher.storage.journal import Journal
from batcher.storage.run_journals import NO_LINES, Heads
from batcher.storage.run_manifest import InputFingerprint, RunManifest
from batcher.storage.run_retries import note_in_parent
from batcher.storage.run_sessions import RunSession
from batcher.storage.stored_path import stored_name, text_of_path
from batcher.target_identity import TargetIdentity
from batcher.updates.violations import Violation
from batcher.version import __version__
from batcher.wiring.line_readers import line_reader
from batcher.wiring.places import place_differences

HEADS_EVERY = 2.0  # seconds


class RunBooks:
    """The files of one run, written by the process that holds its directory.

    ``summary``: as it was written last in this session.
    """

    def __init__(self, order: RunOrder, state: RunState) -> None:
        self._order = order
        self._directory = order.directory
        self._settings = order.settings
        self._state = state
        self.summary: Summary | None = None
        self._results: Journal[Result] | None = None
        self._images: Journal[dict[str, Any]] | None = None
        self._places: dict[str, TargetIdentity] = {}
        self._callers: dict[str, str | None] = {}
        self._first: RunManifest | None = None  # what run.json says since the first session
        self._unseen: bool | UnsetType = UNSET
        self._superseded: Superseded | UnsetType = UNSET
        self._spent = state.spent  # up to the last part of this session that was closed
        self._written: tuple[Heads, RunTimeSpent] | None = None  # into run.json

    def note_unanswered(self) -> None:
        """Note that updates which get no result in this session may have been applied."""
        self._spent = msgspec.structs.replace(self._spent, unanswered=True)

    def check(self, targets: Iterable[AwsTarget]) -> None:
        """Raise RunDirectoryError when the run in the directory is another. Writes nothing."""
        manifest = self._manifest(targets)
        self._directory.check_same_run(manifest)
        self._refuse_elsewhere(manifest)

    def claim(self, targets: Iterable[AwsTarget], *, looks: bool = True) -> None:
        """Write down what is being run. Raises RunDirectoryError when the run there is another.

        ``looks``: at each trigger first, and keeps its before image.
        """
        targets = list(targets)
        self._unseen = UNSET if looks else True
        manifest = self._manifest(targets)
        self._refuse_elsewhere(manifest)
        note_in_parent(self._directory, manifest)
        self._first = self._directory.claim(manifest)
        self._callers = {target.name: target.caller_arn for target in targets}
        if self._state.begun:
            self._write_heads(self._spent, next=self._state.heads.next)

    def _refuse_elsewhere(self, manifest: RunManifest) -> None:
        if not self._directory.manifest.exists():
            return
        before = self._directory.read_manifest().targets
        if found := list(place_differences(before, manifest.targets)):
            raise OtherRunError(self._directory.path, found)

    def _manifest(self, targets: Iterable[AwsTarget]) -> RunManifest:
        order, found = self._order, self._state.inspection
        origin = self._state.file.origin
        path = text_of_path(Path(origin).resolve()) if is_local(origin) else origin
        self._places = {target.name: target.identity for target in targets}
        libraries = {name: version(name) for name in ("aiobotocore", "botocore")}
        return RunManifest(
            run=order.run_id,
            input=InputFingerprint(
                path=path, size=found.size, sha256=found.sha256, updates=found.in_file
            ),
            settings=self._settings.as_json(),
            targets=self._places,
            versions={"python": sys.version.split()[0], "batcher": __version__, **libraries},
            started_at=order.clock.wall(),
            kind=order.following.kind,
            parent=order.following.parent,
            complete=order.following.complete,
            recreate=order.following.recreate,
            selection=order.selection,
            heads=NO_LINES,
            sessions=[self._session(targets)],
            lint=self._state.lint,
        )

    def _session(self, targets: Iterable[AwsTarget]) -> RunSession:
        order = self._order
        return RunSession(
            session=order.run_id,
            started_at=order.clock.wall(),
            who={target.name: target.caller_arn for target in targets},
            unseen=self._unseen,
            **order.settings.said,
        )

    def note_places(self, targets: Collection[AwsTarget]) -> None:
        """Write down accounts that were first known in mid-run, where that can be done."""
        if any(self._places.get(target.name) != target.identity for target in targets):
            with suppress(BatcherError, OSError):
                self._first = self._directory.claim(self._manifest(targets))
        self._callers |= {target.name: target.caller_arn for target in targets}

    @asynccontextmanager
    async def open_journals(
        self, *, looks: bool
    ) -> AsyncIterator[tuple[ResultStore, BeforeImages | None]]:
        """The journals of results and, where the run ``looks`` first, of before images.

        Every line that breaks a rule has its ``invalid`` result by then.
        """
        directory, state = self._directory, self._state
        async with Journal[Result](directory.results, state.results_tip) as results:
            self._results = results
            self._keep_invalid(results)
            await results.flush()
            store = SaidResults(self._told(results), self._settings.said)
            if not looks:
                yield store, None
                return
            async with Journal[dict[str, Any]](directory.before, state.images_tip) as journal:
                self._images = journal
                images = BeforeImages(journal, state.in_flight)
                yield ImagedResults(store, images), images

    def _told(self, results: Journal[Result]) -> ResultStore:
        unattended, path = self._order.unattended, self._directory.results
        if unattended is None or unattended.on_kept is None:
            return results
        return ToldResults(results, f"{path.parent.name}/{path.name}", unattended.on_kept)

    async def keep_heads(self, spent: Callable[[], RunTimeSpent]) -> None:
        """Write into ``run.json`` how far the journals go and what is ``spent`` by now.

        Every few seconds, until cancelled.
        """
        while True:
            await self._order.clock.sleep(HEADS_EVERY)
            now = self._spent + spent()
            with suppress(BatcherError, OSError):  # what can't be written is told at the end
                await anyio.to_thread.run_sync(self._write_heads, now, self._state.heads.next)

    def _write_heads(self, spent: RunTimeSpent, next: Heads | None = None) -> None:
        results, images, before = self._results, self._images, self._state.heads
        heads = Heads(
            results=(results and results.head) or before.results,
            before=(images and images.head) or before.before,
            unproven=before.unproven,
            next=next,
        )
        if (heads, spent) != self._written:
            self._directory.write_heads(heads, spent)
            self._written = heads, spent

    def _keep_invalid(self, journal: Journal[Result]) -> None:
        if not (self._settings.skip_invalid and self._state.inspection.invalid):
            return
        now, done = self._order.clock.wall(), self._state.done
        booked_on = _booked_on(self._state.inspection.invalid_of)

        def keep(line: int, violation: Violation) -> None:
            if line in done:
                return
            done.add(line)
            target = booked_on(line)
            result = Result.invalid(line, target, str(violation), now)
            result = msgspec.structs.replace(result, **self._settings.said)
            journal.add(result)
            self._state.tallies[target].add(result)

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
            earlier=self._spent,
        )
        self._spent += time_spent(self._state.tallies, sessions, wall_seconds)
        summary = msgspec.structs.replace(
            summary, superseded=self._superseded, selection=self._state.part or UNSET
        )
        if self._first is not None:
            summary = self._named(summary, self._first)
        try:
            if self._directory.in_place:
                self._directory.write_summary(summary)
                self._write_heads(self._spent)
                self._directory.note_end()
        except (BatcherError, OSError) as error:
            summary = msgspec.structs.replace(summary, stopped=summary.stopped or str(error))
        self.summary = summary
        self._order.log.info("run.ended", **msgspec.to_builtins(summary))
        return summary

    def _named(self, summary: Summary, first: RunManifest) -> Summary:
        """A summary that says of which run it is, and where and by whom that was done."""
        before = self._directory.read_summary()
        summary = with_places(summary, first.targets, self._callers, before)
        path = first.input.path
        if self._settings.canary is not None:
            named = sorted(self._state.changed.canary, key=lambda update: update.line)
            summary = msgspec.structs.replace(summary, canary=named)
        return msgspec.structs.replace(
            summary,
            input=InputName(name=stored_name(path), sha256=first.input.sha256),
            started_at=first.started_at,
            finished_at=self._order.clock.wall(),
            **self._settings.said,
        )

    def stop(self, reason: str) -> Summary:
        """Write into the summary that was written last why no more is done."""
        assert self.summary is not None
        summary = self.summary = msgspec.structs.replace(self.summary, stopped=reason)
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
        results, lines = self._directory.journals().results, self._state.inspection.lines()
        for _, result in checked_results(results, lines, BriefResult):
            found[result.target].add(result)
        for name, tally in self._state.tallies.items():
            tally.forget_results()
            tally.merge(found[name])

    def _write_failed(self) -> None:
        tallies = self._state.tallies.values()
        if any(tally.statuses["failed"] or tally.statuses["in_doubt"] for tally in tallies):
            reader = line_reader(self._settings, any_target=True)
            self._superseded = write_failed(RunReader(self._directory.path, reader))
        else:
            remove(self._directory.failed)


def _booked_on(invalid_of: Mapping[str, LineSet]) -> Callable[[int], str]:
    """What tells the target of an invalid line; of several targets for 2 bytes a line."""
    names = list(invalid_of)
    if len(names) == 1:
        return lambda line: names[0]
    owners = owners_by_line(invalid_of.values(), max(map(max, invalid_of.values())))
    return lambda line: names[owners[line] - 1]
