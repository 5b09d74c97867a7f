"""The job ``verify``: doubts settled, books audited, live triggers held against what was asked.

What may have been applied, though it has no result or failed, is looked at like what is in doubt.
Sends no update; writes only where something was settled, and ``failed.jsonl`` of runs that belong
with others.
"""

from collections import Counter
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import TypeAlias

import msgspec
from anyio.abc import TaskGroup
from msgspec import UNSET, Struct

from batcher.accounting.tally import Tally
from batcher.accounting.verdicts import is_refusal
from batcher.clock import SystemClock
from batcher.compact import LineSet
from batcher.config import Settings
from batcher.engine.lane import Lane
from batcher.engine.live_comparison import LiveComparison
from batcher.engine.reconciler import Settler
from batcher.engine.retrying import Retrying
from batcher.engine.runner import Runner
from batcher.error_codes import MORE_THAN_ASKED, PARTIAL
from batcher.errors import AwsError
from batcher.foreign_text import shown_url
from batcher.jobs.connection import connected, identities
from batcher.jobs.failed_lines import renew_family
from batcher.jobs.live_findings import LiveFindings, MaybeSentFound, OnLook, Reads
from batcher.jobs.maybe_sent import maybe_sent
from batcher.jobs.recorded_images import missing_by, refuse_lost_images
from batcher.jobs.rewrite import close_books, is_half_rewritten, rewrite_results
from batcher.jobs.run_audit import Discrepancies, audit_run, is_doubtful
from batcher.jobs.run_order import is_complete
from batcher.jobs.run_places import refuse_other_places
from batcher.jobs.run_reader import RunReader
from batcher.jobs.verified_lines import (
    earlier_lines,
    images_of,
    is_deleted,
    last_lines,
    lines_set_again,
    members_set_later,
    more_than_asked,
)
from batcher.jobs.verified_scope import VerifiedScope, part_of
from batcher.logs import logger
from batcher.operations import GET_TRIGGER
from batcher.records import Error, SelectedPart
from batcher.triggers.decision import ChangeOptions
from batcher.updates.selection import Selector
from batcher.wiring.line_readers import installed_update_model, line_reader


class Verification(Struct, frozen=True, kw_only=True):
    """What was found of a run.

    ``holds``: the books are right, every update has its result, none that matters is in doubt, and
    the live triggers were all seen and are as asked.
    ``counts`` of the results by status, ``errors`` by error code; ``maybe_applied``: of those that
    failed the ones that still may have been applied; ``wrong`` about the books; ``settled``: by
    status, those that had been in doubt, or had failed and may have been applied; ``superseded``:
    in doubt for good, as later updates have set all their members.

    ``looked_at`` live triggers are as many as these together: those ``as_asked``; those
    ``not_applied``, which show that their update was not, so that the books are right with it, or
    it has no result; ``differs``: not as asked; ``unread``: could not be read. ``unseen``: those
    that nobody came to, and ``stopped`` why, by target; ``left_out``: those that were not to be
    looked at, so that it neither holds nor is ``amiss``. ``without_result``: of all of these what
    was found of updates that have none, and may have been applied.

    ``read``: what was read of each target; ``part``: what of its input, or of the run that it
    follows, the run is of; ``selection``: what of the run was looked at, where not at all of it, so
    that ``holds`` and ``amiss`` are of that.
    """

    holds: bool
    amiss: bool
    updates: int
    counts: dict[str, int]
    errors: dict[str, int]
    maybe_applied: int
    not_started: int
    wrong: Discrepancies
    settled: dict[str, int]
    superseded: int
    looked_at: int
    as_asked: int
    not_applied: int
    differs: Discrepancies
    unread: Discrepancies
    unseen: int
    left_out: int
    without_result: MaybeSentFound
    read: dict[str, Reads]
    stopped: dict[str, str]
    part: SelectedPart | None
    selection: SelectedPart | None


async def verify_run(
    path: Path,
    settings: Settings,
    *,
    live: bool = True,
    selector: Selector | None = None,
    on_look: OnLook | None = None,
) -> Verification:
    """Verify the run in a directory, which is held meanwhile.

    ``live``: look at every trigger that the run changed, else only at those of updates of which
    nobody knows whether they were applied; ``selector``: and only at those that it takes.
    ``on_look`` is told of each. Raises RunDirectoryError when there is no such run, it is in use,
    or its input is gone or changed, or a target is another account, Region or endpoint than the
    run's; JournalError, InputError, SettingsError; AwsError when no target can be used.
    """
    run = RunReader(path, line_reader(settings, any_target=True))
    with run.directory:
        refuse_lost_images(run)
        scope = VerifiedScope(run, selector)
        if is_half_rewritten(run.journals.known):
            close_books(run)
        comparison, settlers = _prepared(run, scope, live=live, on_look=on_look)
        await _compare_live(run, settings, comparison.lines, settlers, comparison)
        comparison.close()
        if comparison.settled:
            rewrite_results(run, _settled_lines(run, comparison.settled))
        not_renewed = renew_family(run)
        return _verification(run, comparison, scope, not_renewed, live=live)


_Settlers: TypeAlias = Callable[[Retrying, ChangeOptions], Settler]


def _prepared(
    run: RunReader, scope: VerifiedScope, *, live: bool, on_look: OnLook | None
) -> tuple[LiveFindings, _Settlers]:
    """What is to be looked at of a run, and how that is done."""
    found = maybe_sent(run, killed=run.directory.was_killed)
    started = scope.within(found.lines)
    doubtful = scope.of(run.chosen(is_doubtful))
    more = scope.of(more_than_asked(run)) if live else frozenset()
    set_later = members_set_later(run, doubtful | more)
    superseded = lines_set_again(run, set_later) & doubtful
    doubtful -= superseded
    opened = LineSet(sorted(doubtful)).union(started)
    lines, earlier = LineSet(sorted(more)).union(opened), dict[int, list[int]]()
    if live:
        last = scope.within(last_lines(run))
        lines = lines.union(last)
        earlier = earlier_lines(run, last, opened)
    images = images_of(run, doubtful | more, started if found.has_images else LineSet())
    comparison = LiveFindings(
        lines=lines,
        doubtful=doubtful,
        deleted=frozenset(run.chosen(is_deleted)) if doubtful else doubtful,
        started=started,
        earlier=earlier,
        superseded=len(superseded),
        on_look=on_look,
        names_targets=len(run.indexes) > 1,
        has_images=found.has_images,
    )
    return comparison, partial(LiveComparison, set_later, images, more)


async def _compare_live(
    run: RunReader,
    settings: Settings,
    lines: LineSet,
    settlers: _Settlers,
    comparison: LiveFindings,
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
            if not comparison.has_answers:
                raise
        finally:
            connection.pacers.remember()
        comparison.stopped = runner.given_up


def _settled_lines(run: RunReader, settled: dict[int, Error | None]) -> Iterator[bytes]:
    """The lines of its results, with what became of those of which nobody knew it."""
    encode = msgspec.json.Encoder().encode
    now = SystemClock().wall()
    # where images are kept, only what created its trigger was sent without one
    creates = run.manifest.settings.get("create_missing", False) and run.directory.before.exists()
    for line, result in run.stored_results():
        if result.line not in settled:
            yield line
            continue
        error = settled[result.line]
        status = _status(error)
        if status == "failed" and result.status == "failed" and is_refusal(result.error):
            error = result.error  # which says more than that it was not applied
        news = msgspec.structs.replace(result, status=status, error=error, finished_at=now)
        not_applied = False if status == "failed" else UNSET
        news = msgspec.structs.replace(news, maybe_applied=not_applied)
        if creates and status == "succeeded" and result.image is UNSET:
            news = msgspec.structs.replace(news, created="without_integration")
        yield encode(news)


def _status(error: Error | None) -> str:
    if error is None:
        return "succeeded"
    return {PARTIAL: "partial", MORE_THAN_ASKED: "differs"}.get(error.code, "failed")


def _verification(
    run: RunReader,
    comparison: LiveFindings,
    scope: VerifiedScope,
    not_renewed: list[str],
    *,
    live: bool,
) -> Verification:
    books, differs, unread = audit_run(run, scope.lines), comparison.differs, comparison.unread
    for what in (*not_renewed, *missing_by(run)):
        books.wrong.add(0, what)
    unseen = comparison.unseen
    left_out = 0 if live else len(scope.within(last_lines(run)).without(comparison.lines))
    unsettled = books.unsettled - comparison.superseded
    discrepancies = books.wrong.count + differs.count + unread.count + unseen + unsettled
    return Verification(
        holds=not (discrepancies or left_out),
        amiss=bool(discrepancies),
        updates=books.counts.total() + books.not_started,
        counts=dict(books.counts),
        errors=dict(books.errors.most_common()),
        maybe_applied=books.maybe_applied,
        not_started=books.not_started,
        wrong=books.wrong,
        settled=dict(Counter(map(_status, comparison.settled.values()))),
        superseded=comparison.superseded,
        looked_at=comparison.looked_at,
        as_asked=comparison.as_asked,
        not_applied=comparison.not_applied,
        differs=differs,
        unread=unread,
        unseen=unseen,
        left_out=left_out,
        without_result=comparison.without_result,
        read=comparison.read,
        stopped=comparison.stopped,
        part=part_of(run),
        selection=scope.part,
    )
