"""``batcher plan``: what a file of updates would change, held against the live triggers.

Changes nothing.
"""

import sys
from pathlib import Path
from typing import Any

import anyio
import click

from batcher.cli import ERROR_AS_JSON
from batcher.cli.idle_target import refuse_idle_target
from batcher.cli.interruption import run_command
from batcher.cli.options import (
    check_output,
    check_sensitive,
    settings_from,
)
from batcher.cli.output.echo import echo
from batcher.cli.output.error_report import report_of
from batcher.cli.output.findings import say_lint
from batcher.cli.output.pager import PagedText
from batcher.cli.output.plan_report import Form, PlanPrinter
from batcher.cli.output.selected_part import part_lines
from batcher.cli.output.violations import ViolationPrinter
from batcher.cli.selection import taken_selection
from batcher.config import Settings
from batcher.jobs.checked_file import CheckedFile, check_file
from batcher.jobs.lint import LintCounter
from batcher.jobs.plan import Plan, plan_changes
from batcher.sources.local_file import place_for_copies
from batcher.task_groups import open_task_group
from batcher.updates.selection import Selection

TICK = 5.0  # seconds without a word, after which it is said how far the reading is


def do_plan(
    file: str,
    out: Path | None,
    force: bool,
    show_sensitive: bool,
    full: bool,
    form: Form,
    no_pager: bool,
    as_json: bool,
    config: Path | None,
    **given: Any,
) -> None:
    instead = "Leave it out; --out FILE keeps the whole plan, readable by you only."
    as_output = form != "text"
    if as_json and as_output:
        raise click.UsageError(f"--json and --format {form}: standard output takes one of them.")
    check_sensitive(show_sensitive, as_json=as_json or as_output, instead=instead)
    check_output(out, "a plan", force=force, inputs=(file, config))
    selection = taken_selection(given)
    settings = settings_from(given, config)
    raise SystemExit(
        run_command(
            _plan,
            file,
            out,
            force,
            settings,
            selection,
            show_sensitive,
            as_json,
            full,
            form,
            _paged(form, as_json=as_json, wanted=not no_pager),
        )
    )


def _paged(form: Form, *, as_json: bool, wanted: bool) -> PagedText:
    """Where the plan goes; a terminal that is to get its JSON, too, gets all at once."""
    mixed = as_json and sys.stdout.isatty()
    return PagedText(wanted=wanted and form == "text" and not mixed)


async def _plan(
    file: str,
    out: Path | None,
    force: bool,
    settings: Settings,
    selection: Selection | None,
    show_sensitive: bool,
    as_json: bool,
    full: bool,
    form: Form,
    paged: PagedText,
) -> int:
    with place_for_copies(file) as copies:
        violations = ViolationPrinter(as_json and not settings.skip_invalid, file)
        linter = LintCounter(settings) if settings.lint else None
        checked = check_file(
            file,
            settings,
            copies,
            violations.add,
            on_hint=violations.hint,
            on_update=None if linter is None else linter.add,
            selection=selection,
        )
        violations.conclude(checked.inspection, usable=checked.usable, not_done="read")
        if not checked.usable:
            return 2
        refuse_idle_target(checked)
        if linter is not None:
            say_lint(linter.counts(checked), file)
        for line in part_lines(checked.inspection.part, checked.inspection.unmatched):
            echo(line, err=True)
        hidden = frozenset[str]() if show_sensitive else checked.reader.model.sensitive
        title = "standard input" if file == "-" else file
        printer = PlanPrinter(
            checked.inspection,
            hidden=hidden,
            as_json=as_json,
            full=full,
            form=form,
            name=title,
            paged=paged,
        )
        try:
            found = await _tell(checked, out, force, printer)
        except BaseException as error:
            if printer.break_off(report_of(error)):
                click.get_current_context().meta[ERROR_AS_JSON] = False
            raise
    await printer.show()
    printer.finish(found, out)
    return 0 if found.complete else 1


async def _tell(checked: CheckedFile, out: Path | None, force: bool, printer: PlanPrinter) -> Plan:
    async def tick() -> None:
        while True:
            await anyio.sleep(TICK)
            printer.tick()

    async with open_task_group() as beside:
        beside.start_soon(tick)
        found = await plan_changes(
            checked, printer.add, out=out, replace=force, on_connected=printer.connected
        )
        beside.cancel_scope.cancel()
    return found
