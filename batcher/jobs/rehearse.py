"""The job ``rehearse``: a file of updates run, proved, rolled back and proved, on the emulator.

Reads the live triggers, or an export of them, and sends no update anywhere but to loopback.
"""

import os
from collections.abc import Callable, Mapping
from itertools import count
from pathlib import Path

from msgspec import Struct
from msgspec.structs import replace

from batcher.aws.client import AwsTarget
from batcher.clock import SystemClock
from batcher.config import Settings
from batcher.error_codes import TARGET_UNUSABLE
from batcher.errors import AwsError, RunDirectoryError
from batcher.jobs.checked_file import CheckedFile
from batcher.jobs.connection import OnConnected
from batcher.jobs.current_triggers import LIVE, CurrentTrigger, current_triggers
from batcher.jobs.rehearsal_emulators import RehearsalEmulators
from batcher.jobs.rehearsal_forecast import RehearsalForecast, seconds_of
from batcher.jobs.rehearsal_memory import remember_for_rehearsal
from batcher.jobs.rehearsal_phases import (
    RehearsalWatcher,
    RehearsedRollback,
    rehearse_rollback,
    rehearse_run,
    rehearse_verify,
)
from batcher.jobs.rehearsal_report import (
    NOT_KNOWN,
    ProvedBooks,
    Rehearsal,
    RehearsedPart,
    RehearsedSteps,
    problems_of,
    verdict_of,
)
from batcher.jobs.rehearsal_settings import closed_environment, rehearsal_settings
from batcher.jobs.rehearsed_targets import (
    RehearsedQuota,
    RehearsedTarget,
    TargetFinder,
    assumptions,
)
from batcher.jobs.rehearsed_triggers import RehearsedTriggers
from batcher.jobs.trigger_keys import TriggerKey
from batcher.records import Error
from batcher.sources.local_file import is_local
from batcher.storage.atomic_file import AtomicFile, write_json
from batcher.storage.file_system import make_directory
from batcher.storage.quota_file import QuotaFile
from batcher.storage.run_directory import REHEARSAL_REPORT
from batcher.storage.state_directory import state_directory
from batcher.updates.selection import Selection


class RehearsalOrder(Struct, frozen=True, kw_only=True):
    """What a rehearsal is asked for.

    ``current``: ``live``, or an export; ``speed``: how many times the real pace, None for as many
    as it takes to be short; ``quota``: in place of what is remembered; ``faults``: of the emulator,
    probability by kind; ``clear_omitted``: updates clear what they leave out.
    """

    current: str = LIVE
    speed: float | None = None
    quota: RehearsedQuota | None = None
    faults: dict[str, float] = {}
    clear_omitted: bool = False
    selection: Selection | None = None


def make_rehearsal_directory(wanted: Path | None, name: str) -> Path:
    """A new directory: the wanted one, or ``NAME.rehearsal``, numbered where that is there.

    A rehearsal that did not come to its end has left no verdict in it. Raises RunDirectoryError
    for a wanted one that is there, and OSError.
    """
    path, numbers = wanted or Path(f"{name}.rehearsal"), count(2)
    while os.path.lexists(path) or not make_directory(path):
        if wanted is not None:
            raise RunDirectoryError(
                f"{path}: is there already, and a rehearsal makes its own. Nothing in it was"
                " touched; give another place with --out."
            )
        path = Path(f"{name}.rehearsal-{next(numbers)}")
    write_json(path / REHEARSAL_REPORT, {"verdict": None})
    return path


async def rehearse_updates(
    file: CheckedFile,
    lines: Mapping[TriggerKey, int],
    out: Path,
    order: RehearsalOrder,
    *,
    watcher: RehearsalWatcher,
    on_connected: OnConnected | None = None,
    warn: Callable[[str], None] = lambda text: None,
) -> Rehearsal:
    """Rehearse the updates of a checked file, in ``out``, a directory of its own.

    ``lines``: of each trigger that it names the first that does. Changes the environment of the
    process meanwhile: nothing else may be at work in it. ``warn`` is told, in words, where what is
    remembered can't be read. Raises InputError, SettingsError, OSError; of live triggers AwsError
    where one of the targets can't be used.
    """
    file.refuse_unusable()
    file = _kept(file, out)
    watcher.on_step("read")
    moments = dict[TriggerKey, float]()
    targets, current = await _read(file, lines, order, on_connected, warn, moments)
    forecasts = RehearsalForecast(file.settings, targets, SystemClock().wall())
    updates = {name: len(index.lines) for name, index in file.inspection.targets.items()}
    speed = order.speed or forecasts.speed(updates)
    emulators = RehearsalEmulators(
        targets, speed=speed, faults=order.faults, clear_omitted=order.clear_omitted
    )
    triggers = RehearsedTriggers(lines, emulators)
    triggers.seed(current, moments)
    async with emulators as places:
        settings, state = rehearsal_settings(file.settings, places, speed), out / "state"
        remember_for_rehearsal(state, targets, places, speed)
        with closed_environment(state):
            steps = await _do_steps(file, out, settings, order.selection, watcher)
    found = _report(file, out, order, targets, triggers, steps, forecasts, speed)
    write_json(out / REHEARSAL_REPORT, found)
    return found


def _kept(file: CheckedFile, out: Path) -> CheckedFile:
    """The file; of a copy that goes another one, which stays."""
    if is_local(file.origin) and Path(file.origin) == file.path:
        return file
    path = out / "input.jsonl"
    with file.path.open("rb") as lines, AtomicFile(path) as copy:
        copy.write_from(lines)
        copy.commit()
    return replace(file, path=path)


async def _read(
    file: CheckedFile,
    lines: Mapping[TriggerKey, int],
    order: RehearsalOrder,
    on_connected: OnConnected | None,
    warn: Callable[[str], None],
    moments: dict[TriggerKey, float],
) -> tuple[dict[str, RehearsedTarget], Mapping[TriggerKey, CurrentTrigger]]:
    """Where the targets are, and the triggers as they are now; their ``moments`` are noted."""
    settings = file.settings
    quotas = QuotaFile(state_directory(os.environ), warn) if settings.remember else None
    finder = TargetFinder(settings, quotas, order.quota, SystemClock().wall())
    targets = dict[str, RehearsedTarget]()

    def note(connected: Mapping[str, AwsTarget]) -> None:
        if on_connected is not None:
            on_connected(connected)
        targets.update(finder.connected(connected))

    if order.current != LIVE:
        targets = finder.named(file.inspection.targets)
    # all are needed, so there is no way on without one of a wrong account
    current = await current_triggers(order.current, lines, settings, note, moments, refuses=False)
    for each in current.values():
        if isinstance(each, Error) and each.code == TARGET_UNUSABLE:
            raise AwsError(f"{each.message} A rehearsal needs all of its targets.")
    return targets, current


async def _do_steps(
    file: CheckedFile,
    out: Path,
    settings: Settings,
    selection: Selection | None,
    watcher: RehearsalWatcher,
) -> RehearsedSteps:
    """Run, prove, roll back and prove, each as far as the step before has left something."""
    place, undo_place = out / "run", out / "rollback"
    watcher.on_step("run")
    run = await rehearse_run(file.path, place, settings, watcher, selection)
    if run.summary is None:
        return RehearsedSteps(run=run, rollback=RehearsedRollback())
    verified = await _verify("verify", place, settings, watcher)
    watcher.on_step("rollback")
    rollback = await rehearse_rollback(place, undo_place, watcher)
    undo_verified = None
    if rollback.run is not None and rollback.run.summary is not None:
        undo_verified = await _verify("verify the rollback", undo_place, settings, watcher)
    return RehearsedSteps(
        run=run, verified=verified, rollback=rollback, rollback_verified=undo_verified
    )


async def _verify(
    step: str, path: Path, settings: Settings, watcher: RehearsalWatcher
) -> ProvedBooks:
    watcher.on_step(step)
    began = SystemClock().now()
    found = await rehearse_verify(path, settings, watcher)
    return ProvedBooks.of(found, SystemClock().now() - began)


def _report(
    file: CheckedFile,
    out: Path,
    order: RehearsalOrder,
    targets: Mapping[str, RehearsedTarget],
    triggers: RehearsedTriggers,
    steps: RehearsedSteps,
    forecasts: RehearsalForecast,
    speed: float,
) -> Rehearsal:
    updates = {name: len(index.lines) for name, index in file.inspection.targets.items()}
    undone = {} if steps.rollback.run is None else steps.rollback.run.updates
    expected, undo = forecasts.run(updates, looks=steps.run.looks), forecasts.undo(undone)
    unrestored = triggers.unrestored()
    problems = [
        *problems_of(steps, unrestored, triggers.unread),
        *forecasts.late(expected.values()),
    ]
    seconds, undo_seconds = seconds_of(expected.values()), seconds_of(undo.values())
    return Rehearsal(
        verdict=verdict_of(problems, steps.run, seconds, undo_seconds),
        problems=problems,
        file=file.origin,
        directory=str(out),
        read_from=order.current,
        speed=speed,
        updates=file.inspection.total,
        triggers=len(triggers),
        missing=triggers.missing,
        unread=triggers.unread,
        targets={
            name: RehearsedPart(
                account=target.account,
                region=target.region if target.region_known else None,
                endpoint=target.endpoint,
                quotas=target.quotas,
                updates=updates[name],
                seconds=seconds_of([expected[name]]),
                undo_seconds=seconds_of([undo[name]]) if name in undo else 0.0,
            )
            for name, target in targets.items()
        },
        seconds=seconds,
        undo_seconds=undo_seconds,
        steps=steps,
        unrestored=unrestored,
        unknown=[*assumptions(targets.values()), NOT_KNOWN],
    )
