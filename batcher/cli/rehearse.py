"""``batcher rehearse``: a run and its rollback on the emulator, and whether all would be well.

Changes nothing.
"""

from functools import partial
from pathlib import Path
from typing import Any

import anyio
import click
import msgspec

from batcher.cli.emulator import fault_of
from batcher.cli.idle_target import refuse_idle_target
from batcher.cli.interruption import run_command
from batcher.cli.loop_call import soon
from batcher.cli.options import settings_from
from batcher.cli.output.echo import echo
from batcher.cli.output.preview import say_places
from batcher.cli.output.progress import say_state, show_progress
from batcher.cli.output.reading_progress import ReadingProgress
from batcher.cli.output.rehearsal import STEPS, rehearsal_lines
from batcher.cli.output.selected_part import part_lines
from batcher.cli.output.violations import ViolationPrinter
from batcher.cli.run import default_directory
from batcher.cli.selection import taken_selection
from batcher.cli.state_signal import called_on_signal
from batcher.config import Settings
from batcher.jobs.checked_file import CheckedFile, check_file
from batcher.jobs.rehearsal_phases import RehearsalWatcher
from batcher.jobs.rehearsal_report import Rehearsal
from batcher.jobs.rehearse import RehearsalOrder, make_rehearsal_directory, rehearse_updates
from batcher.jobs.rehearsed_targets import RehearsedQuota
from batcher.jobs.run_execution import ApprovedRun
from batcher.jobs.run_progress import ProgressMeter
from batcher.jobs.trigger_keys import TriggerKey
from batcher.records import Update
from batcher.sources.local_file import place_for_copies


def do_rehearse(
    file: str,
    current: str,
    out: Path | None,
    quota: str | None,
    speed: float | None,
    real_time: bool,
    fault: tuple[str, ...],
    clear_omitted: bool,
    as_json: bool,
    config: Path | None,
    **given: Any,
) -> None:
    if real_time and speed is not None:
        raise click.UsageError("--real-time and --speed: give one of them.")
    if file == current == "-":
        raise click.UsageError("FILE and --current: standard input can be read once only.")
    try:
        faults = dict(map(fault_of, fault))
        allowed = None if quota is None else _quota(quota)
    except ValueError as error:
        raise click.UsageError(str(error)) from None
    order = RehearsalOrder(
        current=current,
        speed=1.0 if real_time else speed,
        quota=allowed,
        faults=faults,
        clear_omitted=clear_omitted,
        selection=taken_selection(given),
    )
    settings = settings_from(given, config)
    raise SystemExit(run_command(_rehearse, file, out, order, settings, as_json))


def _quota(text: str) -> RehearsedQuota:
    rate, comma, burst = text.partition(",")
    try:
        found = RehearsedQuota(
            rate=float(rate), burst=float(burst) if comma else 1.0, origin="given"
        )
    except ValueError:
        found = None
    if found is None or not (1e-6 <= found.rate <= 1e6 and 1 <= found.burst <= 1e6):
        raise ValueError(f"--quota {text}: write it as 5 or 5,10: a second, and at once") from None
    return found


async def _rehearse(
    file: str,
    out: Path | None,
    order: RehearsalOrder,
    settings: Settings,
    as_json: bool,
) -> int:
    violations = ViolationPrinter(as_json and not settings.skip_invalid, file)
    lines = dict[TriggerKey, int]()

    def note(update: Update) -> None:
        lines.setdefault(TriggerKey.of(update), update.line)

    with place_for_copies(file) as copies:
        checked = check_file(
            file,
            settings,
            copies,
            violations.add,
            on_hint=violations.hint,
            on_update=note,
            selection=order.selection,
        )
        violations.conclude(checked.inspection, usable=checked.usable, not_done="rehearsed")
        if not checked.usable:
            return 2
        refuse_idle_target(checked)
        for line in part_lines(checked.inspection.part, checked.inspection.unmatched):
            echo(line, err=True)
        name = default_directory(file).name.removesuffix(".run")
        place = make_rehearsal_directory(out, name)
        found = await _watched(checked, lines, place, order)
    if as_json:
        echo(msgspec.json.encode(found))
    for line in rehearsal_lines(found):
        echo(line, err=True)
    return 0 if found.succeeded else 1


async def _watched(
    file: CheckedFile,
    lines: dict[TriggerKey, int],
    out: Path,
    order: RehearsalOrder,
) -> Rehearsal:
    """Rehearse, and say how far it is."""
    form = file.settings.progress
    with ReadingProgress("live triggers", form=form) as progress:
        watcher = RehearsalWatcher(
            on_step=lambda step: echo(STEPS[step], err=True),
            beside=lambda run: partial(_show, run, form),
            on_look=progress.read,
        )
        return await rehearse_updates(
            file,
            lines,
            out,
            order,
            watcher=watcher,
            on_connected=say_places,
            warn=lambda text: echo(f"batcher: {text}", err=True),
        )


async def _show(run: ApprovedRun, form: str) -> None:
    clock = run.order.clock
    meter = ProgressMeter(run, clock.now())
    with called_on_signal(partial(say_state, meter, clock), soon):
        await show_progress(meter, clock, form)
        await anyio.sleep_forever()  # the signal is answered also where no progress is shown
