"""``batcher calibrate``: rate and burst of an account, measured without changing anything."""

from pathlib import Path
from typing import Any

import msgspec

from batcher.aws.client import AwsTarget
from batcher.cli.interruption import run_command
from batcher.cli.options import settings_from
from batcher.cli.output.echo import echo
from batcher.cli.output.prompt import agreed
from batcher.config import Settings
from batcher.jobs.calibrate import Calibration, calibrate_quota
from batcher.number_text import duration, rate_text, several


def do_calibrate(
    domain: str,
    trigger: str,
    calls: int,
    yes: bool,
    confirm: tuple[str, ...],
    as_json: bool,
    config: Path | None,
    **given: Any,
) -> None:
    settings = settings_from(given, config)
    raise SystemExit(
        run_command(_calibrate, settings, domain, trigger, calls, yes, confirm, as_json)
    )


async def _calibrate(
    settings: Settings,
    domain: str,
    trigger: str,
    calls: int,
    yes: bool,
    confirm: tuple[str, ...],
    as_json: bool,
) -> int:
    async def may_start(target: AwsTarget) -> bool:
        echo(
            f"Reads {trigger} in {domain} of {target.account_id or 'unknown account'},"
            f" {target.region} (target {target.name}, {target.endpoint_url}), puts its own state"
            f" back with at most {calls} UpdateEventTrigger calls, as fast as AWS allows, and sees"
            " that it is as it was. A change that somebody else makes to it meanwhile would be"
            " lost.",
            err=True,
        )
        return await agreed(yes, {target.name: target}, confirm)

    def warn(text: str) -> None:
        echo(f"batcher: {text}", err=True)

    found = await calibrate_quota(
        settings, domain, trigger, calls=calls, may_start=may_start, warn=warn
    )
    if found is None:
        return 2
    if as_json:
        echo(msgspec.json.encode(found))
    echo(_said(found), err=True)
    return 0 if found.measured else 1


def _said(found: Calibration) -> str:
    effort = (
        f"{several(found.calls, 'call')} in {duration(found.seconds)}, {found.throttles:,}"
        " throttled"
    )
    if not found.measured:
        why = (
            " The answers leave too much open, as they do while somebody else uses the quota."
            if found.throttles
            else ""
        )
        return (
            f"Not measured: {effort}.{why} It allows {rate_text(found.rate)} at least; give more"
            " --calls."
        )
    kept = "remembered" if found.remembered else "not remembered"
    burst = "?" if found.burst is None else f"{found.burst:,.3g}"
    return f"{rate_text(found.rate)} (±{100 * found.doubt:.2g} %), burst {burst}: {effort}; {kept}."
