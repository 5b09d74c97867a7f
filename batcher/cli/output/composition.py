"""What ``batcher compose`` says of its work: how many were meant, changed, left alone, and why."""

from collections.abc import Iterator, Mapping, Sequence

from batcher.cli.output.echo import echo
from batcher.jobs.compose import Composition
from batcher.number_text import number, several
from batcher.triggers.edits import Edit

SHOWN = 20  # triggers that can't be as wished


class BlockedPrinter:
    """Prints the first triggers that can't be as wished on standard error, with their lines."""

    def __init__(self, unit: str) -> None:
        self.count = 0
        self._unit = unit

    def add(self, line: int, why: str) -> None:
        self.count += 1
        if self.count <= SHOWN:
            echo(f"{self._unit} {line}: left alone: {why}", err=True)

    def finish(self) -> None:
        """Say how many were not shown."""
        if (more := self.count - SHOWN) > 0:
            echo(f"… and {number(more)} more", err=True)


def composition_lines(
    found: Composition, edits: Sequence[Edit], *, rows: bool, wish: bool
) -> Iterator[str]:
    """Lines for people: what became of the triggers, and which edits found nothing.

    ``rows``: all that is meant was written as a table; ``wish``: something was asked for.
    """
    yield f"{several(found.total, 'trigger')}: {_counts(found)}."
    for edit, count in zip(edits, found.idle, strict=True):
        if count:
            yield f"  {edit}: found nothing to change in {number(count)} of them."
    if found.partial and not rows:
        yield (
            f"  {', '.join(sorted(found.partial))}: an update replaces it whole: what a trigger has"
            " in it and the table does not say is lost. --current live, or an export, keeps it."
        )
    for path, count in found.kept.items():
        yield f"  {path}: empty in {several(count, 'row')}, and set in the trigger: there it stays."
    if rows:
        yield f"  Written as a table: {several(found.changed + found.unchanged, 'row')}."
    elif not wish:
        yield "  No change was asked for: see --set, --unset, --append, --remove, --replace."


def _counts(found: Composition) -> str:
    """``1,200 matched, 1,100 changed; left alone: 3,800 not matched, 100 already so``."""
    alone: Mapping[str, int] = {
        "not selected": found.left_out,
        "not matched by --where": found.unmatched,
        "already so": found.unchanged,
        "can't be so": found.blocked,
    }
    said = ", ".join(f"{number(count)} {why}" for why, count in alone.items() if count)
    counts = f"{number(found.matched)} matched, {number(found.changed)} changed"
    return f"{counts}; left alone: {said or 'none'}"
