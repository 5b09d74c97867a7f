"""The one question that is asked before anything is sent."""

import click


def agreed(yes: bool) -> bool:
    """Whether to start: ``--yes``, or an answer on the terminal. Says so when not."""
    import sys

    if yes:
        return True
    if not sys.stdin.isatty():
        click.echo("Nothing was sent: there is no terminal to ask on. Give --yes to start.", err=True)
        return False
    if confirmed("Start?"):
        return True
    click.echo("Nothing was sent.", err=True)
    return False


def confirmed(question: str) -> bool:
    """Yes or no on the terminal; its end is a no."""
    try:
        return click.confirm(question, default=False, err=True)
    except click.Abort:
        return False
