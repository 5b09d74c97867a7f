"""Results of a run folded into one tally for each of its targets, however many these are."""

from collections import defaultdict
from collections.abc import Iterable, Sequence

from batcher.accounting.tally import Tally
from batcher.records import BriefResult, Result

TOGETHER = 8192  # results of several targets that are counted together


class TargetTallies:
    """Tallies by target. ``names``: the targets that have one though they have no result."""

    def __init__(self, names: Iterable[str] = ()) -> None:
        self._tallies = defaultdict[str, Tally](Tally, {name: Tally() for name in names})
        self._waiting: list[Result | BriefResult] = []

    def __repr__(self) -> str:
        return f"<TargetTallies of {len(self.by_target())} targets>"

    def add_all(self, results: Sequence[Result | BriefResult]) -> None:
        """Count results, of whichever targets."""
        self._waiting.extend(results)
        targets = [each.target for each in results]
        # of a thousand targets each has few of these: they are counted together with later ones
        if len(self._waiting) >= TOGETHER or targets.count(targets[0]) == len(targets):
            self._count_waiting()

    def by_target(self) -> defaultdict[str, Tally]:
        """The tallies of all that was added; they go on counting."""
        self._count_waiting()
        return self._tallies

    def _count_waiting(self) -> None:
        by_target = defaultdict[str, list[Result | BriefResult]](list)
        for result in self._waiting:
            by_target[result.target].append(result)
        self._waiting = []
        for target, own in by_target.items():
            self._tallies[target].add_all(own)
