"""The job ``verify``: doubts settled, books audited, live triggers held against what was asked.

Sends no update; writes only where something was in doubt, and ``failed.jsonl`` of runs that belong
with others.
"""

from collections import Counter
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import TypeAlias

import msgspec
from anyio.abc import TaskGroup
from msgspec import Struct

from batcher.accounting.tally import Tally
from batcher.clock import SystemClock
from batcher.compact import LineSet
from batcher.config import Settings
from batcher.engine.lane import Lane
from batcher.engine.live_comparison import DIFFERS, SETTLES, LiveComparison
from batcher.engine.reconciler import Settler
from batcher.engine.retrying import Retrying
from batcher.engine.runner import Runner
from batcher.error_codes import MORE_THAN_ASKED, PARTIAL
from batcher.errors import AwsError
from batcher.foreign_text import shown_url
from batcher.jobs.connection import connected, identities
from batcher.jobs.failed_lines import renew_family
from batcher.jobs.recorded_images import missing_by, refuse_lost_images
from batcher.jobs.rewrite import close_books, is_half_rewritten, rewrite_results
from batcher.jobs.run_audit import Discrepancies, audit_run
from batcher.jobs.run_order import is_complete
from batcher.jobs.run_places import refuse_other_places
from batcher.jobs.run_reader import RunReader
from batcher.jobs.verified_lines import (
    images_of,
    last_lines,
    lines_set_again,
    members_set_later,
    more_than_asked,
)
from batcher.jobs.verified_scope import VerifiedScope, part_of
from batcher.logs import logger
from batcher.operations import GET_TRIGGER
from batcher.records import Error, Result, SelectedPart
from batcher.triggers.decision import ChangeOptions
from batcher.updates.selection import Selector
from batcher.updates.trigger_name import name_of
from batcher.wiring.line_readers import installed_update_model, line_reader


class Reads(Struct, kw_only=True):
    """The live triggers of one target that were read: how many answers, where, and when.

    ``first_at`` and ``last_at``: UTC, of the first request and the last answer.
    """

    triggers: int = 0
    account: str | None
    region: str
    endpoint: str
    first_at: str | None = None
    last_at: str | None = None

    def add(self, started_at: str, now: str) -> None:
        """Count one that was answered."""
        self.triggers += 1
        self.first_at = min(self.first_at or started_at, started_at)
        self.last_at = now


class Verification(Struct, frozen=True, kw_only=True):
    """What was found of a run.

    ``holds``: the books are right, every update has its result, none that matters is in doubt, and
    the live triggers were all seen and are as asked.
    ``counts`` of the results by status, ``errors`` by error code; ``wrong`` about the books;
    ``settled`` those that had been in doubt, by status; ``superseded``: in doubt for good, as later
    updates have set all their members; ``looked_at`` live triggers, of which ``differs`` are not as
    asked, and ``unread`` could not be read; ``unseen``: those that nobody came to, and ``stopped``
    why, by target; ``left_out``: those that were not to be looked at, so that it neither holds nor
    is ``amiss``; ``read``: what was read of each target; ``part``: what of its input, or of the run
    that it follows, the run is of; ``selection``: what of the run was looked at, where not at all
    of it, so that ``holds`` and ``amiss`` are of that.
    """

    holds: bool
    amiss: bool
    updates: int
    counts: dict[str, int]
    errors: dict[str, int]
    not_started: int
    wrong: Discrepancies
    settled: dict[str, int]
    superseded: int
    looked_at: int
    as_asked: int
    differs: Discrepancies
    unread: Discrepancies
    unseen: int
    left_out: int
    read: dict[str, Reads]
    stopped: dict[str, str]
    part: SelectedPart | None
    selection: SelectedPart | None


OnLook: TypeAlias = Callable[[int, int], None]
"""Told how many live triggers were looked at so far, and of how many."""


async def verify_run(
    path: Path,
    settings: Settings,
    *,
    live: bool = True,
    selector: Selector | None = None,
    on_look: OnLook | None = None,
) -> Verification:
    """Verify the run in a directory, which is held meanwhile.

    ``live``: look at every trigger that the run changed, else only at those of updates in doubt;
    ``selector``: and only at those that it takes. ``on_look`` is told of each.
    Raises RunDirectoryError when there is no such run, it is in use, or its input is gone or
    changed, or a target is another account, Region or endpoint than the run's; JournalError,
    InputError, SettingsError; AwsError when no target can be used.
    """
    run = RunReader(path, line_reader(settings, any_target=True))
    with run.directory:
        refuse_lost_images(run)
        scope = VerifiedScope(run, selector)
        if is_half_rewritten(run.journals.known):
            close_books(run)
        in_doubt = scope.of(run.chosen(lambda result: result.status == "in_doubt"))
        more = scope.of(more_than_asked(run)) if live else frozenset()
        set_later = members_set_later(run, in_doubt | more)
        superseded = lines_set_again(run, set_later) & in_doubt
        in_doubt -= superseded
        lines = LineSet(sorted(in_doubt | more))
        if live:
            lines = lines.union(scope.within(last_lines(run)))
        names_targets = len(run.indexes) > 1
        comparison = _Comparison(
            in_doubt, len(superseded), lines, on_look, names_targets=names_targets
        )
        settlers = partial(LiveComparison, set_later, images_of(run, in_doubt | more), more)
        await _compare_live(run, settings, lines, settlers, comparison)
        if comparison.settled:
            rewrite_results(run, _settled_lines(run, comparison.settled))
        not_renewed = renew_family(run)
        return _verification(run, comparison, scope, not_renewed, live=live)


class _Comparison:
    """What the live triggers showed; a Journal whose results are looked at and not kept.

    ``settled``: what became of lines in doubt, None for as asked; ``lines``: those whose triggers
    were to be looked at; ``stopped``: why targets were left before their end; ``names_targets``:
    of triggers, too.
    """

    def __init__(
        self,
        in_doubt: frozenset[int],
        superseded: int,
        lines: LineSet,
        on_look: OnLook | None,
        *,
        names_targets: bool,
    ) -> None:
        self._on_look = on_look
        self._names_targets = names_targets
        self.in_doubt = in_doubt
        self.superseded = superseded
        self.lines = lines
        self.settled: dict[int, Error | None] = {}
        self.stopped: dict[str, str] = {}
        self.looked_at = self.as_asked = 0
        self.differs, self.unread = Discrepancies(), Discrepancies()
        self.read: dict[str, Reads] = {}

    async def append(self, result: Result) -> None:
        error, self.looked_at = result.error, self.looked_at + 1
        if self._on_look is not None:
            self._on_look(self.looked_at, len(self.lines))
        if error is None or error.code in DIFFERS:
            self.read[result.target].add(result.started_at, SystemClock().wall())
        if result.line in self.in_doubt and (error is None or error.code in SETTLES):
            self.settled[result.line] = error
            return
        if error is None:
            self.as_asked += 1
            return
        if result.line in self.in_doubt and result.status == "succeeded":
            self.settled[result.line] = error if error.code == MORE_THAN_ASKED else None
        kind = self.differs if error.code in DIFFERS else self.unread
        where = name_of(result, names_targets=self._names_targets)
        kind.add(result.line, f"{where}: {error.code}: {error.message}")


async def _compare_live(
    run: RunReader,
    settings: Settings,
    lines: LineSet,
    settlers: Callable[[Retrying, ChangeOptions], Settler],
    comparison: _Comparison,
) -> None:
    runner = Runner(journal=comparison, log=logger())
    options = ChangeOptions(
        writable=installed_update_model().writable, complete=is_complete(run.manifest)
    )
    names = [name for name, found in run.lines.of_target.items() if len(found.both(lines))]
    others = await identities(settings, run.manifest.targets.keys() - names)
    refuse_other_places(run.where, run.manifest.targets, others, settings, sends=False)
    async with connected(settings, names) as connection:
        now = {name: target.identity for name, target in connection.targets.items()}
        refuse_other_places(run.where, run.manifest.targets, now, settings, sends=True)

        async def start(tasks: TaskGroup) -> None:
            for name, error in connection.unusable.items():
                runner.give_up(name, error)
            for name, target in connection.targets.items():
                place = target.identity
                comparison.read[name] = Reads(
                    account=place.account, region=place.region, endpoint=shown_url(place.endpoint)
                )
                tally = Tally()
                reading = connection.lanes.reading(target, GET_TRIGGER, tally)
                settler = settlers(reading, options)
                source = run.source(name, skip=lambda line: line not in lines)
                pacer = reading.pacer
                lane = Lane(target=name, source=source, pacer=pacer, settler=settler, tally=tally)
                runner.start(lane, tasks)

        try:
            await runner.run(start)
        except AwsError:
            if not comparison.looked_at:
                raise
        finally:
            connection.pacers.remember()
        comparison.stopped = runner.given_up


def _settled_lines(run: RunReader, settled: dict[int, Error | None]) -> Iterator[bytes]:
    """The lines of its results, those that were in doubt replaced by what became of them."""
    encode = msgspec.json.Encoder().encode
    now = SystemClock().wall()
    for line, result in run.stored_results():
        if result.line not in settled:
            yield line
            continue
        error = settled[result.line]
        yield encode(
            msgspec.structs.replace(result, status=_status(error), error=error, finished_at=now)
        )


def _status(error: Error | None) -> str:
    if error is None:
        return "succeeded"
    return {PARTIAL: "partial", MORE_THAN_ASKED: "differs"}.get(error.code, "failed")


def _verification(
    run: RunReader,
    comparison: _Comparison,
    scope: VerifiedScope,
    not_renewed: list[str],
    *,
    live: bool,
) -> Verification:
    books, differs, unread = audit_run(run, scope.lines), comparison.differs, comparison.unread
    for what in (*not_renewed, *missing_by(run)):
        books.wrong.add(0, what)
    unseen = len(comparison.lines) - comparison.looked_at
    left_out = 0 if live else len(scope.within(last_lines(run)).without(comparison.lines))
    unsettled = books.unsettled - comparison.superseded
    discrepancies = books.wrong.count + differs.count + unread.count + unseen + unsettled
    return Verification(
        holds=not (discrepancies or left_out),
        amiss=bool(discrepancies),
        updates=books.counts.total() + books.not_started,
        counts=dict(books.counts),
        errors=dict(books.errors.most_common()),
        not_started=books.not_started,
        wrong=books.wrong,
        settled=dict(Counter(map(_status, comparison.settled.values()))),
        superseded=comparison.superseded,
        looked_at=comparison.looked_at,
        as_asked=comparison.as_asked,
        differs=differs,
        unread=unread,
        unseen=unseen,
        left_out=left_out,
        read=comparison.read,
        stopped=comparison.stopped,
        part=part_of(run),
        selection=scope.part,
    )
