"""``batcher doctor``: what keeps this from working, before a run or a worker is started."""

import os
from functools import partial
from pathlib import Path
from typing import Any

from batcher.cli.interruption import run_command
from batcher.cli.options import settings_from
from batcher.cli.output.diagnosis import print_diagnosis
from batcher.jobs.doctor import Visit, examine
from batcher.jobs.iam_policies import Door
from batcher.jobs.permission_checks import Sample


def do_doctor(
    door: Door,
    queue: str | None,
    domain: str | None,
    trigger: str | None,
    out: Path | None,
    as_json: bool,
    config: Path | None,
    **given: Any,
) -> None:
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
