"""The job ``verify``: doubts settled, books audited, live triggers held against what was asked.

Sends no update; writes only where something was in doubt, and ``failed.jsonl`` of runs that belong
with others.
"""

from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any, TypeAlias

import msgspec
from anyio.abc import TaskGroup
from msgspec import UNSET, Struct

from batcher.accounting.tally import CHANGED, Tally
from batcher.clock import SystemClock
from batcher.config import Settings
from batcher.engine.lane import Lane
from batcher.engine.reconciler import Settler
from batcher.engine.retrying import Retrying
from batcher.engine.runner import Runner
from batcher.error_codes import (
    CHANGED_SINCE,
    MORE_THAN_ASKED,
    NOT_AS_ASKED,
    PARTIAL,
    RESOURCE_NOT_FOUND,
)
from batcher.errors import AwsError
from batcher.foreign_text import shown_url
from batcher.jobs.connection import connected, identities
from batcher.jobs.failed_lines import renew_family
from batcher.jobs.recorded_images import missing_by, refuse_lost_images
from batcher.jobs.rewrite import close_books, is_half_rewritten, rewrite_results
from batcher.jobs.run_audit import Discrepancies, audit_run
from batcher.jobs.run_order import is_whole
from batcher.jobs.run_places import refuse_other_places
from batcher.jobs.run_reader import RunReader, trigger_key
from batcher.logs import logger
from batcher.operations import GET_TRIGGER, TRIGGER_NAMES
from batcher.records import Error, Result, Status, Update
from batcher.storage.before_images import read_images_backwards
from batcher.triggers.decision import ChangeOptions, remainder
from batcher.triggers.diff import collateral, same
from batcher.wiring.line_readers import installed_update_model, line_reader

# what says that an update in doubt did not happen
SETTLES = (NOT_AS_ASKED, PARTIAL, RESOURCE_NOT_FOUND)
DIFFERS = (*SETTLES, CHANGED_SINCE, MORE_THAN_ASKED)


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
    ``counts`` of the results by status; ``wrong`` about the books; ``settled`` those that had been
    in doubt, by status; ``superseded``: in doubt for good, as later updates have set all their
    members; ``looked_at`` live triggers, of which ``differs`` are not as asked, and ``unread``
    could not be read; ``unseen``: those that nobody came to, and ``stopped`` why, by target;
    ``left_out``: those that were not to be looked at, so that it neither holds nor is ``amiss``;
    ``read``: what was read of each target.
    """

    holds: bool
    amiss: bool
    updates: int
    counts: dict[str, int]
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


OnLook: TypeAlias = Callable[[int, int], None]
"""Told how many live triggers were looked at so far, and of how many."""


async def verify_run(
    path: Path, settings: Settings, *, live: bool = True, on_look: OnLook | None = None
) -> Verification:
    """Verify the run in a directory, which is held meanwhile.

    ``live``: look at every trigger that the run changed, else only at those of updates in doubt.
    ``on_look`` is told of each.
    Raises RunDirectoryError when there is no such run, it is in use, or its input is gone or
    changed, or a target is another account, Region or endpoint than the run's; JournalError,
    InputError, SettingsError; AwsError when no target can be used.
    """
    run = RunReader(path, line_reader(settings, any_target=True))
    with run.directory:
        refuse_lost_images(run)
        if is_half_rewritten(run.journals.known):
            close_books(run)
        in_doubt = frozenset(run.chosen(lambda result: result.status == "in_doubt"))
        more = _more_than_asked(run) if live else frozenset()
        set_later = _set_later(run, in_doubt | more)
        superseded = _superseded(run, set_later) & in_doubt
        in_doubt -= superseded
        lines = in_doubt | (_last_lines(run) | more if live else frozenset())
        comparison = _Comparison(in_doubt, len(superseded), lines, on_look)
        settlers = partial(_ComparingSettler, set_later, _images(run, in_doubt | more), more)
        await _compare_live(run, settings, lines, settlers, comparison)
        if comparison.settled:
            rewrite_results(run, _settled_lines(run, comparison.settled))
        not_renewed = renew_family(run)
        return _verification(run, comparison, not_renewed, live=live)


class _Comparison:
    """What the live triggers showed; a Journal whose results are looked at and not kept.

    ``settled``: what became of lines in doubt, None for as asked; ``lines``: those whose triggers
    were to be looked at; ``stopped``: why targets were left before their end.
    """

    def __init__(
        self,
        in_doubt: frozenset[int],
        superseded: int,
        lines: frozenset[int],
        on_look: OnLook | None,
    ) -> None:
        self._on_look = on_look
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
        if error.code == CHANGED_SINCE and result.status == "succeeded":
            self.settled[result.line] = None
        kind = self.differs if error.code in DIFFERS else self.unread
        where = f"{result.domain}/{result.trigger}"
        kind.add(result.line, f"{where}: {error.code}: {error.message}")


async def _compare_live(
    run: RunReader,
    settings: Settings,
    lines: Collection[int],
    settlers: Callable[[Retrying, ChangeOptions], Settler],
    comparison: _Comparison,
) -> None:
    runner = Runner(journal=comparison, log=logger())
    options = ChangeOptions(
        writable=installed_update_model().writable, whole=is_whole(run.manifest)
    )
    names = [
        name for name, found in run.indexes.items() if any(line in lines for line in found.lines)
    ]
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


class _ComparingSettler:
    """A Settler that only reads: succeeded when the live trigger is as asked.

    ``set_later``: by line, members that later updates of the run have set, so that the trigger
    does not show what that line made of them. ``images``: what the triggers of lines in doubt, and
    of ``more``, were before. ``more``: lines that changed more than was asked. ``options``: of the
    run.
    """

    def __init__(
        self,
        set_later: dict[int, frozenset[str]],
        images: dict[int, dict[str, Any]],
        more: frozenset[int],
        reading: Retrying,
        options: ChangeOptions,
    ) -> None:
        self._more = more
        self._reading = reading
        self._images = images
        self._options = options
        self._set_later = set_later

    async def settle(self, update: Update) -> Result | None:
        state = await self._reading.run_attempts_for(update)
        if state is None:
            return None
        result = state.result(update, state.started_at)
        asked, answer = self._visible(update), state.last.answer
        if answer is None:
            return _not_yours(result)
        current = self._shown(update, answer)
        kept = self._images.get(update.line)
        before = kept and self._options.writable(kept)
        if same(asked, current):
            rest = remainder(update, current, self._options) or self._more_changed(update, current)
            return result if rest is None else msgspec.structs.replace(result, error=rest)
        status, error = _told_apart(asked, current, before)
        return msgspec.structs.replace(result, status=status, error=error)

    def _more_changed(self, update: Update, current: Mapping[str, Any]) -> Error | None:
        """What is still not as it was, of what nobody asked to change."""
        before = self._images.get(update.line)
        if update.line not in self._more or before is None:
            return None
        shown_before = self._shown(update, before)
        if not (found := collateral(update.request, shown_before, current)):
            return None
        message = f"what nobody asked for is still so: {', '.join(found)}"
        return Error(code=MORE_THAN_ASKED, message=message)

    def _visible(self, update: Update) -> dict[str, Any]:
        hidden = self._hidden(update)
        return {name: value for name, value in update.request.items() if name not in hidden}

    def _shown(self, update: Update, answer: Mapping[str, Any]) -> dict[str, Any]:
        hidden, shown = self._hidden(update), self._options.writable(answer)
        return {name: value for name, value in shown.items() if name not in hidden}

    def _hidden(self, update: Update) -> frozenset[str]:
        return self._set_later.get(update.line, frozenset()) - TRIGGER_NAMES


def _not_yours(result: Result) -> Result:
    if result.error is None or result.error.code != RESOURCE_NOT_FOUND:
        return result
    error = msgspec.structs.replace(result.error, message="it is not there, or not yours to see")
    return msgspec.structs.replace(result, error=error)


def _told_apart(
    asked: Mapping[str, Any], current: Mapping[str, Any], before: Mapping[str, Any] | None
) -> tuple[Status, Error]:
    """Of a trigger that is not as asked: whether the update never happened, or was changed since.

    ``before``: of an update in doubt, None where nothing is kept of it.
    """
    each = [(name, {name: value}) for name, value in asked.items() if name not in TRIGGER_NAMES]
    off = ", ".join(name for name, one in each if not same(one, current))
    never = Error(code=NOT_AS_ASKED, message=f"the live trigger differs in {off}")
    moved = [one for _, one in each if before is not None and not same(one, before)]
    if before is None or all(same({name: before.get(name)}, current) for name, _ in each):
        return "failed", never
    if any(same(one, current) for one in moved):
        why = f"it was applied, and somebody has changed {off} since"
        return "succeeded", Error(code=CHANGED_SINCE, message=why)
    why = f"somebody has changed {off} since: whether it was applied can't be told"
    return "in_doubt", Error(code=CHANGED_SINCE, message=why)


def _superseded(run: RunReader, set_later: dict[int, frozenset[str]]) -> frozenset[int]:
    """The lines in doubt all of whose members later updates have set."""
    return frozenset(
        update.line
        for update in run.updates(set_later)
        if update.request.keys() <= set_later[update.line]
    )


def _images(run: RunReader, lines: frozenset[int]) -> dict[int, dict[str, Any]]:
    """What the triggers of these lines were before, as far as that was kept."""
    names = {result.id: result.line for result in run.results() if result.line in lines}
    if not names or not run.directory.before.exists():
        return {}
    found: dict[int, dict[str, Any]] = {}
    for _, image, members in read_images_backwards(run.journals.before):
        if image.id in names:
            found.setdefault(names[image.id], members)  # the last of an update counts
    return found


def _last_lines(run: RunReader) -> frozenset[int]:
    """Of each trigger the line of the last update that AWS accepted, if only in part.

    Or that deleted it, and could not create it anew.
    """
    last: dict[int, int] = {}
    for result in run.results():
        if result.status in CHANGED or (result.status == "failed" and result.lost is not UNSET):
            last[trigger_key(result)] = max(last.get(trigger_key(result), 0), result.line)
    return frozenset(last.values())


def _more_than_asked(run: RunReader) -> frozenset[int]:
    """The lines whose updates changed what nobody asked for."""
    return frozenset(
        result.line
        for result in run.results()
        if result.status == "differs" and result.error and result.error.code == MORE_THAN_ASKED
    )


def _set_later(run: RunReader, lines: frozenset[int]) -> dict[int, frozenset[str]]:
    """For these lines, the members that later updates of their trigger have set."""
    earlier: dict[int, list[int]] = {}
    for result in run.results():
        if result.line in lines:
            earlier.setdefault(trigger_key(result), []).append(result.line)
    later: dict[int, frozenset[str]] = {}
    for result in run.results():
        if result.status in ("succeeded", "differs") and trigger_key(result) in earlier:
            (update,) = run.updates([result.line])
            for line in earlier[trigger_key(result)]:
                if line < result.line:
                    later[line] = later.get(line, frozenset()) | frozenset(update.request)
    return later


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
    return "partial" if error.code == PARTIAL else "failed"


def _verification(
    run: RunReader, comparison: _Comparison, not_renewed: list[str], *, live: bool
) -> Verification:
    books, differs, unread = audit_run(run), comparison.differs, comparison.unread
    for what in (*not_renewed, *missing_by(run)):
        books.wrong.add(0, what)
    unseen = len(comparison.lines) - comparison.looked_at
    left_out = 0 if live else len(_last_lines(run) - comparison.lines)
    open_doubts = books.counts["in_doubt"] - comparison.superseded
    discrepancies = books.wrong.count + differs.count + unread.count + unseen + open_doubts
    return Verification(
        holds=not (discrepancies or left_out or books.not_started),
        amiss=bool(discrepancies or books.not_started),
        updates=books.counts.total() + books.not_started,
        counts=dict(books.counts),
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
    )
