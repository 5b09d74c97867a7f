"""The one place where text goes to a terminal: none of it can steer that."""

import click

from batcher.foreign_text import printable


def echo(text: str | bytes, *, err: bool = False, nl: bool = True, lines: bool = False) -> None:
    """Print a text, with control characters as escapes; JSON stays the same JSON.

    ``err``: on standard error; ``nl``: with a line end; ``lines``: it has several lines.
    """
    said = text.decode() if isinstance(text, bytes) else text
    said = "\n".join(map(printable, said.split("\n"))) if lines else printable(said)
    click.echo(said, err=err, nl=nl)
