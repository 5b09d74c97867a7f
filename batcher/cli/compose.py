"""``batcher compose``: from what is live, and a wish, to a file of updates. Sends nothing."""

from functools import partial
from pathlib import Path
from typing import Any

import click
import msgspec
from msgspec import Struct

from batcher.cli.edit_options import OrderedCommand, edit_options, taken_edits
from batcher.cli.interruption import run_command
from batcher.cli.options import check_output, output_option, settings_from, settings_options
from batcher.cli.output.composition import BlockedPrinter, composition_lines
from batcher.cli.output.echo import echo
from batcher.cli.output.format import example, several
from batcher.cli.output.preview import say_places
from batcher.cli.output.violations import ViolationPrinter
from batcher.cli.selection import selection_options, taken_selection
from batcher.config import Settings
from batcher.jobs.compose import (
    ComposeListener,
    Composition,
    CurrentTriggers,
    Wish,
    compose_updates,
    keys_of,
)
from batcher.jobs.current_triggers import current_triggers
from batcher.jobs.definitions import WRITTEN_AS, DefinitionFile, line_definitions
from batcher.sources.local_file import local_file, place_for_copies
from batcher.storage.atomic_file import AtomicFile
from batcher.triggers.edits import Edit
from batcher.updates.filter_expression import FilterExpression
from batcher.updates.line_reader import LineReader
from batcher.updates.selection import Selection, Selector
from batcher.wiring.line_readers import installed_update_model

TARGET_SETTINGS = ("target", "profile", "region", "endpoint_url")


class Request(Struct, frozen=True, kw_only=True):
    """What one call of the command was asked for."""

    file: str
    written_as: str
    current: str | None
    out: Path | None
    force: bool
    edits: tuple[Edit, ...]
    where: FilterExpression | None
    selection: Selection | None


@click.command(
    cls=OrderedCommand,
    epilog=example("batcher compose acme.jsonl --set SegmentFilter=vip --out updates.jsonl"),
)
@click.argument("file", metavar="FILE")
@edit_options
@click.option(
    "--where",
    metavar="EXPRESSION",
    help="Only triggers of which this is true, in JMESPath: ObjectTypeName == 'Orders'.",
)
@click.option(
    "--from",
    "written_as",
    type=click.Choice(list(WRITTEN_AS)),
    default="updates",
    show_default=True,
    help="What FILE is written in.",
)
@click.option(
    "--current",
    metavar="FILE|live",
    help="FILE is what is wanted, and this what there is: only the difference is written.",
)
@output_option("Write to this file; default: standard output.")
@selection_options
@partial(settings_options, only=TARGET_SETTINGS)
@click.pass_context
def compose(
    context: click.Context,
    /,
    file: str,
    where: str | None,
    written_as: str,
    current: str | None,
    out: Path | None,
    force: bool,
    config: Path | None,
    **given: Any,
) -> None:
    """Make updates of FILE, an export, that hold only what changes by --set and such.

    Sends nothing. The flags of change (--set, --unset, --append, --remove, --replace) are applied
    in the order given. Nothing is written when an update would break a rule. Exits with 1
    when a trigger that is meant can't be as asked.
    """
    check_output(out, "a file of updates", force=force, inputs=(file, config, current))
    schema = installed_update_model().schema
    request = Request(
        file=file,
        written_as=written_as,
        current=current,
        out=out,
        force=force,
        edits=taken_edits(context, given, schema),
        where=None if where is None else FilterExpression(where, schema),
        selection=taken_selection(given),
    )
    raise SystemExit(run_command(_compose, request, settings_from(given, config)))


async def _compose(request: Request, settings: Settings) -> int:
    printer = ViolationPrinter(False, request.file)
    blocked = BlockedPrinter("line")
    with place_for_copies(None if request.out is None else request.file) as copies:
        file = _definitions(request, settings, copies, printer)
        selection = request.selection
        selector = None if selection is None else Selector(selection)
        wish = Wish(
            edits=request.edits,
            where=request.where,
            selector=selector,
            current=await _current(request, settings, file),
        )
        place = copies / "updates.jsonl" if request.out is None else request.out
        with AtomicFile(place, replace=request.force) as written:
            encode = msgspec.json.Encoder().encode
            listener = ComposeListener(
                on_update=lambda update: written.write(encode(update) + b"\n"),
                on_violation=printer.add,
                on_blocked=blocked.add,
            )
            definitions = WRITTEN_AS[request.written_as](file)
            found = compose_updates(definitions, wish, file.reader, listener)
            printer.finish()
            blocked.finish()
            if found.invalid:
                return _refused(found)
            written.commit()
        if request.out is None:
            _print(place)
    for line in composition_lines(found, has_edits=bool(request.edits)):
        echo(line, err=True)
    for unmatched in [] if selector is None else selector.unmatched():
        echo(f"  {unmatched} matches no trigger.", err=True)
    return 1 if found.blocked else 0


def _definitions(
    request: Request, settings: Settings, copies: Path, printer: ViolationPrinter
) -> DefinitionFile:
    """The file as a plain one, with the rules of its lines, which may name any target."""
    place, profile, region = copies / "input.jsonl", settings.profile, settings.region
    return DefinitionFile(
        path=local_file(request.file, place, profile=profile, region=region),
        origin=request.file,
        reader=LineReader(installed_update_model(), settings.target),
        on_hint=printer.hint,
    )


async def _current(
    request: Request, settings: Settings, file: DefinitionFile
) -> CurrentTriggers | None:
    """The triggers as they are now, where the file says how they are to be."""
    if request.current is None:
        return None if WRITTEN_AS[request.written_as] is line_definitions else {}
    keys = keys_of(WRITTEN_AS[request.written_as](file), settings.target)
    return await current_triggers(request.current, keys, settings, say_places)


def _print(place: Path) -> None:
    with place.open("rb") as written, AtomicFile(None) as output:
        output.write_from(written)
        output.commit()


def _refused(found: Composition) -> int:
    echo(f"{several(found.invalid, 'update')} would break a rule. Nothing was written.", err=True)
    return 2
