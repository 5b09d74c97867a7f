"""The one place where text goes to a terminal: none of it can steer that, and lines end at blanks.

A command that is offered ends its line, after a colon. It is never broken, so that it can be
copied.
"""

import os
import re
import sys
import textwrap

import click

from batcher.printable_text import printable

NARROWEST = 20  # columns; below that nothing is wrapped

_COMMAND = re.compile(
    r": ((?:batcher|aws|bunzip2|cat|cp|funzip|git|grep|gunzip|iconv|jq|python3|sed|tar|xz|zstd)"
    r" .+)\Z"
)


def echo(text: str | bytes, *, err: bool = False, nl: bool = True, lines: bool = False) -> None:
    """Print a text, with control characters as escapes; JSON stays the same JSON.

    ``err``: on standard error, where lines are wrapped to the width of a terminal; ``nl``: with a
    line end; ``lines``: it has several lines.
    """
    said = text.decode() if isinstance(text, bytes) else text
    parts = list(map(printable, said.split("\n"))) if lines else [printable(said)]
    if err and (width := _width()) is not None:
        parts = [wrapped(part, width) for part in parts]
    if not err:
        click.echo("\n".join(parts), nl=nl)
    elif sys.stderr is not None:  # not by click, which would write past what stands on a terminal
        sys.stderr.write("\n".join(parts) + "\n" * nl)
        sys.stderr.flush()


def wrapped(line: str, width: int) -> str:
    """A line as lines of that many columns at most, as far as it has blanks to end them at."""
    if len(line) <= width:
        return line
    command = _COMMAND.search(line)
    prose = line if command is None else line[: command.start() + 1]
    indent = " " * (len(prose) - len(prose.lstrip(" ")))
    parts = textwrap.wrap(
        prose, width, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False
    )
    if command is not None:
        parts.append(f"{indent}  {command[1]}")
    elif prose.endswith(" "):  # a question, and the answer after it
        parts[-1] += " "
    return "\n".join(parts)


def _width() -> int | None:
    """The columns of the terminal that standard error is; None where it is none."""
    try:
        if not sys.stderr.isatty():
            return None
        columns = os.get_terminal_size(sys.stderr.fileno()).columns
    except (OSError, ValueError):
        return None
    return columns if columns >= NARROWEST else None
