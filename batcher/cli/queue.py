"""``batcher queue``: what a queue holds, its dead letters, and how they get another chance."""

from functools import partial

import click
import msgspec

from batcher.cli.interruption import run_command
from batcher.cli.options import json_option, queue_argument, sqs_options
from batcher.cli.output.echo import echo
from batcher.cli.output.format import example
from batcher.cli.queue_address import queue_address
from batcher.errors import QueueError
from batcher.foreign_text import printable
from batcher.jobs.file_redrive import RedrivenFiles
from batcher.jobs.queue_admin import (
    ShownLetter,
    failed_files,
    list_dead_letters,
    queue_depth,
    redrive_dead_letters,
    redrive_files,
)
from batcher.number_text import duration


@click.group(epilog=example("batcher queue status sqs:updates.fifo --region eu-west-1"))
def queue() -> None:
    """Look after a queue: its depth and its dead letters."""


@queue.command(epilog=example("batcher queue status spool:/var/spool/batcher"))
@queue_argument
@json_option("Print one JSON object on standard output.")
@sqs_options
def status(url: str, as_json: bool, profile: str | None, region: str | None) -> None:
    """Show how much waits, is held by workers, and was set aside, and how old the oldest is.

    A spool directory is counted in files, the others in updates. Creates nothing.
    """
    depth = run_command(queue_depth, queue_address(url, profile, region))
    if as_json:
        echo(msgspec.json.encode(depth))
        return
    dead = "no place for dead letters" if depth.dead is None else f"{depth.dead:,} dead"
    oldest = depth.oldest_seconds
    age = "" if oldest is None else f"; the oldest for {duration(oldest)}"
    echo(f"{depth.waiting:,} waiting, {depth.held:,} held by workers, {dead}{age}")


@queue.command(
    epilog=example("batcher queue dead sqs:updates.fifo --code ResourceNotFoundException")
)
@queue_argument
@click.option("--code", metavar="CODE", help="Only those with this error code.")
@json_option("Print one JSON object a line on standard output.")
@sqs_options
def dead(
    url: str, code: str | None, as_json: bool, profile: str | None, region: str | None
) -> None:
    """List the dead letters: the update's id and trigger, the error code, and what was wrong.

    Of a spool directory: the files that failed, each with the first line of what was wrong.
    """
    address = queue_address(url, profile, region)
    if (failures := failed_files(address, code)) is not None:
        for name, reason in failures.items():
            entry = msgspec.json.encode({"file": printable(name), "reason": printable(reason)})
            echo(entry if as_json else f"{name}  {reason}")
        echo(f"Files that failed: {len(failures):,}.", err=True)
        return

    def say(letter: ShownLetter) -> None:
        members = msgspec.structs.astuple(letter)
        echo(msgspec.json.encode(letter) if as_json else "  ".join(map(str, members)))

    found = run_command(list_dead_letters, address, say, code)
    _say_unseen(found.unseen)
    said = ", ".join(f"{each} {count:,}" for each, count in found.codes.most_common()) or "none"
    echo(f"Dead letters: {said}.", err=True)


@queue.command(
    epilog=example("batcher queue redrive sqs:updates.fifo --code ThrottlingException --rate 5")
)
@queue_argument
@click.option("--code", metavar="CODE", help="Only those with this error code.")
@click.option(
    "--rate",
    type=click.FloatRange(min=0, min_open=True),
    metavar="N",
    help="Put back N a second at most.",
)
@click.option("--force", is_flag=True, help="Also over what was changed since they failed.")
@sqs_options
def redrive(
    url: str,
    code: str | None,
    rate: float | None,
    force: bool,
    profile: str | None,
    region: str | None,
) -> None:
    """Put dead letters back into the queue, all of them or those of one error code.

    Of a spool directory: all files that failed. The run of one goes on with what failed, is in
    doubt or was not started; an edited one is worked through as a whole, as a new file.
    """
    address = queue_address(url, profile, region)
    if (files := redrive_files(address, code, rate, force=force)) is not None:
        _say_files(files)
        return
    redrive_all = partial(redrive_dead_letters, address, code, rate, force=force)
    found = run_command(redrive_all)
    _say_unseen(found.unseen)
    echo(f"{found.codes.total():,} put back.", err=True)


def _say_files(files: RedrivenFiles) -> None:
    echo(f"{files.resumed + files.anew:,} put back.", err=True)
    if files.resumed:
        goes_on = "what failed, is in doubt or was not started"
        echo(f"  {files.resumed:,} unchanged: the run goes on with {goes_on}.", err=True)
    if files.anew:
        echo(f"  {files.anew:,} edited or never begun: as new, all of its lines.", err=True)
    if files.left:
        raise QueueError(" ".join(files.left))


def _say_unseen(count: int) -> None:
    if count:
        echo(
            f"About {count:,} more could not be looked at: of one trigger's letters in a FIFO"
            " queue SQS shows the oldest ten. batcher queue redrive without --code puts them back"
            " too.",
            err=True,
        )
