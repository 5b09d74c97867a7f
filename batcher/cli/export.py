"""``batcher export``: live triggers as update lines, ready to edit and run. Changes nothing."""

import sys
from pathlib import Path
from typing import Any

import click
import msgspec

from batcher.cli.interruption import run_command
from batcher.cli.options import check_output, settings_from
from batcher.cli.output.echo import echo
from batcher.cli.output.preview import say_places
from batcher.cli.output.reading_progress import ReadingProgress
from batcher.cli.output.selected_part import part_lines
from batcher.cli.selection import taken_selection
from batcher.config import Settings
from batcher.error_codes import RESOURCE_NOT_FOUND
from batcher.errors import InputError
from batcher.jobs.export import Export, Unread, export_triggers
from batcher.number_text import several
from batcher.records import SelectedPart
from batcher.storage.atomic_file import AtomicFile
from batcher.updates.selection import Selection, Selector


def do_export(
    domains: tuple[str, ...],
    everything: bool,
    with_base: bool,
    out: Path | None,
    force: bool,
    config: Path | None,
    **given: Any,
) -> None:
    if bool(domains) == everything:
        raise click.UsageError("Give --domain NAME, once or more often, or --all.")
    check_output(out, "an export", force=force, inputs=[config])
    selection = taken_selection(given, domains=False)
    settings = settings_from(given, config)
    wanted = domains or None
    raise SystemExit(run_command(_export, wanted, out, force, settings, selection, with_base))


async def _export(
    domains: tuple[str, ...] | None,
    out: Path | None,
    force: bool,
    settings: Settings,
    selection: Selection | None,
    with_base: bool,
) -> int:
    selector = None if selection is None else Selector(selection)
    encode = msgspec.json.Encoder().encode
    shown = out is not None or not sys.stdout.isatty()  # else its lines show how far it is
    progress = ReadingProgress("triggers", form=settings.progress if shown else "none")
    with AtomicFile(out, replace=force) as file, progress:

        def keep(line: dict[str, Any]) -> None:
            file.write(encode(line) + b"\n")
            progress.advance()

        found = await export_triggers(
            settings,
            domains,
            keep,
            lambda unread: echo(_reason(unread), err=True),
            say_places,
            selector=selector,
            with_base=with_base,
        )
        if selector is not None:
            _say_part(found, selector)
        if kept := bool(found.triggers or not found.unread):
            file.commit()
    where = "" if out is None else f" in {out}" if kept else f"; {out} was not written"
    what = f"{several(found.triggers, 'trigger')} of {several(found.domains, 'domain')}"
    echo(f"{what}{where}.", err=True)
    return 1 if found.unread else 0


def _say_part(found: Export, selector: Selector) -> None:
    """Say what was left out. Raises InputError where that is all there is."""
    by, of = str(selector.selection), found.left_out + found.triggers
    if not found.triggers and not found.unread:
        raise InputError(
            f"nothing to export: all {of:,} triggers are left out by {by}. Give another part."
        )
    part = SelectedPart(by=by, left_out=found.left_out, of=of)
    for line in part_lines(part, selector.unmatched(), "triggers"):
        echo(line, err=True)


def _reason(unread: Unread) -> str:
    error = unread.error
    if unread.vanished:
        return (
            f"{unread.domain}/{unread.trigger}: skipped; it was deleted while the export was"
            " going on."
        )
    what = (
        f"domain {unread.domain}" if unread.trigger is None else f"{unread.domain}/{unread.trigger}"
    )
    if error.code == RESOURCE_NOT_FOUND:
        return f"{what}: there is no such domain, or access to it was denied ({error.code})."
    return f"{what}: can't be read: {error.code}: {error.message}"
