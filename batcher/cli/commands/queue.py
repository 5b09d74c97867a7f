"""The flags of ``batcher queue``, and its help."""

import click

from batcher.cli.command_group import done_by
from batcher.cli.flags.numbers import RealNumber
from batcher.cli.flags.output import json_option
from batcher.cli.flags.queue import queue_argument, sqs_options
from batcher.cli.output.format import example


@click.group(epilog=example("batcher queue status sqs:updates.fifo --region eu-west-1"))
def queue() -> None:
    """Look after a queue: its depth and its dead letters."""


@queue.command(epilog=example("batcher queue status spool:/var/spool/batcher"))
@queue_argument
@json_option("Print one JSON object on standard output.")
@sqs_options
@done_by("batcher.cli.queue:do_status")
def status() -> None:
    """Show how much waits, is held by workers, and was set aside, and how old the oldest is.

    A spool directory is counted in files, the others in updates. Creates nothing.
    """


@queue.command(
    epilog=example("batcher queue dead sqs:updates.fifo --code ResourceNotFoundException")
)
@queue_argument
@click.option("--code", metavar="CODE", help="Only those with this error code.")
@json_option("Print one JSON object a line on standard output.")
@sqs_options
@done_by("batcher.cli.queue:do_dead")
def dead() -> None:
    """List the dead letters: the update's id and trigger, the error code, and what was wrong.

    Of a spool directory: the files that failed, each with the first line of what was wrong.
    """


@queue.command(
    epilog=example("batcher queue redrive sqs:updates.fifo --code ThrottlingException --rate 5")
)
@queue_argument
@click.option("--code", metavar="CODE", help="Only those with this error code.")
@click.option(
    "--rate",
    type=RealNumber(min=0, min_open=True),
    metavar="N",
    help="Put back N a second at most.",
)
@click.option("--force", is_flag=True, help="Also over what was changed since they failed.")
@sqs_options
@done_by("batcher.cli.queue:do_redrive")
def redrive() -> None:
    """Put dead letters back into the queue, all of them or those of one error code.

    Of a spool directory: all files that failed. The run of one goes on with what failed, is in
    doubt or was not started; an edited one is worked through as a whole, as a new file.
    """
