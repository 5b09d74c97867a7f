"""``batcher enqueue``: fills a queue with the updates of a file."""

from pathlib import Path
from tempfile import TemporaryDirectory

import anyio
import click

from batcher.cli.options import queue_option, sqs_options
from batcher.cli.output.echo import echo
from batcher.cli.output.format import example, several
from batcher.cli.output.violations import ViolationPrinter
from batcher.cli.queue_address import queue_address
from batcher.config import Settings
from batcher.jobs.checked_file import check_file
from batcher.jobs.enqueue import enqueue_file
from batcher.jobs.queue_admin import QueueAddress


@click.command(
    epilog=example("batcher enqueue updates.jsonl --queue sqs:updates.fifo --region eu-west-1")
)
@click.argument("file", metavar="FILE")
@queue_option
@click.option(
    "--target", metavar="NAME", help="Target of lines that name none; default: the worker's own."
)
@sqs_options
def enqueue(
    file: str, queue: str, target: str | None, profile: str | None, region: str | None
) -> None:
    """Check every line of FILE (JSONL, .gz, .zst; - for standard input, or s3://BUCKET/KEY) and put
    its updates into a queue.

    Nothing is put in unless all lines are valid. To send the same file again within five minutes
    does no harm to an SQS FIFO queue; elsewhere its updates are done twice.
    """
    settings = Settings(target=target or "", profile=profile, region=region)
    address = queue_address(queue, profile, region)
    raise SystemExit(anyio.run(_enqueue, file, settings, address))


async def _enqueue(file: str, settings: Settings, address: QueueAddress) -> int:
    printer = ViolationPrinter(as_json=False, origin=file)
    with TemporaryDirectory(prefix="batcher-") as copies:
        checked = check_file(
            file, settings, Path(copies), printer.add, on_hint=printer.hint, any_target=True
        )
        printer.finish()
        if not checked.usable:
            echo("Nothing was put into the queue. Correct these lines.", err=True)
            return 2
        where = await enqueue_file(
            checked, address, warn=lambda risk: echo(f"Warning: {risk}.", err=True)
        )
    echo(f"{several(checked.inspection.total, 'update')} put into {where}.", err=True)
    return 0
