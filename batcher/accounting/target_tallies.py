"""Results of a run folded into one tally for each of its targets, however many these are."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from operator import attrgetter

from msgspec import UNSET

from batcher.accounting.tally import Tally
from batcher.records import BriefResult, Result

TOGETHER = 8192  # kinds of results that are counted before they go into their tallies

_ALIKE = attrgetter("target", "status", "attempts", "throttles")
_MORE = attrgetter("error", "read_back", "created", "restored")
_NOTHING_MORE = (None, UNSET, UNSET, UNSET)


class TargetTallies:
    """Tallies by target. ``names``: the targets that have one though they have no result."""

    def __init__(self, names: Iterable[str] = ()) -> None:
        self._tallies = defaultdict[str, Tally](Tally, {name: Tally() for name in names})
        self._alike = Counter[tuple[str, str, int, int]]()

    def __repr__(self) -> str:
        return f"<TargetTallies of {len(self.by_target())} targets>"

    def add_all(self, results: Sequence[Result | BriefResult]) -> None:
        """Count results, of whichever targets."""
        # of a thousand targets each has few of these, and nearly all of one are alike
        self._alike.update(map(_ALIKE, results))
        more = [*map(_MORE, results)]
        if more.count(_NOTHING_MORE) != len(more):
            for each, its in zip(results, more, strict=True):
                if its != _NOTHING_MORE:
                    self._tallies[each.target].add_more(each)
        if len(self._alike) >= TOGETHER:
            self._count_alike()

    def by_target(self) -> defaultdict[str, Tally]:
        """The tallies of all that was added; they go on counting."""
        self._count_alike()
        return self._tallies

    def _count_alike(self) -> None:
        for (target, status, attempts, throttles), count in self._alike.items():
            self._tallies[target].add_alike(status, attempts, throttles, count)
        self._alike.clear()
