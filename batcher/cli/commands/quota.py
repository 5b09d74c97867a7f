"""The flags of ``batcher quota``, and its help."""

import click

from batcher.cli.command_group import done_by
from batcher.cli.flags.output import json_option
from batcher.cli.output.format import example


@click.command(epilog=example("batcher quota --forget --account 111122223333"))
@click.option("--forget", is_flag=True, help="Forget them: the next run finds the quota anew.")
@click.option(
    "--account",
    metavar="ID",
    help="Only those of this account (or endpoint, where no account is known).",
)
@json_option("Print them as one JSON object on standard output.")
@done_by("batcher.cli.quota:do_quota")
def quota() -> None:
    """Show the quotas that are remembered, or forget them.

    And where updates have shown it, whether AWS keeps or clears the members that one omits. It is
    all kept in quotas.json in $XDG_STATE_HOME/batcher (~/.local/state/batcher).
    """
