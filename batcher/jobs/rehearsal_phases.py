"""The steps of a rehearsal, each the job itself: run, verify, roll back, verify.

They are done in whatever place the settings say, which is a matter of ``rehearse``.
"""

import os
from collections.abc import Callable
from pathlib import Path

from msgspec import Struct, field

from batcher.clock import SystemClock
from batcher.config import Settings
from batcher.errors import InputError, RunDirectoryError
from batcher.jobs.follow_up import open_follow_up
from batcher.jobs.live_findings import OnLook
from batcher.jobs.rollback import make_rollback
from batcher.jobs.run import (
    InvalidInput,
    LintErrors,
    OpenRun,
    TooManyChanges,
    open_run,
)
from batcher.jobs.run_audit import Discrepancies
from batcher.jobs.run_execution import ApprovedRun, Beside
from batcher.jobs.run_reader import RunReader
from batcher.jobs.undo_line import Undo
from batcher.jobs.verify import Verification, verify_run
from batcher.logs import LogOutput
from batcher.records import Summary
from batcher.storage.quota_file import QuotaFile
from batcher.storage.run_manifest import ROLLBACK
from batcher.storage.state_directory import state_directory
from batcher.updates.selection import Selection
from batcher.updates.trigger_name import name_of
from batcher.wiring.line_readers import line_reader
from batcher.wiring.omissions import known_omissions

DONE = ("succeeded", "unchanged")


class RehearsalWatcher(Struct, frozen=True, kw_only=True):
    """Who is told how far a rehearsal is: of each step by name, of a run, of triggers read."""

    on_step: Callable[[str], None] = lambda step: None
    beside: Callable[[ApprovedRun], Beside | None] = lambda run: None
    on_look: OnLook | None = None


class RehearsedRun(Struct, frozen=True, kw_only=True):
    """A run that was rehearsed. ``refused``: in words, why it sent nothing; then no ``summary``.

    ``looks``: whether each trigger was looked at first; ``updates``: how many it was of, by target;
    ``unsuccessful``: those that did not end as asked.
    """

    summary: Summary | None = None
    refused: str | None = None
    looks: bool = True
    seconds: float = 0.0
    updates: dict[str, int] = {}
    unsuccessful: Discrepancies = field(default_factory=Discrepancies)


class Irreversible(Struct, frozen=True, kw_only=True):
    """A trigger that no update brings back, as it has members that it did not have."""

    target: str
    domain: str
    trigger: str
    members: list[str]


class RehearsedRollback(Struct, frozen=True, kw_only=True):
    """A rollback that was rehearsed. ``run``: None where there is nothing to undo, or no image.

    ``why_not`` says which; ``irreversible``, ``unsure`` and ``unseen`` count as in RollbackReport.
    """

    run: RehearsedRun | None = None
    why_not: str | None = None
    irreversible: int = 0
    first_irreversible: list[Irreversible] = []
    unsure: int = 0
    unseen: int = 0


async def rehearse_run(
    path: Path,
    out: Path,
    settings: Settings,
    watcher: RehearsalWatcher,
    selection: Selection | None,
) -> RehearsedRun:
    """Run the updates of a plain file, in the run directory ``out``."""
    with open_run(str(path), out, settings, selection=selection) as opened:
        return await _execute(opened, watcher)


async def rehearse_rollback(path: Path, out: Path, watcher: RehearsalWatcher) -> RehearsedRollback:
    """Put back what the run in ``path`` has changed, by a rollback in ``out``."""
    try:
        with open_follow_up(path, ROLLBACK) as follow_up:
            places, now = follow_up.run.manifest.targets, SystemClock().wall()
            file = QuotaFile(state_directory(os.environ), lambda text: None)
            known = known_omissions(places, follow_up.settings, file, now)
            report = make_rollback(follow_up.run, follow_up.add, known=known)
            with follow_up.open_run(follow_up.settings, out) as opened:
                run = await _execute(opened, watcher)
            return RehearsedRollback(
                run=run,
                irreversible=report.partial,
                first_irreversible=[_named(undo) for undo in report.first_partial],
                unsure=report.unsure,
                unseen=report.unseen,
            )
    except (InputError, RunDirectoryError) as error:
        return RehearsedRollback(why_not=str(error))


def _named(undo: Undo) -> Irreversible:
    return Irreversible(
        target=undo.target,
        domain=undo.line["DomainName"],
        trigger=undo.line["EventTriggerName"],
        members=sorted(undo.remains),
    )


async def rehearse_verify(
    path: Path, settings: Settings, watcher: RehearsalWatcher
) -> Verification:
    """Prove the run in a directory."""
    return await verify_run(path, settings, on_look=watcher.on_look)


async def _execute(opened: OpenRun, watcher: RehearsalWatcher) -> RehearsedRun:
    checked, order = opened.check_here(None, None), opened.order
    if isinstance(checked, InvalidInput):
        return RehearsedRun(refused=_why_invalid(checked))
    began = order.clock.now()
    async with checked.connect() as ready:
        approved = await ready.approve()
        if not isinstance(approved, ApprovedRun):
            why = approved.summary.stopped or "nothing is left to do"
            if isinstance(approved, TooManyChanges):
                plan = approved.plan
                why = f"{plan.changing:,} of {plan.total:,} updates would change something,"
                why += f" more than --max-changes {approved.limit}"
            return RehearsedRun(refused=why)
        with LogOutput(order.settings.log_level, file=order.directory.open_log(), terminal=False):
            summary = await approved.execute(watcher.beside(approved))
        known, targets = ready.connection.lanes.omissions.known, ready.connection.targets.values()
        looks = ready.looks or order.settings.create_missing
        looks = looks or any(known(each).sends_whole for each in targets)
    seconds = order.clock.now() - began
    found = _unsuccessful(order.directory.path, order.settings)
    return RehearsedRun(
        summary=summary,
        looks=looks,
        seconds=seconds,
        updates=dict(checked.state.totals),
        unsuccessful=found,
    )


def _why_invalid(found: InvalidInput) -> str:
    if isinstance(found, LintErrors):
        return f"lint finds {found.lint.of('error'):,} errors in it (batcher lint shows them)"
    return f"{found.inspection.invalid:,} lines break a rule"


def _unsuccessful(path: Path, settings: Settings) -> Discrepancies:
    run, found = RunReader(path, line_reader(settings, any_target=True)), Discrepancies()
    for result in run.results():
        if result.status not in DONE:
            code = "" if result.error is None else f": {result.error.code}"
            status = result.status.replace("_", " ")
            name = name_of(result, names_targets=len(run.indexes) > 1)
            found.add(result.line, f"{name}: {status}{code}")
    return found
