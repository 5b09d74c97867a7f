"""The updates of a run by place: of targets that are one account and Region they are one source.

So those of one trigger stay in input order, whichever of these targets a line names.
"""

from collections.abc import Callable, Collection, Iterable, Mapping

from batcher.aws.client import AwsTarget
from batcher.jobs.run_state import RunState
from batcher.sources.file_source import FileSource
from batcher.sources.line_index import LineIndex
from batcher.sources.line_order import raise_earlier_lines
from batcher.sources.merged_index import merged_index
from batcher.target_identity import TargetIdentity
from batcher.updates.target_causes import targets_text
from batcher.wiring.places import by_place


class PlaceSources:
    """The sources of a run's connected targets. Reads the input for targets of one place only.

    ``unopened``: targets that can't be used now, whose updates nothing overtakes, either;
    ``noted``: where those of an earlier session were.
    """

    def __init__(
        self,
        state: RunState,
        targets: Mapping[str, AwsTarget],
        unopened: Mapping[str, AwsTarget] | None = None,
        noted: Mapping[str, TargetIdentity] | None = None,
    ) -> None:
        self._state = state
        places = by_place(targets, unopened, noted)
        self._together = {name: names for names in places if len(names) > 1 for name in names}
        self._merged: dict[str, LineIndex] = {}

    def together(self, target: str) -> list[str]:
        """The targets that are one place with that one, itself among them; it has their order."""
        return self._together.get(target, [target])

    def why_held_back(self, target: str, given_up: Collection[str]) -> str | None:
        """Why a target that was not given up has updates left; None: no other of its place was.

        ``given_up``: targets that were, for whatever cause.
        """
        first = [name for name in self.together(target) if name in given_up]
        if not first:
            return None
        these, go_on = ("it", "it goes") if len(first) == 1 else ("these", "they go")
        return (
            f"what is left of it waits for {targets_text(first)}, the same account and Region, as"
            f" updates of one trigger stay in their order. Put right what keeps {these} back, and"
            f" run the same command again: once {go_on} on, so does this one"
        )

    def lines(self, target: str) -> dict[str, LineIndex]:
        """The lines of each of these targets."""
        targets = self._state.inspection.targets
        return {name: targets[name] for name in self.together(target)}

    def source(
        self,
        target: str,
        skip: Callable[[int], bool] | None = None,
        order: Iterable[int] | None = None,
    ) -> FileSource:
        """The updates of that target, with those of all others that are one place with it.

        ``skip`` and ``order`` as in FileSource. Raises InputError when the file can't be read.
        """
        names = self.together(target)
        if len(names) == 1:
            return self._state.source(target, skip, order)
        if (index := self._merged.get(names[0])) is None:
            index = self._merged[names[0]] = self._merge(target)
        return self._state.file.lane_source(index, skip, order)

    def _merge(self, target: str) -> LineIndex:
        file, index = self._state.file, merged_index(list(self.lines(target).values()))
        if len(set(index.urgencies)) > 1:
            raise_earlier_lines(file.path, file.reader, {target: index})
        return index
