"""``batcher emulator``: a local Customer Profiles until it is told to stop.

Flags to settings, and nothing else.
"""

import math
import signal
from typing import Any

import click

from batcher.cli.interruption import run_command
from batcher.cli.output.echo import echo
from batcher.emulator import Emulator, Quota
from batcher.signals import received_signals


class CouldNotStart(click.ClickException):
    """What is nobody's wrong usage: a port in use, a file that can't be read or written."""

    exit_code = 5


def do_emulator(
    quota: tuple[str, ...],
    latency: str,
    fault: tuple[str, ...],
    clamp: tuple[str, ...],
    key: tuple[str, ...],
    **given: Any,
) -> None:
    try:
        served = Emulator(
            quotas=dict(map(_quota, quota)),
            latency=_latency(latency),
            faults=dict(map(fault_of, fault)),
            clamp=dict(map(_clamp, clamp)),
            keys=dict(map(_key, key)) or None,
            **given,
        )
        run_command(_serve, served)
    except ValueError as error:
        raise click.UsageError(str(error)) from None
    except OSError as error:
        raise CouldNotStart(
            f"can't start or save: {error}; try another --port, --host or --state"
        ) from None


async def _serve(served: Emulator) -> None:
    """Serve until SIGINT or SIGTERM."""
    async with served as endpoint_url:
        with received_signals(signal.SIGINT, signal.SIGTERM) as signals:
            echo(endpoint_url)
            await anext(signals)


def _quota(text: str) -> tuple[str, Quota]:
    operation, _, limits = text.partition("=")
    rate, _, burst = limits.partition("/")
    try:
        return operation, Quota(rate=float(rate), burst=float(burst) if burst else None)
    except ValueError as error:
        raise ValueError(f"--quota {text}: {error}; write it as UpdateEventTrigger=50/20") from None


def _latency(text: str) -> tuple[float, float]:
    low, dash, high = text.partition("-")
    try:
        least, most = float(low) / 1000, float(high if dash else low) / 1000
    except ValueError:
        least = most = math.nan
    if not 0 <= least <= most < math.inf:
        raise ValueError(
            f"--latency {text}: write milliseconds, as 50 or 20-80, the lower one first"
        )
    return least, most


def fault_of(text: str) -> tuple[str, float]:
    """A kind of fault and its probability. Raises ValueError."""
    kind, _, given = text.partition("=")
    try:
        probability = float(given)
    except ValueError:
        probability = math.nan
    if not 0 <= probability <= 1:
        raise ValueError(
            f"--fault {text}: write a kind and a probability, from 0 to 1, as internal=0.05"
        )
    return kind, probability


def _clamp(text: str) -> tuple[str, float]:
    path, _, most = text.partition("=")
    try:
        return path, int(most)
    except ValueError:
        raise ValueError(
            f"--clamp {text}: write a path and a number, as EventTriggerLimits.EventExpiration=900"
        ) from None


def _key(text: str) -> tuple[str, str]:
    access_key, _, secret = text.partition(":")
    if not (access_key and secret):
        raise ValueError("--key: write an access key id and its secret, as AKIDEXAMPLE:secret")
    return access_key, secret
