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
from batcher.cli.interruption import run_command
from batcher.cli.loop_call import soon
from batcher.cli.options import json_option, settings_from, settings_options
from batcher.cli.output.echo import echo
from batcher.cli.output.format import example
from batcher.cli.output.preview import say_places
from batcher.cli.output.progress import say_state, show_progress
from batcher.cli.output.reading_progress import ReadingProgress
from batcher.cli.output.rehearsal import STEPS, rehearsal_lines
from batcher.cli.output.selected_part import part_lines
from batcher.cli.output.violations import ViolationPrinter
from batcher.cli.run_file import default_directory
from batcher.cli.selection import selection_options, taken_selection
from batcher.cli.state_signal import called_on_signal
from batcher.config import OF_READING, Settings
from batcher.jobs.checked_file import CheckedFile, check_file
from batcher.jobs.current_triggers import LIVE
from batcher.jobs.rehearsal_phases import RehearsalWatcher
from batcher.jobs.rehearsal_report import Rehearsal
from batcher.jobs.rehearsal_settings import KEPT, KEPT_OF_TARGET
from batcher.jobs.rehearse import RehearsalOrder, make_rehearsal_directory, rehearse_updates
from batcher.jobs.rehearsed_targets import RehearsedQuota
from batcher.jobs.run_execution import ApprovedRun
from batcher.jobs.run_progress import ProgressMeter
from batcher.jobs.trigger_keys import TriggerKey
from batcher.records import Update
from batcher.sources.local_file import place_for_copies

KNOWN = OF_READING | {
    *(*KEPT, *KEPT_OF_TARGET),
    *("rate", "deadline", "timetable", "timezone", "progress", "no_progress"),
}
"""The settings that have a meaning here."""


@click.command(epilog=example("batcher rehearse updates.jsonl --profile prod"))
@click.argument("file", metavar="FILE")
@click.option(
    "--current",
    default=LIVE,
    metavar="FILE|live",
    help="The triggers as they are: live, or an export; with that AWS is not asked.",
)
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    help="Directory to make; default: named after FILE, .rehearsal.",
)
@click.option(
    "--quota", metavar="N[,BURST]", help="Requests per second that AWS is to be taken to allow."
)
@click.option(
    "--speed",
    type=click.FloatRange(0.01, 1e6),
    metavar="N",
    help="So many times the real pace; default: what makes it short.",
)
@click.option("--real-time", is_flag=True, help="At the real pace, and as long as that takes.")
@click.option(
    "--fault",
    multiple=True,
    metavar="KIND=P",
    help="A fault of the emulator and its probability; can be repeated.",
)
@click.option("--clear-omitted", is_flag=True, help="Updates clear the members that they omit.")
@json_option("Print what was found as one JSON object on standard output.")
@selection_options
@partial(settings_options, only=KNOWN)
def rehearse(
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
    """Do the whole job on a local Customer Profiles first.

    FILE: JSONL, .gz, .zst; - for standard input, or s3://BUCKET/KEY. Reads the triggers that FILE
    names, puts them into an emulator on loopback, and there runs FILE, verifies, rolls back and
    verifies. No update is sent to AWS. Exits with 0 when everything would be as asked and could be
    put back, with 1 when something would not.
    """
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
