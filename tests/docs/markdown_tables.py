"""A table of Markdown, of cells that hold whatever they hold."""

from collections.abc import Iterable, Sequence


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table with its last line end; no cell divides another."""
    lines = [f"| {' | '.join(_cell(each) for each in row)} |\n" for row in (head, *rows)]
    return "".join((lines[0], "|---" * len(head), "|\n", *lines[1:]))


def code(*texts: str) -> str:
    """Texts as code, one after the other."""
    return ", ".join(f"`{text}`" for text in texts)


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")
