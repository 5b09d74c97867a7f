"""``batcher verify``: settles what is in doubt, and proves the books of a run."""

import os
from pathlib import Path
from typing import Any

import anyio
import click
import msgspec

from batcher.cli.options import json_option, settings_options
from batcher.cli.output.format import example, several
from batcher.config import resolve
from batcher.jobs.run_reader import RunReader, settings_of
from batcher.jobs.verify import Findings, Proof, Verification
from batcher.wiring.line_readers import line_reader


@click.command(epilog=example("batcher verify updates.run --json"))
@click.argument("run", metavar="RUN", type=click.Path(path_type=Path))
@click.option(
    "--in-doubt-only", is_flag=True, help="Look only at the triggers of updates that are in doubt."
)
@json_option("Print the proof as one JSON object on standard output.")
@settings_options
def verify(
    run: Path, in_doubt_only: bool, as_json: bool, config: Path | None, **given: Any
) -> None:
    """Prove the books of the run in directory RUN, against its input and the live triggers.

    Updates in doubt are settled to succeeded or failed by what the live trigger shows. Exits with 0
    when all of it holds, else with 1.
    """
    proof = anyio.run(_prove, run, not in_doubt_only, given, config)
    if as_json:
        click.echo(msgspec.json.encode(proof))
    _say(proof)
    raise SystemExit(0 if proof.holds else 1)


async def _prove(run: Path, live: bool, given: dict[str, Any], config: Path | None) -> Proof:
    settings = resolve(given, environ=os.environ, file=config, base=settings_of(run))
    past = RunReader(run, line_reader(settings, any_target=True))
    with past.directory:
        return await Verification(past, settings).run(live=live)


def _say(proof: Proof) -> None:
    counts = ", ".join(
        f"{count:,} {name.replace('_', ' ')}" for name, count in proof.counts.items() if count
    )
    click.echo(
        f"{several(proof.updates, 'update')}: {counts or 'none done'}, {proof.not_started:,} not"
        " started.",
        err=True,
    )
    if proof.settled:
        settled = ", ".join(f"{count:,} {name}" for name, count in proof.settled.items())
        click.echo(f"Were in doubt, and are settled now: {settled}.", err=True)
    click.echo(
        f"{several(proof.looked_at, 'live trigger')} looked at, {proof.as_asked:,} as asked.",
        err=True,
    )
    _say_findings("Not as asked", proof.differs)
    _say_findings("Could not be read; verify again", proof.unread)
    _say_findings("The books are wrong", proof.wrong)
    click.echo("It holds." if proof.holds else "It does not hold.", err=True)


def _say_findings(title: str, findings: Findings) -> None:
    if not findings.count:
        return
    click.echo(f"{title}: {findings.count:,}", err=True)
    for finding in findings.first:
        click.echo(
            f"  line {finding.line}: {finding.what}" if finding.line else f"  {finding.what}",
            err=True,
        )
    if more := findings.count - len(findings.first):
        click.echo(f"  … and {more:,} more", err=True)
