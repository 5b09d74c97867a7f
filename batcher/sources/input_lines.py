"""Which lines an input has, of which target and with which id: what records are held against."""

from collections.abc import Mapping, Sequence
from typing import Protocol

from batcher.compact import LineSet, line_number
from batcher.sources.by_target import split_by_target
from batcher.sources.line_index import LineIds, LineIndex, LinesOfIds
from batcher.sources.line_owners import LineOwners


class LineRecord(Protocol):
    """What a record says of the line that it is of: a Result, an BriefResult."""

    @property
    def id(self) -> str: ...
    @property
    def line(self) -> int: ...
    @property
    def target(self) -> str: ...
    @property
    def status(self) -> str: ...


class InputLines:
    """The lines of an input. ``invalid``: those known to break a rule; they have no id.

    ``owners``: the indexes that they are in, to which from now on no line can be added.
    """

    def __init__(
        self, targets: Mapping[str, LineIndex], ids: LineIds, invalid: LineSet | None = None
    ) -> None:
        self.of_target = {name: LineSet(index.lines.view) for name, index in targets.items()}
        self._known = {
            name: index.lines.run or self.of_target[name] for name, index in targets.items()
        }
        self.owners = LineOwners(targets.values())
        self._names = list(targets)
        self._ids = ids
        self._invalid = invalid
        self._by_id: LinesOfIds | None = None

    def __repr__(self) -> str:
        return f"<InputLines: {sum(map(len, self.of_target.values())):,}>"

    def fault(self, record: LineRecord) -> str | None:
        """Why a record can't be of this input, in words; None when it can."""
        line = record.line
        if self._invalid is not None and line in self._invalid:
            return None
        if record.status == "invalid":
            return None if line in self and record.id == str(line) else _no_line(line)
        if line not in self._known.get(record.target, ()):
            return f"has the target of another line than {line}" if line in self else _no_line(line)
        return None if self._ids.matches(line, record.id) else f"has another id than line {line}"

    def are_held(self, records: Sequence[LineRecord]) -> bool:
        """Whether all these records can be of this input; False: ``fault`` says it of each."""
        if self._invalid is not None or "invalid" in [each.status for each in records]:
            return False
        lines, ids = [each.line for each in records], [each.id for each in records]
        targets = [each.target for each in records]
        return self._are_of(targets, lines) and self._ids.match_all(lines, ids)

    def _are_of(self, targets: Sequence[str], lines: Sequence[int]) -> bool:
        """Whether these lines are of these targets, each of its own."""
        if not self.owners.are_few:
            names, owners = self._names, self.owners.of_each(lines)
            return targets == [None if owner is None else names[owner] for owner in owners]
        for target, (of_target,) in split_by_target(targets, lines).items():
            known = self._known.get(target, range(0))
            if isinstance(known, range):
                if min(of_target) not in known or max(of_target) not in known:
                    return False
            elif not all(map(known.__contains__, of_target)):
                return False
        return True

    def __contains__(self, line: int) -> bool:
        return self.owners.of(line) is not None

    def lines_of(self, ids: Sequence[str]) -> dict[str, list[int]]:
        """Of each of these ids the line whose it is, rarely one more; none: it is of no update."""
        found = self._ids.lines_of(ids)
        for id, lines in found.items():
            line = line_number(id)
            if line is not None and line in self and self._ids.lines.place(line) is None:
                lines.append(line)
        return found

    def has_id(self, id: str) -> bool:
        """Whether an update of the input has that id: for who asks of each of very many.

        Takes 5 bytes for each line whose id is a name.
        """
        if self._by_id is None:
            self._by_id = LinesOfIds(self._ids)
        return any(line in self for line in self._by_id.lines(id))


def _no_line(line: int) -> str:
    return f"is of line {line}, which is not in the input"
