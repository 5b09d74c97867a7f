"""``batcher run``: the whole job, from the check of the file to the summary."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from batcher.cli.options import settings_from, settings_options

if TYPE_CHECKING:
    from batcher.bulk import BulkRun
    from batcher.config import Settings
    from batcher.records import Summary


@click.command(
    epilog="Example: batcher run updates.jsonl --profile prod --region eu-west-1 --dry-run",
)
@click.argument("file", metavar="FILE")
@click.option("--out", type=click.Path(path_type=Path), help="Run directory; default: FILE with .run.")
@click.option("--yes", is_flag=True, help="Start without asking.")
@click.option("--dry-run", is_flag=True, help="Check everything, say what would be done, send nothing.")
@click.option("--json", "as_json", is_flag=True, help="Print the summary as one JSON object on standard output.")
@click.option("--no-progress", is_flag=True, help="Show no progress.")
@settings_options
def run(
    file: str,
    out: Path | None,
    yes: bool,
    dry_run: bool,
    as_json: bool,
    no_progress: bool,
    config: Path | None,
    **given: Any,
) -> None:
    """Change the triggers of FILE (JSONL, .gz, .zst, or - for standard input).

    Checks every line first, says what it will do and how long that takes, and asks. Running the same command again
    resumes.
    """
    import anyio

    settings = settings_from(given, config)
    directory = out or default_directory(file)
    code = anyio.run(work, file, directory, settings, yes, dry_run, as_json, no_progress)
    raise SystemExit(code)


def default_directory(file: str) -> Path:
    """The input's name with ``.run`` instead of its suffixes, in the current directory."""
    name = "stdin" if file == "-" else Path(file).name
    for suffix in (".gz", ".zst", ".jsonl"):
        name = name.removesuffix(suffix)
    return Path(f"{name}.run")


async def work(file: str, out: Path, settings: "Settings", yes: bool, dry_run: bool, as_json: bool, no_progress: bool) -> int:
    """Inspect, preview, ask, execute; returns the exit code."""
    import tempfile
    from contextlib import AsyncExitStack

    from batcher.bulk import BulkRun
    from batcher.rundir import RunDirectory

    async with AsyncExitStack() as stack:
        if dry_run:  # what has to be copied to be read is copied elsewhere
            out = Path(stack.enter_context(tempfile.TemporaryDirectory())) / out.name
        directory = stack.enter_context(RunDirectory(out))
        bulk = BulkRun(file, directory, settings)
        if not _valid(bulk, as_json):
            return 2
        restored = bulk.restore()
        await bulk.connect(stack)
        _say_preview(bulk, restored)
        if dry_run:
            return 0
        if not _agreed(yes):
            return 2
        return await _execute(bulk, as_json, no_progress)


def _valid(bulk: "BulkRun", as_json: bool) -> bool:
    """Check the file; say what is wrong with it. False when nothing may be sent."""
    from batcher.cli.faults import FaultPrinter

    skip = bulk.settings.skip_invalid
    printer = FaultPrinter(as_json and not skip)
    inspection = bulk.inspect(on_fault=printer.add)
    if inspection.total == 0:
        click.echo(f"{bulk.origin}: no updates in it; nothing to do.", err=True)
        return False
    if not inspection.invalid:
        return True
    printer.finish(valid=False, total=inspection.total, invalid=inspection.invalid)
    if not skip:
        click.echo("Nothing was sent. Correct these lines, or leave them out with --skip-invalid.", err=True)
    return skip


def _say_preview(bulk: "BulkRun", restored: int) -> None:
    from batcher.cli.preview import preview

    for line in preview(bulk, restored):
        click.echo(line, err=True)


def _agreed(yes: bool) -> bool:
    import sys

    if yes:
        return True
    if not sys.stdin.isatty():
        click.echo("Nothing was sent: there is no terminal to ask on. Give --yes to start.", err=True)
        return False
    if click.confirm("Start?", default=False, err=True):
        return True
    click.echo("Nothing was sent.", err=True)
    return False


async def _execute(bulk: "BulkRun", as_json: bool, no_progress: bool) -> int:
    import sys

    from batcher.cli.progress import watcher
    from batcher.logs import LogOutput

    live = sys.stderr.isatty() and not no_progress
    redact = bulk.shop.redactor.loose
    with LogOutput(bulk.settings.log_level, file=bulk.directory.log, terminal=not live, redact=redact):
        summary = await bulk.execute(watcher(bulk, shown=not no_progress))
    if as_json:
        import msgspec

        click.echo(msgspec.json.encode(summary))
    _say_summary(bulk, summary)
    return exit_code(summary)


def exit_code(summary: "Summary") -> int:
    """0 all done well; 1 finished with some not; 3 stopped itself; 4 interrupted."""
    from batcher.bulk import INTERRUPTED

    if summary.stopped == INTERRUPTED:
        return 4
    if summary.stopped is not None:
        return 3
    return 0 if summary.succeeded + summary.unchanged == summary.total else 1


def _say_summary(bulk: "BulkRun", summary: "Summary") -> None:
    from batcher.cli.report import lines

    for line in lines(bulk, summary):
        click.echo(line, err=True)
