"""``batcher completion``: what a shell needs to complete commands, flags and values."""

import os

import click
from click.shell_completion import ShellComplete, get_completion_class

from batcher.cli.output.echo import echo
from batcher.jobs.shell_startup import install_completion


def do_completion(shell: str, install: bool) -> None:
    script = _script(click.get_current_context().find_root().command, shell)
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
