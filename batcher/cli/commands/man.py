"""The flags of ``batcher man``, and its help."""

import click

from batcher.cli.command_group import done_by
from batcher.cli.output.format import example


@click.command(epilog=example("batcher man > batcher.1"))
@done_by("batcher.cli.man:do_man")
def man() -> None:
    """Print the man page.

    It holds what --help says of each command. In ~/.local/share/man/man1/batcher.1 man finds it,
    where ~/.local/bin is in PATH; man -l FILE shows it from anywhere.
    """
