"""The flags of ``batcher emulator``, and its help."""

import click

from batcher.cli.command_group import done_by
from batcher.cli.flags.numbers import RealNumber, WholeNumber
from batcher.cli.output.format import example


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
    type=WholeNumber(0, 65535),
    metavar="N",
    help="Port; 0 (default) takes a free one.",
)
@click.option(
    "--rate",
    type=RealNumber(0, min_open=True),
    metavar="R",
    help="Quota of each operation, per second; default: unlimited.",
)
@click.option(
    "--burst",
    type=RealNumber(1),
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
    "--random-seed",
    default=0,
    show_default=True,
    metavar="N",
    help="Seed of all that is random.",
)
@done_by("batcher.cli.emulator:do_emulator")
def emulator() -> None:
    """Start a Customer Profiles on loopback.

    Its address is the first line on standard output.
    """
