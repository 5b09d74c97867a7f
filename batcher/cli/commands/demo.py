"""The flags of ``batcher demo``, and its help."""

import click

from batcher.cli.command_group import done_by
from batcher.cli.flags.numbers import RealNumber, WholeNumber
from batcher.cli.output.format import example


@click.command(epilog=example("batcher demo"))
@click.option(
    "--updates",
    default=600,
    show_default=True,
    metavar="N",
    type=WholeNumber(1),
    help="Updates to run.",
)
@click.option(
    "--rate",
    default=30.0,
    show_default=True,
    metavar="R",
    type=RealNumber(0, min_open=True),
    help="Quota of the emulator, per second.",
)
@done_by("batcher.cli.demo:do_demo")
def demo() -> None:
    """Run made-up updates against a Customer Profiles on loopback.

    What it wrote is kept.
    """
