"""What is said of a job that was narrowed to a part of its updates."""

from collections.abc import Iterator, Sequence

from batcher.foreign_text import printable
from batcher.number_text import number
from batcher.records import SelectedPart

SHOWN = 20  # pieces of a selection that had no trigger


def part_lines(
    part: SelectedPart | None, unmatched: Sequence[str], what: str = "updates"
) -> Iterator[str]:
    """Lines for people: how much is left out, and what of the selection no trigger had."""
    if part is not None and part.left_out:
        yield printable(part_text(part, what))
    for each in unmatched[:SHOWN]:
        yield printable(f"  {each} matches no trigger.")
    if (more := len(unmatched) - SHOWN) > 0:
        yield f"  … and {number(more)} more that match none"


def part_text(part: SelectedPart, what: str = "updates") -> str:
    """In words, such as "4,120 of 5,000 updates are left out by --only cart-x."."""
    return f"{number(part.left_out)} of {number(part.of)} {what} are left out by {part.by}."
