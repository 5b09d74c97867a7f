"""A table as lines of 80 columns at most: a name and numbers; long names go over several lines."""

from collections.abc import Iterator, Sequence
from io import StringIO

from rich.console import Console
from rich.table import Table
from rich.text import Text

from batcher.foreign_text import printable

WIDTH = 80


def column_lines(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> Iterator[str]:
    """The heads and rows; the first column is a name, the others numbers, at the right."""
    table = Table(box=None, pad_edge=False)
    for place, head in enumerate(heads):
        if place:
            table.add_column(head, justify="right", no_wrap=True)
        else:
            table.add_column(head, overflow="fold")
    for row in rows:
        table.add_row(*(Text(printable(cell)) for cell in row))
    shown = StringIO()
    Console(file=shown, width=WIDTH, highlight=False).print(table)
    yield from (line.rstrip() for line in shown.getvalue().splitlines())
