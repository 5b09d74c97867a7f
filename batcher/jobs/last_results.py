"""What the books of a run say last of each of its triggers: results, and images of before.

Where the records are is known by line; they are read again when they are asked for.
"""

from array import array
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import chain
from typing import Any, Generic, TypeVar

import msgspec
from msgspec import UNSET, Struct, UnsetType

from batcher.accounting.tally import CHANGED
from batcher.accounting.verdicts import is_maybe_applied
from batcher.compact import NumbersByLine
from batcher.error_codes import IN_DOUBT, NOT_AS_ASKED, NOT_RECREATED
from batcher.jobs.recorded_results import checked_chunks
from batcher.jobs.run_reader import RunReader
from batcher.jobs.trigger_keys import TriggerKey, TriggerKeys
from batcher.records import Error, NamedResult, Update
from batcher.sources.line_index import LinesOfIds
from batcher.storage.before_images import read_image, read_image_chunks, read_images_at

Record = TypeVar("Record")


class RecordedState(Struct, frozen=True, gc=False):
    """What a result says of its trigger after it. ``digest``: as in Result."""

    status: str
    digest: str | UnsetType | None = UNSET


class _Result(NamedResult, frozen=True, kw_only=True, gc=False):
    digest: str | UnsetType | None = UNSET


_decode = msgspec.json.Decoder(RecordedState).decode


class LastResults:
    """Of each trigger the results that say what it is now. Raises DamageError.

    Those of updates that were refused say nothing of it, and leave what earlier ones made of it.
    ``untold``: the triggers of which none says that, and why. Takes 70 bytes a trigger while it is
    made, then 4 a line.
    """

    def __init__(self, run: RunReader) -> None:
        self.untold = dict[TriggerKey, Error]()
        self._run = run
        self._records = _ByLine(self._read)
        chains = _Chains()
        for first, results in checked_chunks(run.journals.results, run.lines, _Result):
            for number, result in enumerate(results, first):
                self._take(chains, number, result)
        for line, number in chains.left():
            self._records.numbers.put(line, number)
        self.untold = {key: each for key, each in self.untold.items() if not chains.has(key)}

    def __repr__(self) -> str:
        return f"<LastResults of {self._records!r}>"

    def _take(self, chains: "_Chains", number: int, result: _Result) -> None:
        if result.domain is None or result.trigger is None:
            return
        key = key_in(self._run, result.target, result.domain, result.trigger)
        if (why := _loses(result)) is not None:
            chains.drop(key)
            self.untold[key] = why
        elif result.status in CHANGED:
            chains.put(key, result.line, number, goes_on=result.digest is UNSET)
            if result.digest is not UNSET:
                self.untold.pop(key, None)

    def _read(self, numbers: Sequence[int]) -> Iterator[RecordedState]:
        return map(_decode, self._run.journals.results.lines_at(numbers))

    def __contains__(self, line: int) -> bool:
        return self._records.numbers.of(line) > 0

    def lines(self) -> Iterator[int]:
        """The lines of these results, ascending."""
        return self._records.numbers.lines()

    def read(self, lines: Iterable[int]) -> dict[int, RecordedState]:
        """What the results of some lines say."""
        return self._records.read(lines)


class LastImages:
    """What triggers were before, by the lines of these results, as far as that was kept.

    Of an update with several images the last one counts. Takes 4 bytes a line, 5 more while it is
    made.
    """

    def __init__(self, run: RunReader, of: LastResults) -> None:
        self._run = run
        self._before = run.journals.before
        self._records = _ByLine(self._read)
        if next(of.lines(), None) is not None and run.directory.before.exists():
            self._find(of)

    def __repr__(self) -> str:
        return f"<LastImages of {self._records!r}>"

    def _find(self, of: LastResults) -> None:
        ids = LinesOfIds(self._run.ids)
        images = chain.from_iterable(read_image_chunks(self._before))
        with self._run.lines_again() as again:
            for number, image in enumerate(images, 1):
                likely = [line for line in ids.lines(image.id) if line in of]
                if len(likely) > 1 or (likely and self._is_of_another(likely[0], image.id)):
                    likely = [each for each in likely if again.update_of(image.id, each)]
                if likely:
                    self._records.numbers.put(likely[0], number)

    def _is_of_another(self, line: int, id: str) -> bool:
        """Whether a line has an image by now, and that is of an update with another id."""
        number = self._records.numbers.of(line)
        return number > 0 and bool(read_image(self._before, number)["id"] != id)

    def _read(self, numbers: Sequence[int]) -> Iterator[dict[str, Any]]:
        return read_images_at(self._before, numbers)

    def read(self, updates: Iterable[Update]) -> dict[int, dict[str, Any]]:
        """By line the images of some updates that have one."""
        of = {update.line: update.id for update in updates}
        found = self._records.read(of)
        return {line: image for line, image in found.items() if image["id"] == of[line]}


class _ByLine(Generic[Record]):
    """Records of a journal, found by line. ``read``: those of some numbers, ascending."""

    def __init__(self, read: Callable[[Sequence[int]], Iterator[Record]]) -> None:
        self._read_them = read
        self.numbers = NumbersByLine()  # in the journal, from 1

    def __repr__(self) -> str:
        return f"<{sum(1 for _ in self.numbers.lines()):,} lines>"

    def read(self, lines: Iterable[int]) -> dict[int, Record]:
        """Of some lines the record, where they have one."""
        found = sorted((number, line) for line in lines if (number := self.numbers.of(line)))
        records = self._read_them([number for number, _ in found])
        return {line: each for (_, line), each in zip(found, records, strict=True)}


class _Chains:
    """Of each key numbers of results with their lines, each with the one before that counts too."""

    def __init__(self) -> None:
        self._keys = TriggerKeys()
        self._last = array("I")  # by place of the key: an entry, from 1; 0: none
        self._lines, self._numbers, self._earlier = array("I"), array("I"), array("I")

    def __repr__(self) -> str:
        return f"<_Chains of {len(self._keys):,} triggers>"

    def put(self, key: TriggerKey, line: int, number: int, *, goes_on: bool) -> None:
        """Add a result. ``goes_on``: those of its trigger before it count as well."""
        if (place := self._keys.add(key)) == len(self._last):
            self._last.append(0)
        self._lines.append(line)
        self._numbers.append(number)
        self._earlier.append(self._last[place] if goes_on else 0)
        self._last[place] = len(self._lines)

    def drop(self, key: TriggerKey) -> None:
        """Let no result of a trigger count."""
        if (place := self._keys.place(key)) is not None:
            self._last[place] = 0

    def has(self, key: TriggerKey) -> bool:
        """Whether any result of a trigger counts."""
        return (place := self._keys.place(key)) is not None and self._last[place] > 0

    def left(self) -> Iterator[tuple[int, int]]:
        """Line and number of each result that counts."""
        for entry in self._last:
            while entry:
                yield self._lines[entry - 1], self._numbers[entry - 1]
                entry = self._earlier[entry - 1]


def key_in(run: RunReader, target: str, domain: str, trigger: str) -> TriggerKey:
    """One key for a trigger of the run, whichever names of its place its updates use."""
    return TriggerKey(run.one_target(target), domain, trigger)


def _loses(result: _Result) -> Error | None:
    """Why nobody knows what a trigger is after that result; None where that is known."""
    said, code = f"line {result.line} of the run", IN_DOUBT
    if result.status == "in_doubt":
        said = f"{said} is in doubt: batcher verify settles it"
    elif result.status == "failed" and result.lost is not UNSET:
        code, said = NOT_RECREATED, f"{said} deleted it, and could not create it anew"
    elif is_maybe_applied(result):
        said = f"{said} failed, and may have been applied: batcher verify settles it"
    elif result.status == "differs" and result.digest is UNSET:
        code, said = NOT_AS_ASKED, f"{said} was not applied as asked, and how is not kept"
    else:
        return None
    return Error(code=code, message=said)
