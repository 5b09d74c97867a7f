"""The flags of ``batcher worker``, and its help."""

from functools import partial

import click

from batcher.cli.command_group import done_by
from batcher.cli.flags.queue import queue_option
from batcher.cli.flags.run import confirm_option
from batcher.cli.flags.settings import hook_option, settings_options
from batcher.cli.output.format import example


@click.command(
    epilog=example("batcher worker --queue sqs:updates.fifo --region eu-west-1 --http 9090")
)
@queue_option
@click.option("--once", is_flag=True, help="End when the queue is empty, for cron.")
@confirm_option
@hook_option
@partial(settings_options, entry_point="worker")
@done_by("batcher.cli.worker:do_worker")
def worker() -> None:
    """Send the updates of a queue.

    The queue: a spool directory, Amazon SQS, or a Redis stream. Start as many as you like, on as
    many hosts. SIGTERM finishes what is in flight and gives the rest back (exit code 4); SIGHUP
    reads the settings anew; SIGUSR1 logs where it stands.
    """
