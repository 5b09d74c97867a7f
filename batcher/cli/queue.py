"""``batcher queue``: what a queue holds, its dead letters, and how they get another chance."""

from collections import Counter
from typing import Any

import anyio
import click
import msgspec
from aiolimiter import AsyncLimiter

from batcher.cli.options import json_option, queue_place
from batcher.cli.output.format import duration, example
from batcher.errors import SettingsError
from batcher.ports import QueueAdmin
from batcher.queues.factory import open_queue, spool_of
from batcher.queues.spool_directory import SpoolDirectory
from batcher.records import DeadLetter, Depth


@click.group(epilog=example("batcher queue status sqs:updates.fifo --region eu-west-1"))
def queue() -> None:
    """Look after a queue: its depth, its dead letters, and putting them back."""


@queue.command(epilog=example("batcher queue status spool:/var/spool/batcher"))
@click.argument("url", metavar="URL")
@json_option("Print one JSON object on standard output.")
@queue_place
def status(url: str, as_json: bool, profile: str | None, region: str | None) -> None:
    """Show how much waits, is held by workers, and was set aside, and how old the oldest is.

    A spool directory is counted in files, the others in updates. Creates nothing.
    """
    depth = anyio.run(_depth, url, profile, region)
    if as_json:
        click.echo(msgspec.json.encode(depth).decode())
        return
    dead = "no place for dead letters" if depth.dead is None else f"{depth.dead:,} dead"
    click.echo(f"{depth.waiting:,} waiting, {depth.held:,} held by workers, {dead}{_age(depth)}")


async def _depth(url: str, profile: str | None, region: str | None) -> Depth:
    if (spool := spool_of(url, create=False)) is not None:
        return await spool.depth()
    async with open_queue(url, create=False, profile=profile, region=region) as opened:
        return await opened.admin.depth()


def _age(depth: Depth) -> str:
    return (
        "" if depth.oldest_seconds is None else f"; the oldest for {duration(depth.oldest_seconds)}"
    )


@queue.command(
    epilog=example("batcher queue dead sqs:updates.fifo --code ResourceNotFoundException")
)
@click.argument("url", metavar="URL")
@click.option("--code", metavar="CODE", help="Only those with this error code.")
@click.option(
    "--json", "as_json", is_flag=True, help="Print one JSON object a line on standard output."
)
@queue_place
def dead(
    url: str, code: str | None, as_json: bool, profile: str | None, region: str | None
) -> None:
    """List the dead letters: the update's id and trigger, the error code, and what was wrong.

    Of a spool directory: the files that failed, each with the first line of what was wrong.
    """
    if (spool := spool_of(url, create=False)) is not None:
        _refuse(code=code)
        _list_files(spool, as_json)
        return
    anyio.run(_list, url, code, as_json, profile, region)


def _list_files(spool: SpoolDirectory, as_json: bool) -> None:
    failures = spool.failures()
    for name, reason in failures.items():
        click.echo(
            msgspec.json.encode({"file": name, "reason": reason}).decode()
            if as_json
            else f"{name}  {reason}"
        )
    click.echo(f"Files that failed: {len(failures):,}.", err=True)


async def _list(
    url: str, code: str | None, as_json: bool, profile: str | None, region: str | None
) -> None:
    codes: Counter[str] = Counter()
    seen = 0
    async with open_queue(url, create=False, profile=profile, region=region) as opened:
        async for letter in opened.admin.dead():
            seen += 1
            if code not in (None, letter.code):
                continue
            codes[letter.code] += 1
            facts = _facts(letter)
            click.echo(
                msgspec.json.encode(facts).decode()
                if as_json
                else "  ".join(str(facts[name]) for name in facts)
            )
        await _tell_of_unseen(opened.admin, seen)
    said = ", ".join(f"{each} {count:,}" for each, count in codes.most_common()) or "none"
    click.echo(f"Dead letters: {said}.", err=True)


async def _tell_of_unseen(admin: QueueAdmin, left: int) -> None:
    """Say that there are more dead letters than those that were looked at, of which that many
    are left.
    """
    if (unseen := ((await admin.depth()).dead or 0) - left) > 0:
        click.echo(
            f"About {unseen:,} more could not be looked at: of one trigger's letters in a FIFO"
            " queue SQS shows the oldest ten. batcher queue redrive without --code puts them back"
            " too.",
            err=True,
        )


def _facts(letter: DeadLetter) -> dict[str, Any]:
    """What may be shown of a letter: names, and nothing of what the update sets."""
    try:
        body = msgspec.json.decode(letter.body)
    except (ValueError, RecursionError):  # what is no update is among them too
        body = {}
    names = body if isinstance(body, dict) else {}
    return {
        "message_id": letter.id,
        "id": names.get("id"),
        "domain": names.get("DomainName"),
        "trigger": names.get("EventTriggerName"),
        "code": letter.code,
        "reason": letter.reason,
    }


@queue.command(
    epilog=example("batcher queue redrive sqs:updates.fifo --code ThrottlingException --rate 5")
)
@click.argument("url", metavar="URL")
@click.option("--code", metavar="CODE", help="Only those with this error code.")
@click.option(
    "--rate",
    type=click.FloatRange(min=0, min_open=True),
    metavar="N",
    help="Put back N a second at most.",
)
@queue_place
def redrive(
    url: str, code: str | None, rate: float | None, profile: str | None, region: str | None
) -> None:
    """Put dead letters back into the queue, all of them or those of one error code.

    Of a spool directory: all files that failed, each to be worked through anew as a whole.
    """
    if (spool := spool_of(url, create=False)) is not None:
        _refuse(code=code, rate=rate)
        failures = spool.failures()
        for name in failures:
            spool.redrive(name)
        count = len(failures)
    else:
        count = anyio.run(_redrive, url, code, rate, profile, region)
    click.echo(f"{count:,} put back.", err=True)


async def _redrive(
    url: str, code: str | None, rate: float | None, profile: str | None, region: str | None
) -> int:
    limiter = None if rate is None else AsyncLimiter(1, 1 / rate)
    count = left = 0
    async with open_queue(url, create=False, profile=profile, region=region) as opened:
        async for letter in opened.admin.dead():
            if code not in (None, letter.code):
                left += 1
                continue
            if limiter is not None:
                await limiter.acquire()
            await opened.admin.redrive(letter)
            count += 1
        await _tell_of_unseen(opened.admin, left)
    return count


def _refuse(**given: object) -> None:
    """Raise SettingsError for flags that mean nothing for a spool directory."""
    if names := " ".join(f"--{name}" for name, value in given.items() if value is not None):
        raise SettingsError(
            f"{names}: not for a spool directory, where files fail and not updates."
        )
