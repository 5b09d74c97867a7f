"""``--repair``: a run directory repaired before a command goes on with it, and what that did."""

from collections.abc import Iterator
from pathlib import Path

import click

from batcher.cli.output.echo import echo
from batcher.cli.output.next_command import next_command
from batcher.jobs.repair import Repair, repair_run
from batcher.number_text import several
from batcher.storage.near_paths import missing_run


def repair_with_notice(path: Path, *, dry_run: bool = False) -> None:
    """Repair the run in a directory, where there is one, and say what was done.

    Raises UsageError with a dry run, which writes nothing, and as ``repair_run`` does.
    """
    if dry_run:
        raise click.UsageError("--repair writes into the run directory: leave --dry-run out.")
    if not (path / "run.json").exists():
        raise click.UsageError(f"--repair: {missing_run(path)}")
    repairs = repair_run(path)
    lines = [line for repair in repairs for line in _lines(repair)]
    for line in lines or [f"{path}: nothing to repair."]:
        echo(line, err=True)


def _lines(repair: Repair) -> Iterator[str]:
    yield (
        f"{repair.path}: repaired; {several(repair.results_lost, 'result')} and"
        f" {several(repair.images_lost, 'before image')} are lost."
    )
    if repair.in_doubt:
        yield (
            f"  {several(repair.in_doubt, 'update')} may have been sent, and are in doubt now"
            f" (ResultLost): to settle them: {next_command('verify', repair.path)}"
        )
    if repair.without_image:
        what = several(repair.without_image, "update")
        yield f"  {what} lost their before image: a rollback can't put them back."
    for path in repair.kept:
        yield f"  the damaged file is kept as {path}"
