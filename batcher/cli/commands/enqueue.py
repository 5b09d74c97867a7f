"""The flags of ``batcher enqueue``, and its help."""

import click

from batcher.cli.command_group import done_by
from batcher.cli.flags.queue import queue_option, sqs_options
from batcher.cli.output.format import example


@click.command(
    epilog=example("batcher enqueue updates.jsonl --queue sqs:updates.fifo --region eu-west-1")
)
@click.argument("file", metavar="FILE")
@queue_option
@click.option(
    "--target", metavar="NAME", help="Target of lines that name none; default: the worker's own."
)
@click.option(
    "--same",
    is_flag=True,
    help="An SQS FIFO queue drops what it was sent of the same file within five minutes.",
)
@click.option(
    "--anew", is_flag=True, help="Put in all of it, whatever an interrupted command put in."
)
@sqs_options
@done_by("batcher.cli.enqueue:do_enqueue")
def enqueue() -> None:
    """Check every line of FILE and put its updates into a queue.

    FILE: JSONL, .gz, .zst; - for standard input, or s3://BUCKET/KEY. Nothing is put in unless all
    lines are valid. Where it ends early it says how many are in, and the same command goes on from
    there. A file that was put in and is sent again is done twice. Which targets there are only the
    worker knows: batcher validate --config checks the names.
    """
