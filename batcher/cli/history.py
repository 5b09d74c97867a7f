"""``batcher history``: which runs touched a trigger, when, by whom, why, from what to what."""

from pathlib import Path

from batcher.cli.options import check_sensitive
from batcher.cli.output.echo import echo
from batcher.cli.output.history import history_json, history_lines
from batcher.config.given_text import clean_text
from batcher.jobs.history import read_history
from batcher.jobs.results_run import TimeSpan
from batcher.updates.selection import Selection, Selector
from batcher.wiring.line_readers import installed_update_model


def do_history(
    trigger: str | None,
    folder: Path,
    since: str | None,
    until: str | None,
    limit: int,
    show_sensitive: bool,
    as_json: bool,
) -> None:
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
