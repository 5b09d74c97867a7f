"""``batcher completion``: what a shell needs to complete commands, flags and values."""

import os

import click
from click.shell_completion import ShellComplete, get_completion_class

from batcher.cli.output.echo import echo
from batcher.cli.output.format import example
from batcher.jobs.shell_startup import SHELLS, install_completion


@click.command(epilog=example("batcher completion bash --install"))
@click.argument("shell", metavar="|".join(SHELLS), type=click.Choice(SHELLS))
@click.option("--install", is_flag=True, help="Install it for this user, and say where.")
@click.pass_context
def completion(context: click.Context, shell: str, install: bool) -> None:
    """Print or install completion for bash, zsh or fish.

    What is installed is a file of its own; bash and zsh get a line in .bashrc or .zshrc that reads
    it. All else in there stays. bash has to be 4.4 or newer.
    """
    script = _script(context.find_root().command, shell)
    if not install:
        echo(script, lines=True)
        return
    installed = install_completion(shell, script, os.environ)
    for path in installed.written:
        echo(f"Written: {path}", err=True)
    for path in installed.kept:
        echo(f"As it should be already: {path}", err=True)
    if installed.written:
        echo("It is there in each new shell.", err=True)


def _script(command: click.Command, shell: str) -> str:
    """What click has for that shell; which version of it runs here is not asked."""
    kind = get_completion_class(shell)
    assert kind is not None
    return ShellComplete.source(kind(command, {}, "batcher", "_BATCHER_COMPLETE"))
