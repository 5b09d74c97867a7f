"""``batcher lint``: what is most likely a mistake in a file of updates; sends no update."""

from pathlib import Path
from typing import Any, Literal, TypeAlias

import click

from batcher.cli import ERROR_AS_JSON
from batcher.cli.idle_target import refuse_idle_target
from batcher.cli.interruption import run_command
from batcher.cli.options import (
    check_sensitive,
    settings_from,
)
from batcher.cli.output.annotations import Annotations
from batcher.cli.output.echo import echo
from batcher.cli.output.error_report import report_of
from batcher.cli.output.findings import FindingJson, FindingPrinter, FindingText
from batcher.cli.output.preview import say_places
from batcher.cli.output.sarif import SarifLog
from batcher.cli.output.selected_part import part_lines
from batcher.cli.output.violations import ViolationPrinter
from batcher.cli.selection import taken_selection
from batcher.config import Settings
from batcher.jobs.checked_file import check_file
from batcher.jobs.line_linter import LintCounts, code_selection
from batcher.jobs.lint import lint_updates
from batcher.records import Error
from batcher.sources.local_file import place_for_copies
from batcher.updates.selection import Selection
from batcher.wiring.line_readers import installed_update_model

Format: TypeAlias = Literal["text", "json", "sarif", "github"]


def do_lint(
    file: str,
    current: str | None,
    form: Format | None,
    as_json: bool,
    strict: bool,
    show_sensitive: bool,
    config: Path | None,
    **given: Any,
) -> None:
    if as_json and form not in (None, "json"):
        raise click.UsageError(f"--json and --format {form}: give one of them.")
    form = "json" if as_json else form or "text"
    click.get_current_context().meta[ERROR_AS_JSON] = form == "json"
    check_sensitive(show_sensitive, as_json=form != "text")
    if file == current == "-":
        raise click.UsageError("--current -: standard input is FILE already.")
    selection = taken_selection(given)
    settings = settings_from(given, config)
    code_selection(settings)  # before anything is read
    sensitive = frozenset[str]() if show_sensitive else installed_update_model().sensitive
    raise SystemExit(
        run_command(_lint, file, current, form, strict, sensitive, settings, selection)
    )


async def _lint(
    file: str,
    current: str | None,
    form: Format,
    strict: bool,
    sensitive: frozenset[str],
    settings: Settings,
    selection: Selection | None,
) -> int:
    violations = ViolationPrinter(form == "json" and not settings.skip_invalid, file)
    printer = _printer(form, file, sensitive, violations)
    try:
        with place_for_copies(file) as copies:
            checked = check_file(
                file,
                settings,
                copies,
                printer.violation,
                on_hint=violations.hint,
                selection=selection,
            )
            violations.conclude(checked.inspection, usable=checked.usable, not_done="linted")
            if not checked.usable:
                printer.finish(None)
                return 2
            refuse_idle_target(checked)
            printer.names_targets = len(checked.inspection.targets) > 1
            for line in part_lines(checked.inspection.part, checked.inspection.unmatched):
                echo(line, err=True)
            counts = await lint_updates(
                checked,
                printer.add,
                current=current,
                on_connected=say_places,
                on_unread=_say_unread,
            )
    except BaseException as error:
        if printer.break_off(report_of(error)):
            click.get_current_context().meta[ERROR_AS_JSON] = False
        raise
    printer.finish(counts)
    return _exit_code(counts, strict=strict)


def _exit_code(counts: LintCounts, *, strict: bool) -> int:
    """1 for errors, for what was not looked at, and where it is ``strict`` for warnings; else 0."""
    fails = counts.of("error") or counts.unread or (strict and counts.of("warning"))
    return 1 if fails else 0


def _printer(
    form: Format, file: str, sensitive: frozenset[str], violations: ViolationPrinter
) -> FindingPrinter:
    match form:
        case "sarif":
            return SarifLog(file, sensitive)
        case "github":
            return Annotations(file, sensitive)
        case "json":
            return FindingJson(sensitive, violations)
        case "text":
            return FindingText(sensitive, violations)


def _say_unread(what: str, why: Error) -> None:
    echo(f"{what}: can't be read, and is not looked at: {why.code}: {why.message}", err=True)
