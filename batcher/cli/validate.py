"""``batcher validate``: every line of a file held against the rules; sends nothing."""

from pathlib import Path
from typing import Any

from batcher.cli.options import settings_from
from batcher.cli.output.echo import echo
from batcher.cli.output.error_report import report_of
from batcher.cli.output.violations import ViolationPrinter
from batcher.config import Settings
from batcher.errors import InputError
from batcher.number_text import number, several
from batcher.sources.inspection import Inspection, inspect
from batcher.sources.local_file import local_file, place_for_copies
from batcher.updates.line_reader import LineReader
from batcher.wiring.line_readers import installed_update_model


def do_validate(file: str, as_json: bool, config: Path | None, **given: Any) -> None:
    settings = settings_from(given, config)
    printer = ViolationPrinter(as_json, file)
    try:
        found = _inspect(file, settings, printer)
    except InputError as error:
        report = report_of(error)
        printer.finish(valid=False, **report.as_json())
        echo(f"batcher: {report.error}", err=True)
        raise SystemExit(report.exit_code) from None
    counts = {name: len(index) for name, index in sorted(found.targets.items())}
    fit = found.total > 0 and not found.invalid
    printer.finish(valid=fit, total=found.total, invalid=found.invalid, targets=counts)
    echo(_verdict(file, found), err=True)
    raise SystemExit(0 if fit else 2)


def _inspect(file: str, settings: Settings, printer: ViolationPrinter) -> Inspection:
    # a map of domains says where updates go, not whether they are valid
    reader = LineReader(installed_update_model(), settings.target, settings.target_names)
    with place_for_copies(file) as copies:
        path = Path(file)
        if not path.is_file():
            path = local_file(
                file, copies / "input.jsonl", profile=settings.profile, region=settings.region
            )
        add, hint = printer.add, printer.hint
        return inspect(path, reader, on_violation=add, on_hint=hint, keeps_places=False)


def _verdict(file: str, found: Inspection) -> str:
    """``4,800 updates of 4,790 triggers in 3 domains: all valid``."""
    updates = several(found.total, "update")
    if found.invalid:
        return (
            f"{number(found.invalid)} of {updates} invalid ({several(found.violations, 'fault')})"
        )
    if not found.total:
        return f"{file}: {found.nothing}. Give a file of updates."
    triggers = several(sum(index.triggers for index in found.targets.values()), "trigger")
    domains = several(sum(len(index.domains) for index in found.targets.values()), "domain")
    where = f" for {several(len(found.targets), 'target')}" if len(found.targets) > 1 else ""
    return f"{updates} of {triggers} in {domains}{where}: all valid"
