"""What is known of very many triggers of before, each by its key."""

from array import array
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping

from batcher.jobs.trigger_keys import TriggerKey, TriggerKeys
from batcher.storage.spooled_records import SpooledRecords
from batcher.triggers.drift import BaseTrigger


class BaseTriggers(Mapping[TriggerKey, BaseTrigger]):
    """Triggers as they were: some 70 bytes each, and what they were is read when it is asked for.

    ``timed``: the pairs of target and domain of which AWS's time of a trigger is known.
    """

    def __init__(self, known: Iterable[tuple[TriggerKey, BaseTrigger]] = ()) -> None:
        self.timed = set[tuple[str, str]]()
        self._keys = TriggerKeys()
        self._begins = array("Q")
        self._triggers = SpooledRecords(BaseTrigger)
        for key, trigger in known:
            self.put(key, trigger)

    def __repr__(self) -> str:
        return f"<BaseTriggers: {len(self):,}>"

    def put(self, key: TriggerKey, trigger: BaseTrigger) -> None:
        """Know that of a trigger, and nothing else that was known of it."""
        begin, place = self._triggers.put(trigger), self._keys.add(key)
        if place < len(self._begins):
            self._begins[place] = begin
        else:
            self._begins.append(begin)
        if trigger.last_updated_at is not None:
            self.timed.add((key.target, key.domain))

    def __getitem__(self, key: TriggerKey) -> BaseTrigger:
        if (place := self._keys.place(key)) is None:
            raise KeyError(key)
        return self._triggers.at(self._begins[place])

    def __contains__(self, key: object) -> bool:
        return key in self._keys

    def __iter__(self) -> Iterator[TriggerKey]:
        return iter(self._keys)

    def __len__(self) -> int:
        return len(self._keys)

    def by_domain(self) -> "dict[tuple[str, str], array[int]]":
        """Of each target and domain the places of their keys, 4 bytes each."""
        found = defaultdict[tuple[str, str], "array[int]"](lambda: array("I"))
        for place, key in enumerate(self._keys):
            found[key.target, key.domain].append(place)
        return dict(found)

    def name(self, place: int) -> str:
        """The name of the trigger at that place."""
        return self._keys.key(place).trigger

    def in_order(self, places: Iterable[int]) -> Iterator[str]:
        """The names of the triggers at those places, sorted; 4 bytes each while they are told."""
        return map(self.name, array("I", sorted(places, key=self.name)))
