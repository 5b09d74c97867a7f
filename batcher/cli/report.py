"""``batcher report``: what a run was asked and what came of it, to look at and to pass on."""

from pathlib import Path
from typing import cast

import click

from batcher.cli.output.echo import echo
from batcher.cli.output.format import example
from batcher.jobs.report_writing import FORMATS, ReportFormat, write_report
from batcher.storage.atomic_file import refuse_taken
from batcher.storage.run_directory import RunDirectory


@click.command(epilog=example("batcher report updates.run --format markdown"))
@click.argument("run", metavar="RUN", type=click.Path(path_type=Path))
@click.option(
    "--format",
    "kind",
    type=click.Choice(FORMATS),
    default="html",
    show_default=True,
    help="A page; all of its content; text for a pull request; test cases for a CI.",
)
@click.option(
    "--out",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Write to this file; default: report.html in RUN, other formats to standard output.",
)
@click.option("--force", is_flag=True, help="Replace the file of --out where there is one.")
def report(run: Path, kind: str, out: Path | None, force: bool) -> None:
    """Show what a run was asked and what came of it.

    RUN: its directory, also while the run is under way. Reads it, and changes nothing but
    report.html in it. Exits with 1 when the accounts do not balance, as of a damaged results.jsonl.
    """
    if out is not None:
        if (out.parent / "run.json").exists():
            raise click.UsageError(
                f"--out {out}: that is in a run directory; give a place outside of it."
            )
        refuse_taken(out, replace=force)
    elif kind == "html":
        out, force = RunDirectory(run).report, True
    found = write_report(run, cast(ReportFormat, kind), out, replace=force)
    if out is not None:
        echo(f"Report: {out}", err=True)
    if (damage := found.accounts.damage) is not None:
        echo(f"{damage} The report goes as far as what is whole before that.", err=True)
    raise SystemExit(0 if found.accounts.balanced else 1)
