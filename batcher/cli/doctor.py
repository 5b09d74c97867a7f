"""``batcher doctor``: what keeps this from working, before a run or a worker is started."""

import os
from functools import partial
from pathlib import Path
from typing import Any

import click

from batcher.cli.interruption import run_command
from batcher.cli.options import json_option, queue_option, settings_from, settings_options
from batcher.cli.output.diagnosis import print_diagnosis
from batcher.cli.output.format import example
from batcher.config import OF_PLACE
from batcher.jobs.doctor import Visit, examine
from batcher.jobs.iam_policies import DOORS, Door
from batcher.jobs.permission_checks import Sample

KNOWN = OF_PLACE | {
    "organization",
    "concurrency",
    "limiter",
    "connect_timeout",
    "read_timeout",
    "transport",
    "create_missing",
    "with_integrations",
}
"""The settings that have a flag here."""


@click.command(epilog=example("batcher doctor --for worker --queue sqs:updates.fifo"))
@click.option(
    "--for",
    "door",
    type=click.Choice(DOORS),
    default="run",
    show_default=True,
    help="What is to be started: whose permissions and places are looked at.",
)
@partial(queue_option, required=False)
@click.option("--domain", metavar="D", help="A domain whose triggers may be listed, as a test.")
@click.option("--trigger", metavar="T", help="A trigger of it that may be read, as a test.")
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    help="Directory that will be written to; default: where the command would write.",
)
@json_option("Print all of it as one JSON object on standard output.")
@partial(settings_options, only=KNOWN)
def doctor(
    door: Door,
    queue: str | None,
    domain: str | None,
    trigger: str | None,
    out: Path | None,
    as_json: bool,
    config: Path | None,
    **given: Any,
) -> None:
    """Tell what keeps this from working, and what to mend.

    Looks at this host, the targets, limiter and queue; sends reads only. Exits with 1 when there is
    a fault.
    """
    settings = settings_from(given, config)
    visit = Visit(
        door=door,
        queue=queue,
        sample=Sample(domain=domain, trigger=trigger),
        out=out,
        region_given_by=_region_given_by(given),
        # one that is named by the flag is the one that is meant
        only=settings.target if given.get("target") is not None else None,
    )
    diagnosis = run_command(partial(examine, settings, visit))
    print_diagnosis(diagnosis, as_json=as_json)
    raise SystemExit(1 if diagnosis.has_faults else 0)


def _region_given_by(given: dict[str, Any]) -> str:
    if given.get("region") is not None:
        return "--region"
    return "BATCHER_REGION" if os.environ.get("BATCHER_REGION") else "the settings file"
