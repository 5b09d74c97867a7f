"""``batcher plan``: what a file of updates would change, held against the live triggers.

Changes nothing.
"""

import tempfile
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import anyio
import click

from batcher.cli import OWES_JSON
from batcher.cli.options import json_option, settings_from, settings_options
from batcher.cli.output.format import example
from batcher.cli.output.plan_report import Report
from batcher.cli.output.violations import passes
from batcher.config import Settings
from batcher.jobs.plan import Survey
from batcher.storage.atomic_file import LinesFile
from batcher.task_groups import open_task_group

TICK = 5.0  # seconds without a word, after which it is said how far the reading is


@click.command(epilog=example("batcher plan updates.jsonl --profile prod --out plan.jsonl"))
@click.argument("file", metavar="FILE")
@click.option(
    "--out",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Keep the plan in this file, to be run.",
)
@click.option("--show-sensitive", is_flag=True, help="Also show what sensitive members hold.")
@json_option("Print the plan as one JSON object on standard output.")
@settings_options
def plan(
    file: str,
    out: Path | None,
    show_sensitive: bool,
    as_json: bool,
    config: Path | None,
    **given: Any,
) -> None:
    """Show what the updates of FILE (JSONL, .gz, .zst; - for standard input, or s3://BUCKET/KEY)
    would change. Sends no update.

    Reads every live trigger and compares lists without regard to order. Exits with 1 when a trigger
    is missing or can't be read, or when more would change than --max-changes allows.
    """
    if out is not None and out.suffix in (".gz", ".zst"):
        raise click.UsageError(
            f"--out {out}: a plan is not packed; give a name that ends in .jsonl."
        )
    if out is not None and Path(file).exists() and out.exists() and out.samefile(file):
        raise click.UsageError(f"--out {out}: that is the file to be planned; give another name.")
    raise SystemExit(
        anyio.run(work, file, out, settings_from(given, config), show_sensitive, as_json)
    )


async def work(
    file: str, out: Path | None, settings: Settings, show_sensitive: bool, as_json: bool
) -> int:
    """Check, read, compare, show; returns the exit code."""
    async with AsyncExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="batcher-"))
        survey = Survey(file, Path(folder), settings)
        if not passes(survey, as_json=as_json, not_done="read"):
            return 2
        kept = None if out is None else stack.enter_context(LinesFile(out))
        await survey.connect(stack)
        report = Report(
            survey,
            kept,
            hidden=frozenset() if show_sensitive else survey.sensitive,
            as_json=as_json,
        )
        try:
            await _read(survey, report)
        except BaseException as error:
            if report.break_off(str(error) or "interrupted"):
                click.get_current_context().meta[OWES_JSON] = False
            raise
        return report.finish(out)


async def _read(survey: Survey, report: Any) -> None:
    async with open_task_group() as beside:
        beside.start_soon(_tick, report)
        await survey.plan(report.add)
        beside.cancel_scope.cancel()


async def _tick(report: Any) -> None:
    while True:
        await anyio.sleep(TICK)
        report.tick()
