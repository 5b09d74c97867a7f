"""``batcher emulator``: a local Customer Profiles until it is told to stop.

Flags to settings, and nothing else.
"""

import signal
from typing import Any

import click

from batcher.cli.interruption import run_command
from batcher.cli.output.echo import echo
from batcher.cli.output.format import example
from batcher.emulator import Emulator, Quota
from batcher.signals import received_signals


class CouldNotStart(click.ClickException):
    """What is nobody's wrong usage: a port in use, a file that can't be read or written."""

    exit_code = 5


@click.command(
    epilog=example(
        "batcher emulator --port 4600 --rate 50 --burst 20 --fault internal=0.05 --seed"
        " triggers.jsonl"
    )
)
@click.option(
    "--host", default="127.0.0.1", show_default=True, metavar="H", help="Address to listen on."
)
@click.option(
    "--port",
    default=0,
    type=click.IntRange(0, 65535),
    metavar="N",
    help="Port; 0 (default) takes a free one.",
)
@click.option(
    "--rate",
    type=float,
    metavar="R",
    help="Quota of each operation, per second; default: unlimited.",
)
@click.option(
    "--burst",
    type=float,
    metavar="B",
    help="Burst of that quota; default: as the rate, at least 1.",
)
@click.option(
    "--quota",
    multiple=True,
    metavar="OP=RATE/BURST",
    help="Quota of one operation; can be repeated.",
)
@click.option(
    "--latency",
    default="50",
    show_default=True,
    metavar="MS|LO-HI",
    help="Latency in milliseconds.",
)
@click.option(
    "--fault", multiple=True, metavar="KIND=P", help="A fault and its probability; can be repeated."
)
@click.option(
    "--seed",
    type=click.Path(exists=True, dir_okay=False),
    metavar="FILE",
    help="Triggers to start with: JSON lines.",
)
@click.option(
    "--state", type=click.Path(dir_okay=False), metavar="FILE", help="Keeps the state in this file."
)
@click.option(
    "--organization",
    type=click.Path(exists=True, dir_okay=False),
    metavar="FILE",
    help="Accounts and units that AWS Organizations lists: JSON.",
)
@click.option("--clear-omitted", is_flag=True, help="Updates clear the members that they omit.")
@click.option(
    "--clamp",
    multiple=True,
    metavar="PATH=N",
    help="The most that a member of a written trigger can be; can be repeated.",
)
@click.option(
    "--fill-defaults", is_flag=True, help="A written trigger without Periods gets the default ones."
)
@click.option(
    "--key",
    multiple=True,
    metavar="ID:SECRET",
    help="Check signatures, and take this key; can be repeated.",
)
@click.option(
    "--random-seed", default=0, show_default=True, metavar="N", help="Seed of all that is random."
)
def emulator(
    quota: tuple[str, ...],
    latency: str,
    fault: tuple[str, ...],
    clamp: tuple[str, ...],
    key: tuple[str, ...],
    **given: Any,
) -> None:
    """Start a Customer Profiles on loopback.

    Its address is the first line on standard output.
    """
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
        return float(low) / 1000, float(high if dash else low) / 1000
    except ValueError:
        raise ValueError(f"--latency {text}: write milliseconds, as 50 or 20-80") from None


def fault_of(text: str) -> tuple[str, float]:
    """A kind of fault and its probability. Raises ValueError."""
    kind, _, probability = text.partition("=")
    try:
        return kind, float(probability)
    except ValueError:
        raise ValueError(
            f"--fault {text}: write a kind and a probability, as internal=0.05"
        ) from None


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
