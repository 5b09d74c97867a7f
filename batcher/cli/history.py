"""``batcher history``: which runs touched a trigger, when, by whom, why, from what to what."""

from pathlib import Path

import click

from batcher.cli.moment import moment
from batcher.cli.options import check_sensitive, json_option, sensitive_option
from batcher.cli.output.echo import echo
from batcher.cli.output.format import example
from batcher.cli.output.history import history_json, history_lines
from batcher.config.given_text import clean_text
from batcher.jobs.history import LIMIT, read_history
from batcher.jobs.results_run import TimeSpan
from batcher.updates.selection import Selection, Selector
from batcher.wiring.line_readers import installed_update_model


@click.command(epilog=example("batcher history acme/cart-abandoned --in /srv/migrations"))
@click.argument("trigger", metavar="[GLOB]", required=False)
@click.option(
    "--in",
    "folder",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path(),
    metavar="DIR",
    help="The folder that the runs are below; default: this one.",
)
@click.option("--since", metavar="TIME", callback=moment, help="Only from then on.")
@click.option("--until", metavar="TIME", callback=moment, help="And only up to then.")
@click.option(
    "--limit",
    type=click.IntRange(1),
    default=LIMIT,
    show_default=True,
    metavar="N",
    help="How many to show at most, the newest.",
)
@sensitive_option
@json_option("Print them as one JSON object on standard output.")
def history(
    trigger: str | None,
    folder: Path,
    since: str | None,
    until: str | None,
    limit: int,
    show_sensitive: bool,
    as_json: bool,
) -> None:
    """Show which runs touched a trigger, when, by whom and why.

    And from what to what. GLOB: the name of a trigger, with a slash DOMAIN/NAME; without it all.
    Reads the run directories, and results directories of workers, below a folder, and changes
    nothing. TIME is ISO 8601, such as 2026-11-26T14:00Z; without an offset it is local. Exits with
    1 when a directory could not be read.
    """
    check_sensitive(show_sensitive, as_json=as_json)
    selection = None if trigger is None else Selection.of(only=[clean_text("GLOB", trigger)])
    found = read_history(
        folder,
        selector=None if selection is None else Selector(selection),
        span=TimeSpan(since=since, until=until),
        limit=limit,
    )
    hidden = frozenset[str]() if show_sensitive else installed_update_model().sensitive
    if as_json:
        echo(history_json(found, hidden))
    else:
        for line in history_lines(found, hidden):
            echo(line, err=True)
    raise SystemExit(1 if found.unread else 0)
