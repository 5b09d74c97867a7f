"""``batcher ctl``: tells a run or a worker that is at work to pause, to slow down, to stop."""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import click

from batcher.cli.output.echo import echo
from batcher.control.client import tell
from batcher.control.messages import WITH_VALUE, ControlRequest
from batcher.errors import ControlError
from batcher.number_text import rate_text


def do_ctl(run: Path, command: Any, value: str | None, as_json: bool) -> None:
    request = ControlRequest(command=command, value=value)
    if command in WITH_VALUE and value is None:
        raise click.UsageError(f"{command} needs a value: a number or a part, or auto.")
    try:
        request.check()
    except ControlError as error:
        raise click.UsageError(str(error)) from error
    status = tell(run, request).status
    if as_json:
        echo(json.dumps(status), lines=True)
        return
    for line in _lines(status):
        echo(line, err=command != "status")


def _lines(status: Mapping[str, Any]) -> Iterator[str]:
    """What a person wants to know of it."""
    yield f"{status['state']}: {status['progress']}"
    for words in status["paused"].values():
        if words not in status["progress"]:
            yield f"  paused {words}"
    for by, rate in status["rates"].items():
        yield f"  at most {rate_text(rate)} for each target, by {by}"
        yield from _lower_limits(status.get("limits", {}), rate)
    for by, share in status["shares"].items():
        yield f"  {100 * share:g}% of each quota, by {by}"


def _lower_limits(limits: Mapping[str, float], rate: float) -> Iterator[str]:
    """Which targets stay slower than a rate, as their settings have it."""
    for target, limit in limits.items():
        if limit < rate:
            name = f" of target {target}" if len(limits) > 1 else ""
            yield (
                f"    the limit of {rate_text(limit)}{name} by its settings (--rate) stays, as the"
                " lowest counts: to be faster, stop and run again with another --rate"
            )
