"""``batcher retry``: what failed or is in doubt, once more, in a run directory of its own."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from batcher.cli.options import Choices, run_options
from batcher.cli.output.format import example

if TYPE_CHECKING:
    from batcher.jobs.run_reader import RunReader


@click.command(epilog=example("batcher retry updates.run --code InternalServerException"))
@click.argument("run", metavar="RUN", type=click.Path(path_type=Path))
@click.option(
    "--code",
    "codes",
    multiple=True,
    metavar="CODE",
    help="Only those with this error; may be repeated.",
)
@run_options
def retry(run: Path, codes: tuple[str, ...], config: Path | None, **given: Any) -> None:
    """Run again what failed or is in doubt in the run of directory RUN.

    Shows first how many there are of which error. The new run is linked to the old one.
    """
    import anyio

    from batcher.cli.follow_up import follow

    raise SystemExit(
        anyio.run(
            follow,
            run,
            "retry",
            Choices.taken(given),
            given,
            config,
            lambda past: _lines(past, codes),
        )
    )


def _lines(past: "RunReader", codes: tuple[str, ...]) -> Any:
    from collections import Counter

    from batcher.errors import InputError

    groups: Counter[str] = Counter()
    others: Counter[str] = Counter()

    def wanted(result: Any) -> bool:
        if result.status not in ("failed", "in_doubt"):
            others[result.status] += 1
            return False
        if codes and result.error.code not in codes:
            others[result.error.code] += 1
            return False
        groups[f"{result.error.code} ({result.status.replace('_', ' ')})"] += 1
        return True

    lines = past.chosen(wanted)
    if not lines:
        found = (
            ", ".join(f"{count:,} {name.replace('_', ' ')}" for name, count in others.most_common())
            or "none"
        )
        what = (
            f"no result has the error {' or '.join(codes)}"
            if codes
            else "no update failed or is in doubt"
        )
        raise InputError(f"nothing to retry: {what}. Results of {past.where}: {found}.")
    for group, count in groups.most_common():
        click.echo(f"  {group}: {count:,}", err=True)
    superseded = past.superseded(lines)
    if superseded:
        click.echo(
            f"  left out: {len(superseded):,} whose trigger a later update has changed since",
            err=True,
        )
    if len(superseded) == len(lines):
        raise InputError("nothing to retry: to send any of them now would undo a later update.")
    for update in past.updates(line for line in lines if line not in superseded):
        yield update.as_line()
