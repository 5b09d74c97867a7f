"""``batcher retry``: what failed or is in doubt, once more, in a run directory of its own."""

from functools import partial
from pathlib import Path
from typing import Any

import click
import msgspec

from batcher.cli import ERROR_MEMBERS
from batcher.cli.follow_up import follow
from batcher.cli.interruption import run_command
from batcher.cli.options import Choices
from batcher.cli.output.echo import echo
from batcher.cli.output.selected_part import part_lines
from batcher.cli.output.summary import first_lines
from batcher.cli.repair_notice import repair_with_notice
from batcher.cli.selection import taken_selection
from batcher.jobs.failed_lines import superseded_lines
from batcher.jobs.follow_up import FollowUp
from batcher.jobs.retry import choose
from batcher.records import Superseded
from batcher.updates.selection import Selection, Selector


def do_retry(run: Path, codes: tuple[str, ...], config: Path | None, **given: Any) -> None:
    choices, selection = Choices.taken(given), taken_selection(given)
    if choices.repair:
        repair_with_notice(run, dry_run=choices.dry_run)
    make = partial(_make, codes, selection)
    raise SystemExit(run_command(follow, run, "retry", choices, given, config, make))


def _make(codes: tuple[str, ...], selection: Selection | None, follow_up: FollowUp, _: str) -> None:
    targets = follow_up.run.target_names
    selector = None if selection is None else Selector(selection, targets)
    chosen = choose(follow_up.run, codes, selector)
    follow_up.part = chosen.part
    for said in part_lines(None, selector.unmatched() if selector else []):
        echo(said, err=True)
    for (code, status), count in chosen.groups.most_common():
        echo(f"  {code} ({status.replace('_', ' ')}): {count:,}", err=True)
    for each in chosen.unreadable:
        echo(f"  {each}: what it changed since may be undone by this. Put it back.", err=True)
    follow_up.left_out = left_out = superseded_lines(chosen.superseded)
    if isinstance(left_out, Superseded):
        why = "whose trigger a later update has changed since"
        echo(f"  left out: {left_out.updates:,} {why} ({first_lines(left_out)})", err=True)
        members = {"left_out": msgspec.to_builtins(left_out)}
        click.get_current_context().meta[ERROR_MEMBERS] = members
    for line in chosen.updates():
        follow_up.add(line)
