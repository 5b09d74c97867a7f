"""Text in so many columns of a terminal: whole parts, whole words, wide letters counted as wide."""

from collections.abc import Sequence

from rich.cells import cell_len, set_cell_size

CUT = "…"
SEPARATOR = ", "


def fitted(parts: Sequence[str], width: int) -> str:
    """As many parts as fit, the first ones first; in any case the first, shortened.

    One that does not fit is left out, and a shorter one that comes after it is not.
    """
    first, *rest = parts
    text = in_columns(first, width)
    if text != first:
        return text
    for part in rest:
        if cell_len(text) + len(SEPARATOR) + cell_len(part) <= width:
            text = f"{text}{SEPARATOR}{part}"
    return text


def in_columns(text: str, width: int) -> str:
    """A text that ends after a whole word; a word that is too long alone is cut."""
    if cell_len(text) <= width:
        return text
    if width < 1:
        return ""
    room = width - cell_len(CUT)
    kept = ""
    for word in text.split(" "):
        longer = f"{kept} {word}" if kept else word
        if cell_len(longer) + 1 > room:  # a blank before the mark
            break
        kept = longer
    if kept:
        return f"{kept} {CUT}"
    return set_cell_size(text, room).rstrip() + CUT


def padded(text: str, width: int) -> str:
    """A text in exactly so many columns, shortened where it is longer."""
    return set_cell_size(in_columns(text, width), width)
