"""The flags of ``batcher calibrate``, and its help."""

from functools import partial

import click

from batcher.cli.command_group import done_by
from batcher.cli.flags.known_values import OF_LINT
from batcher.cli.flags.numbers import WholeNumber
from batcher.cli.flags.output import json_option
from batcher.cli.flags.run import confirm_option
from batcher.cli.flags.settings import settings_options
from batcher.cli.output.format import example

CALLS = 200


@click.command(
    epilog=example(
        "batcher calibrate --domain acme --trigger cart-abandoned --profile prod --region eu-west-1"
    )
)
@click.option("--domain", required=True, metavar="D", help="Domain of the trigger.")
@click.option(
    "--trigger",
    required=True,
    metavar="T",
    help="Trigger whose own state is put back, again and again.",
)
@click.option(
    "--calls",
    default=CALLS,
    show_default=True,
    type=WholeNumber(10),
    metavar="N",
    help="UpdateEventTrigger calls at most.",
)
@click.option("--yes", is_flag=True, help="Start without asking.")
@confirm_option
@json_option("Print the result as one JSON object on standard output.")
@partial(settings_options, without=OF_LINT)
@done_by("batcher.cli.calibrate:do_calibrate")
def calibrate() -> None:
    """Measure the quota with updates that change nothing.

    It is that of UpdateEventTrigger, and is remembered for the next run. While it lasts it takes
    all of the quota from others. Exits with 1 when the calls were too few to tell.
    """
