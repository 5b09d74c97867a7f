"""``batcher man``: all that ``--help`` says, as one page for man."""

import click

from batcher.cli.command_list import GROUPS
from batcher.cli.exit_codes import EXIT_CODES
from batcher.cli.output.echo import echo
from batcher.cli.output.man_page import man_page
from batcher.version import __version__


def do_man() -> None:
    root = click.get_current_context().find_root()
    page = man_page(root, GROUPS, __version__, EXIT_CODES)
    echo(page, lines=True)
