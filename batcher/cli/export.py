"""``batcher export``: live triggers as update lines, ready to edit and run. Changes nothing."""

from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import anyio
import click
import msgspec

from batcher.cli.options import settings_from, settings_options
from batcher.cli.output.format import example, several
from batcher.config import Settings
from batcher.error_codes import RESOURCE_NOT_FOUND
from batcher.jobs.export import Inventory, Unread
from batcher.storage.atomic_file import LinesFile


@click.command(epilog=example("batcher export --domain acme --profile prod --out acme.jsonl"))
@click.option(
    "--domain", "domains", multiple=True, metavar="NAME", help="Domain to export; may be repeated."
)
@click.option(
    "--all", "everything", is_flag=True, help="Export every domain of the account and Region."
)
@click.option(
    "--out",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Write to this file; default: standard output.",
)
@settings_options
def export(
    domains: tuple[str, ...], everything: bool, out: Path | None, config: Path | None, **given: Any
) -> None:
    """Write the live triggers of domains as updates, one a line, by domain and name.

    The lines name no target: run them with --target. They hold what descriptions and conditions
    say; a file is readable by its owner only. Exits with 1 when a domain or a trigger can't be
    read.
    """
    if bool(domains) == everything:
        raise click.UsageError("Give --domain NAME, once or more often, or --all.")
    if out is not None and out.suffix in (".gz", ".zst"):
        raise click.UsageError(
            f"--out {out}: an export is not packed; give a name that ends in .jsonl."
        )
    raise SystemExit(anyio.run(work, list(domains), out, settings_from(given, config)))


async def work(domains: list[str], out: Path | None, settings: Settings) -> int:
    """Export those domains, or all of them when none is named; returns the exit code."""
    encode, count, unread, read = msgspec.json.Encoder().encode, 0, 0, set(domains)
    async with AsyncExitStack() as stack:
        file = stack.enter_context(LinesFile(out))
        inventory = Inventory(settings)
        await inventory.connect(stack)
        read |= set() if domains else set(await inventory.domains())

        def tell(line: dict[str, Any]) -> None:
            nonlocal count
            count += 1
            file.write(encode(line) + b"\n")

        def skip(missed: Unread) -> None:
            nonlocal unread
            unread += not missed.vanished
            if missed.trigger is None:
                read.discard(missed.domain)
            click.echo(_missed(missed), err=True)

        await inventory.export(sorted(read), tell, skip)
        file.keep()
    where = "" if out is None else f" in {out}"
    click.echo(f"{several(count, 'trigger')} of {several(len(read), 'domain')}{where}.", err=True)
    return 1 if unread else 0


def _missed(missed: Unread) -> str:
    error = missed.error
    if missed.vanished:
        return (
            f"{missed.domain}/{missed.trigger}: skipped; it was deleted while the export was"
            " going on."
        )
    what = (
        f"domain {missed.domain}" if missed.trigger is None else f"{missed.domain}/{missed.trigger}"
    )
    if error.code == RESOURCE_NOT_FOUND:
        return f"{what}: there is no such domain, or access to it was denied ({error.code})."
    return f"{what}: can't be read: {error.code}: {error.message}"
