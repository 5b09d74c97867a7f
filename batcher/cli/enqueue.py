"""``batcher enqueue``: fills a queue with the updates of a file."""

import os
from collections.abc import Awaitable, Callable
from functools import partial
from typing import TypeAlias

from batcher.cli.idle_target import refuse_idle_target
from batcher.cli.interruption import run_command
from batcher.cli.output.echo import echo
from batcher.cli.output.violations import ViolationPrinter
from batcher.cli.queue_address import queue_address
from batcher.config import Settings
from batcher.jobs.checked_file import CheckedFile, check_file
from batcher.jobs.enqueue import Enqueued, Stop, enqueue_file
from batcher.number_text import several
from batcher.records import INTERRUPTED
from batcher.signals import run_signals
from batcher.sources.local_file import place_for_copies
from batcher.storage.enqueue_progress import EnqueueProgress
from batcher.storage.state_directory import state_directory
from batcher.task_groups import open_task_group

GRACE = 20.0  # seconds that a signal leaves for the request that is under way
_Put: TypeAlias = Callable[..., Awaitable[Enqueued]]

GOES_ON = "Run the same command again: it goes on from there."
NOT_KEPT = "It is kept nowhere how far it came: the same command puts in all of the file again."


def do_enqueue(
    file: str,
    queue: str,
    target: str | None,
    same: bool,
    anew: bool,
    profile: str | None,
    region: str | None,
) -> None:
    settings = Settings(target=target or "", profile=profile, region=region)
    address = queue_address(queue, profile, region)
    put = partial(enqueue_file, address=address, same=same, anew=anew)
    raise SystemExit(run_command(_enqueue, file, settings, put))


async def _enqueue(file: str, settings: Settings, put: _Put) -> int:
    printer = ViolationPrinter(as_json=False, origin=file)
    with place_for_copies(file) as copies:
        checked = check_file(
            file, settings, copies, printer.add, on_hint=printer.hint, any_target=True
        )
        printer.finish()
        if not checked.usable:
            echo("Nothing was put into the queue. Correct these lines.", err=True)
            return 2
        refuse_idle_target(checked)
        found = await _put_in(checked, put)
    if found is None:
        echo(f"Interrupted, and the last request was not answered. {GOES_ON}", err=True)
        return 4
    return _say(found)


async def _put_in(checked: CheckedFile, put: _Put) -> Enqueued | None:
    """What came of it; None: a second signal came, or the first one's grace was over."""
    stop, found = Stop(), None
    async with open_task_group() as tasks:
        abort = tasks.cancel_scope.cancel
        tasks.start_soon(
            partial(run_signals, grace=GRACE, drain=stop.ask, abort=abort, grace_over=abort)
        )
        state = state_directory(os.environ) / "enqueue"
        found = await put(checked, state=state, stop=stop, warn=_warn, on_begun=_say_begun)
        tasks.cancel_scope.cancel()
    return found


def _warn(risk: str) -> None:
    echo(f"Warning: {risk}.", err=True)


def _say_begun(before: EnqueueProgress) -> None:
    if before.updates:
        echo(
            f"Going on with what was begun at {before.begun_at}:"
            f" {several(before.updates, 'update')} went in then. (--anew puts in all of the file.)",
            err=True,
        )


def _say(found: Enqueued) -> int:
    """Say what went in; returns the exit code."""
    if found.stopped is None:
        echo(f"{several(found.updates, 'update')} put into {found.where}.", err=True)
        return 0
    then = GOES_ON if found.kept else NOT_KEPT
    least = "At least " if found.unanswered else ""
    echo(
        f"Stopped: {found.stopped.rstrip('.')}. {least}{found.updates:,} of"
        f" {several(found.total, 'update')} are in {found.where}. {then}",
        err=True,
    )
    return 4 if found.stopped == INTERRUPTED else 5
