"""The questions that a person at the terminal is asked before anything is sent."""

import sys

import anyio
import click


async def agreed(yes: bool) -> bool:
    """Whether to start: ``--yes``, or an answer on the terminal. Says so when not."""
    if yes:
        return True
    if not sys.stdin.isatty():
        click.echo(
            "Nothing was sent: there is no terminal to ask on. Give --yes to start.", err=True
        )
        return False
    if await confirmed("Start?"):
        return True
    click.echo("Nothing was sent.", err=True)
    return False


async def confirmed(question: str) -> bool:
    """Yes or no on the terminal; its end is a no.

    Waits where a signal can end it: a read in a thread could not be ended.
    """
    click.echo(f"{question} [y/N]: ", nl=False, err=True)
    await anyio.wait_readable(sys.stdin)
    return sys.stdin.readline().strip().lower() in ("y", "yes")
