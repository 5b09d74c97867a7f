"""``batcher compose``: from what is live, and a wish, to a file of updates. Sends nothing."""

from pathlib import Path
from typing import Any

import click
import msgspec
from msgspec import Struct

from batcher.cli.definition_options import DefinitionChoices, files_of
from batcher.cli.edit_options import taken_edits
from batcher.cli.interruption import run_command
from batcher.cli.options import check_output, settings_from
from batcher.cli.output.composition import BlockedPrinter, composition_lines
from batcher.cli.output.echo import echo
from batcher.cli.output.preview import say_places
from batcher.cli.output.violations import ViolationPrinter
from batcher.cli.selection import taken_selection
from batcher.config import Settings
from batcher.errors import InputError
from batcher.jobs.compose import (
    ComposeListener,
    Composition,
    CurrentTriggers,
    Wish,
    compose_updates,
    keys_of,
)
from batcher.jobs.csv_definitions import CsvWriter
from batcher.jobs.current_triggers import LIVE, current_triggers
from batcher.jobs.definitions import DefinitionFile
from batcher.number_text import several
from batcher.sources.local_file import local_file, place_for_copies
from batcher.storage.atomic_file import AtomicFile
from batcher.triggers.edits import Edit
from batcher.updates.filter_expression import FilterExpression
from batcher.updates.line_reader import LineReader
from batcher.updates.selection import Selection, Selector
from batcher.wiring.line_readers import installed_update_model


class Request(Struct, frozen=True, kw_only=True):
    """What one call of the command was asked for."""

    file: str
    choices: DefinitionChoices
    out: Path | None
    force: bool
    edits: tuple[Edit, ...]
    where: FilterExpression | None
    selection: Selection | None


def do_compose(
    file: str,
    where: str | None,
    out: Path | None,
    force: bool,
    config: Path | None,
    **given: Any,
) -> None:
    check_output(out, "what it makes", force=force, inputs=(file, config, *files_of(given)))
    schema = installed_update_model().schema
    request = Request(
        file=file,
        choices=DefinitionChoices.taken(given, file),
        out=out,
        force=force,
        edits=taken_edits(click.get_current_context(), given, schema),
        where=None if where is None else FilterExpression(where, schema),
        selection=taken_selection(given),
    )
    raise SystemExit(run_command(_compose, request, settings_from(given, config)))


async def _compose(request: Request, settings: Settings) -> int:
    kind = request.choices.kind
    violations = ViolationPrinter(False, request.file, unit=kind.unit)
    blocked = BlockedPrinter(kind.unit)
    with place_for_copies(None if request.out is None else request.file) as copies:
        file = _definitions(request, settings, copies, violations)
        selection = request.selection
        selector = None if selection is None else Selector(selection, settings.target_names)
        wish = Wish(
            edits=request.edits,
            where=request.where,
            selector=selector,
            current=await _current(request, settings, file),
            unit=kind.unit,
            is_once=kind.is_once,
        )
        place = copies / "made" if request.out is None else request.out
        with AtomicFile(place, replace=request.force) as made:
            listener = _listener(request, made, violations, blocked)
            found = compose_updates(kind.read(file), wish, file.reader, listener)
            violations.finish()
            blocked.finish()
            if found.invalid:
                return _refused(request, found)
            _refuse_empty(request, found)
            made.commit()
        if request.out is None:
            _print(place)
    rows, asked = request.choices.columns is not None, _has_wish(request)
    for line in composition_lines(found, request.edits, rows=rows, wish=asked):
        echo(line, err=True)
    for unmatched in [] if selector is None else selector.unmatched():
        echo(f"  {unmatched} matches no trigger.", err=True)
    return 1 if found.blocked else 0


def _listener(
    request: Request, made: AtomicFile, violations: ViolationPrinter, blocked: BlockedPrinter
) -> ComposeListener:
    """Who writes what was asked for: updates, or a table of all that is meant."""
    encode = msgspec.json.Encoder().encode

    def write_line(update: dict[str, Any]) -> None:
        made.write(encode(update) + b"\n")

    told = ComposeListener(on_violation=violations.add, on_blocked=blocked.add)
    if request.choices.columns is None:
        return msgspec.structs.replace(told, on_update=write_line)
    return msgspec.structs.replace(
        told, on_whole=CsvWriter(request.choices.columns, made.write).add
    )


def _has_wish(request: Request) -> bool:
    """Whether anything could change by what was asked for."""
    return (
        bool(request.edits) or request.choices.kind.is_wanted or request.choices.current is not None
    )


def _definitions(
    request: Request, settings: Settings, copies: Path, violations: ViolationPrinter
) -> DefinitionFile:
    """The file as a plain one, with the rules of its lines, which may name any target."""
    place, profile, region = copies / "input", settings.profile, settings.region
    return DefinitionFile(
        path=local_file(request.file, place, profile=profile, region=region),
        origin=request.file,
        reader=LineReader(installed_update_model(), settings.target),
        on_hint=violations.hint,
        template=request.choices.template,
        on_note=lambda note: echo(f"  {note}", err=True),
        domain=_one_domain(request.selection),
        parameters=request.choices.parameters,
    )


def _one_domain(selection: Selection | None) -> str | None:
    """The domain of definitions that name none: the one that the job is narrowed to."""
    domains = () if selection is None else selection.domains
    return domains[0] if len(domains) == 1 else None


async def _current(
    request: Request, settings: Settings, file: DefinitionFile
) -> CurrentTriggers | None:
    """The triggers as they are now, where the file says how they are to be."""
    if request.choices.current is None:
        return {} if request.choices.kind.is_wanted else None
    silent = msgspec.structs.replace(file, on_hint=lambda _: None, on_note=lambda _: None)
    keys = keys_of(request.choices.kind.read(silent), settings.target)
    named = settings.has_target_of_its_own or all(key.target != settings.target for key in keys)
    if request.choices.current == LIVE and not named:
        settings.one_target()  # says that there is none for those that name none
    return await current_triggers(request.choices.current, keys, settings, say_places)


def _print(place: Path) -> None:
    with place.open("rb") as written, AtomicFile(None) as output:
        output.write_from(written)
        output.commit()


def _refuse_empty(request: Request, found: Composition) -> None:
    """Raise InputError where there is nothing that is meant."""
    if not found.total:
        raise InputError(f"{request.file}: no triggers in it; nothing to compose.")
    if found.left_out == found.total:
        by = f"all {found.total:,} triggers are left out by {request.selection}"
        raise InputError(f"{request.file}: nothing to compose: {by}. Give another part.")


def _refused(request: Request, found: Composition) -> int:
    what = several(found.invalid, request.choices.kind.unit)
    echo(f"{what} can't be an update. Nothing was written.", err=True)
    return 2
