"""The flags of ``batcher completion``, and its help."""

import click

from batcher.cli.command_group import done_by
from batcher.cli.output.format import example

SHELLS = ("bash", "zsh", "fish")


@click.command(epilog=example("batcher completion bash --install"))
@click.argument("shell", metavar="|".join(SHELLS), type=click.Choice(SHELLS))
@click.option("--install", is_flag=True, help="Install it for this user, and say where.")
@done_by("batcher.cli.completion:do_completion")
def completion() -> None:
    """Print or install completion for bash, zsh or fish.

    What is installed is a file of its own; bash and zsh get a line in .bashrc or .zshrc that reads
    it. All else in there stays. bash has to be 4.4 or newer.
    """
