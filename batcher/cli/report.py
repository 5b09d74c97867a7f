"""``batcher report``: what a run was asked and what came of it, to look at and to pass on."""

from pathlib import Path
from typing import cast

import click

from batcher.cli.output.echo import echo
from batcher.jobs.report_writing import ReportFormat, write_report
from batcher.storage.atomic_file import refuse_taken
from batcher.storage.run_directory import RunDirectory


def do_report(run: Path, kind: str, out: Path | None, force: bool) -> None:
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
