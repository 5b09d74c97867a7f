"""``batcher queue``: what a queue holds, its dead letters, and how they get another chance."""

from functools import partial

import msgspec

from batcher.cli.interruption import run_command
from batcher.cli.output.echo import echo
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


def do_status(url: str, as_json: bool, profile: str | None, region: str | None) -> None:
    depth = run_command(queue_depth, queue_address(url, profile, region))
    if as_json:
        echo(msgspec.json.encode(depth))
        return
    dead = "no place for dead letters" if depth.dead is None else f"{depth.dead:,} dead"
    oldest = depth.oldest_seconds
    age = "" if oldest is None else f"; the oldest for {duration(oldest)}"
    echo(f"{depth.waiting:,} waiting, {depth.held:,} held by workers, {dead}{age}")


def do_dead(
    url: str, code: str | None, as_json: bool, profile: str | None, region: str | None
) -> None:
    address = queue_address(url, profile, region)
    if (failures := failed_files(address, code)) is not None:
        for name, reason in failures.items():
            entry = msgspec.json.encode({"file": printable(name), "reason": printable(reason)})
            echo(entry if as_json else f"{name}  {reason}")
        echo(f"Files that failed: {len(failures):,}.", err=True)
        return

    def say(letter: ShownLetter) -> None:
        members = ("-" if each is None else str(each) for each in msgspec.structs.astuple(letter))
        echo(msgspec.json.encode(letter) if as_json else "  ".join(members))

    found = run_command(list_dead_letters, address, say, code)
    _say_unseen(found.unseen)
    said = ", ".join(f"{each} {count:,}" for each, count in found.codes.most_common()) or "none"
    echo(f"Dead letters: {said}.", err=True)


def do_redrive(
    url: str,
    code: str | None,
    rate: float | None,
    force: bool,
    profile: str | None,
    region: str | None,
) -> None:
    address = queue_address(url, profile, region)
    if (files := redrive_files(address, code, rate, force=force)) is not None:
        _say_files(files)
        return
    redrive_all = partial(redrive_dead_letters, address, code, rate, force=force)
    found = run_command(redrive_all)
    _say_unseen(found.unseen)
    echo(f"{found.codes.total():,} put back.", err=True)
    if found.unguarded:
        echo(
            f"  {found.unguarded:,} of them without based_on, as no worker has seen their"
            " triggers: they go over whatever was changed there since.",
            err=True,
        )


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
