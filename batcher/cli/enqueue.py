"""``batcher enqueue``: fills a queue with the updates of a file."""

from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory

import anyio
import click
import msgspec

from batcher.aws.service_model import installed_service_model
from batcher.cli.options import queue_option, queue_place
from batcher.cli.output.format import example, several
from batcher.cli.output.violations import ViolationPrinter
from batcher.errors import InputError
from batcher.queues.factory import open_queue, shown, spool_of
from batcher.records import Update
from batcher.sources.input_file import open_input
from batcher.sources.inspection import Inspection, inspect
from batcher.sources.local_file import local_file
from batcher.updates.line_reader import LineReader
from batcher.updates.update_model import UpdateModel

AT_ONCE = 1000  # updates handed to the queue together


@click.command(
    epilog=example("batcher enqueue updates.jsonl --queue sqs:updates.fifo --region eu-west-1")
)
@click.argument("file", metavar="FILE")
@queue_option
@click.option(
    "--target", metavar="NAME", help="Target of lines that name none; default: the worker's own."
)
@queue_place
def enqueue(
    file: str, queue: str, target: str | None, profile: str | None, region: str | None
) -> None:
    """Check every line of FILE (JSONL, .gz, .zst; - for standard input, or s3://BUCKET/KEY) and put
    its updates into a queue.

    Nothing is put in unless all lines are valid. To send the same file again within five minutes
    does no harm to an SQS FIFO queue; elsewhere its updates are done twice.
    """
    raise SystemExit(anyio.run(_enqueue, file, queue, target or "", profile, region))


async def _enqueue(
    file: str, queue: str, target: str, profile: str | None, region: str | None
) -> int:
    reader = LineReader(UpdateModel.from_service_model(installed_service_model()), target)
    with TemporaryDirectory(prefix="batcher-") as folder:
        path = local_file(file, Path(folder) / "input.jsonl", profile=profile)
        if (found := _checked(path, reader)) is None:
            return 2
        if (spool := spool_of(queue)) is not None:
            name = f"{_stem(file)}.jsonl"
            encode = msgspec.json.Encoder().encode
            spool.put(name, (encode(update.as_line()) + b"\n" for update in _updates(path, reader)))
            where = str(spool.path / name)
        else:
            where = shown(queue)
            async with open_queue(queue, profile=profile, region=region) as open_input:
                for batch in _batches(_updates(path, reader)):
                    await open_input.producer.send(batch, found.sha256)
    click.echo(f"{several(found.total, 'update')} put into {where}.", err=True)
    return 0


def _checked(path: Path, reader: LineReader) -> Inspection | None:
    """What is in the file; None when nothing may be sent, which is said."""
    printer = ViolationPrinter(as_json=False)
    found = inspect(path, reader, on_violation=printer.add)
    printer.finish()
    if found.invalid:
        click.echo("Nothing was put into the queue. Correct these lines.", err=True)
    elif not found.total:
        click.echo(f"{path}: no updates in it; nothing to do.", err=True)
    return None if found.invalid or not found.total else found


def _updates(path: Path, reader: LineReader) -> Iterator[Update]:
    """All updates, in the order of the file.

    Raises InputError when it changed since it was checked.
    """
    with open_input(path) as file:
        for number, _, raw in file.lines():
            update = reader.read(raw, number)
            if not isinstance(update, Update):
                raise InputError(
                    f"{path}: changed since it was checked (noticed at line {number}); send it"
                    " again"
                )
            yield update


def _batches(updates: Iterator[Update]) -> Iterator[list[Update]]:
    while batch := list(islice(updates, AT_ONCE)):
        yield batch


def _stem(file: str) -> str:
    """What the file is called in a spool directory: its own name without dots before it, else
    one of the time.
    """
    own = "" if file == "-" else Path(file).name.partition(".jsonl")[0].lstrip(".")
    return own or f"{'stdin' if file == '-' else 'updates'}-{datetime.now(UTC):%Y%m%dT%H%M%S.%f}"
