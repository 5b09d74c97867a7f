"""What part of a run is verified, and of what part of its input or of another run it is one."""

from collections.abc import Iterable

from batcher.compact import LineSet
from batcher.errors import InputError
from batcher.jobs.run_reader import RunReader
from batcher.records import SelectedPart
from batcher.updates.selection import Selector


class VerifiedScope:
    """The lines that are to be looked at. Raises InputError where nothing is selected."""

    def __init__(self, run: RunReader, selector: Selector | None) -> None:
        self.lines: LineSet | None = None
        self.part: SelectedPart | None = None
        if selector is None:
            return
        self.lines, total = run.selected(selector), sum(map(len, run.indexes.values()))
        by, left_out = str(selector.selection), total - len(self.lines)
        if not self.lines:
            raise InputError(
                f"nothing to verify: all {total:,} updates are left out by {by}. Give another part."
            )
        self.part = SelectedPart(by=by, left_out=left_out, of=total)

    def within(self, lines: LineSet) -> LineSet:
        """Leave out of a set of lines those that are not."""
        return lines if self.lines is None else lines.both(self.lines)

    def of(self, lines: Iterable[int]) -> frozenset[int]:
        """Leave out of these lines those that are not."""
        return frozenset(line for line in lines if self.lines is None or line in self.lines)


def part_of(run: RunReader) -> SelectedPart | None:
    """What of its input a run is of, or what of another run it was narrowed to; None for all."""
    if run.part is not None:
        return run.part
    summary = run.directory.read_summary()
    part = None if summary is None else summary.selection
    return part if isinstance(part, SelectedPart) else None
