"""The flags of ``batcher ctl``, and its help."""

from pathlib import Path

import click

from batcher.cli.command_group import done_by
from batcher.cli.flags.known_values import CONTROL_COMMANDS
from batcher.cli.flags.numbers import ValueCommand
from batcher.cli.flags.output import json_option
from batcher.cli.output.format import example


@click.command(cls=ValueCommand, epilog=example("batcher ctl updates.run share 20%"))
@click.argument("run", metavar="RUN", type=click.Path(path_type=Path))
@click.argument("command", metavar="|".join(CONTROL_COMMANDS), type=click.Choice(CONTROL_COMMANDS))
@click.argument("value", metavar="[N|P%|auto]", required=False)
@json_option("Print its status, after that, as one JSON object on standard output.")
@done_by("batcher.cli.ctl:do_ctl")
def ctl() -> None:
    """Tell a run or a worker what to do: pause, slow down, stop.

    RUN: the directory of the run, or what the worker has as --control. status: where it stands.
    pause: finish what is in flight, and send nothing until resume. rate N: at most N updates a
    second for each target; share P%: that part of each quota; auto takes either back. stop: what
    SIGTERM does: finish what is in flight and end.
    """
