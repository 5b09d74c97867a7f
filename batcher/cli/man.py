"""``batcher man``: all that ``--help`` says, as one page for man."""

import click

from batcher.cli.command_list import GROUPS
from batcher.cli.exit_codes import EXIT_CODES
from batcher.cli.output.echo import echo
from batcher.cli.output.format import example
from batcher.cli.output.man_page import man_page
from batcher.version import __version__


@click.command(epilog=example("batcher man > batcher.1"))
@click.pass_context
def man(context: click.Context) -> None:
    """Print the man page.

    It holds what --help says of each command. In ~/.local/share/man/man1/batcher.1 man finds it,
    where ~/.local/bin is in PATH; man -l FILE shows it from anywhere.
    """
    page = man_page(context.find_root(), GROUPS, __version__, EXIT_CODES)
    echo(page, lines=True)
