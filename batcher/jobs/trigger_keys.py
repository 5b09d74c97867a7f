"""Which triggers are meant: the key of one, and a set of very many in some 50 bytes each."""

from array import array
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Set
from typing import NamedTuple

from batcher.compact import SHORT, short_hash
from batcher.jobs.trigger_reader import TriggerNames
from batcher.records import Update

_SMALLEST = 8  # slots of a set, at first
_FEW = 16  # pairs of target and domain that are asked one after the other
_PLACE = 32  # bits of a place, below those of the hash of its name
_PARTS, _PART = 16, 60  # sorted one at a time; the bits below those that say which part it is


class TriggerKey(NamedTuple):
    """Which trigger is meant: the target that it is of, its domain, and its name."""

    target: str
    domain: str
    trigger: str

    @classmethod
    def of(cls, update: Update) -> "TriggerKey":
        return cls(update.target, update.domain, update.trigger)

    @property
    def names(self) -> TriggerNames:
        """The members of a request that say which trigger of the target it is."""
        return {"DomainName": self.domain, "EventTriggerName": self.trigger}


class TriggerKeys(Set[TriggerKey]):
    """A set of keys. Each has a place, from 0, in the order in which they were added."""

    def __init__(self, keys: Iterable[TriggerKey] = ()) -> None:
        self._names = bytearray()  # of all triggers, one after the other
        self._ends = array("Q", [0])  # of the name before each place
        self._pairs: list[tuple[str, str]] = []  # each target and domain that there is, once
        self._numbers: dict[tuple[str, str], int] = {}  # of these, by what they are
        self._pair_of = array("I")
        self._hashes = array("I")
        # by hash, or the next free one after that: a place, from 1
        self._slots = array("I", [0]) * _SMALLEST
        self._by_name: array[int] | None = None  # the short hash of each name and its place, sorted
        for key in keys:
            self.add(key)

    def __repr__(self) -> str:
        return f"<TriggerKeys: {len(self):,}>"

    def __len__(self) -> int:
        return len(self._hashes)

    def __iter__(self) -> Iterator[TriggerKey]:
        return map(self.key, range(len(self)))

    def __contains__(self, key: object) -> bool:
        return isinstance(key, TriggerKey) and self.place(key) is not None

    def key(self, place: int) -> TriggerKey:
        """The key at a place."""
        return TriggerKey(*self._pairs[self._pair_of[place]], _text(self._name(place)))

    def place(self, key: TriggerKey) -> int | None:
        """At which place a key is; None where it is none of these."""
        pair = self._numbers.get((key.target, key.domain))
        return None if pair is None else self._found(pair, _bytes(key.trigger))[1]

    def add(self, key: TriggerKey) -> int:
        """Add a key, if it is not there; returns its place."""
        both, name = (key.target, key.domain), _bytes(key.trigger)
        if (pair := self._numbers.get(both)) is None:
            pair = self._numbers[both] = len(self._pairs)
            self._pairs.append(both)
        slot, place = self._found(pair, name)
        return self._put(slot, pair, name) if place is None else place

    def meant(self, domain: object, name: str, target: str = "") -> list[int]:
        """The places of keys with that trigger name.

        ``domain`` None: of any; ``target`` empty: of any. A thousand targets may all have a name.
        """
        if target and isinstance(domain, str):
            place = self.place(TriggerKey(target, domain, name))
            return [] if place is None else [place]
        return [
            place for place in self._named(domain, name) if target in ("", self.key(place).target)
        ]

    def are_meant(self, domain: object, name: str) -> bool:
        """Whether there are such keys, of any target."""
        return any(True for _ in self._named(domain, name))

    def _named(self, domain: object, name: str) -> Iterator[int]:
        """The places of a trigger name; of many, all are sorted when one is first asked for."""
        pairs, key = self._pairs, _bytes(name)
        if len(pairs) <= _FEW:
            owns = enumerate(pairs)
            found = (self._found(at, key)[1] for at, (_, own) in owns if domain in (None, own))
            yield from (place for place in found if place is not None)
            return
        if self._by_name is None:
            self._by_name = self._sorted_by_name()
        value = short_hash(key)
        for at in range(bisect_left(self._by_name, value << _PLACE), len(self)):
            hashed, place = divmod(self._by_name[at], 1 << _PLACE)
            if hashed != value:
                break
            if self._name(place) == key and domain in (None, pairs[self._pair_of[place]][1]):
                yield place

    def _sorted_by_name(self) -> "array[int]":
        """What the names are found by; sorted in parts, as a list takes five times the memory."""
        entries, found = array("Q"), array("Q")
        for place in range(len(self)):
            entries.append(short_hash(bytes(self._name(place))) << _PLACE | place)
        for part in range(_PARTS):
            found.extend(sorted(each for each in entries if each >> _PART == part))
        return found

    def _name(self, place: int) -> bytearray:
        return self._names[self._ends[place] : self._ends[place + 1]]

    def _found(self, pair: int, name: bytes) -> tuple[int, int | None]:
        """The slot of a key, and its place; where it is not there the slot that it would have."""
        slots, hashes, pairs, ends = self._slots, self._hashes, self._pair_of, self._ends
        value, size = _hash(pair, name), len(slots)
        slot = value % size
        while place := slots[slot]:
            place -= 1
            same = hashes[place] == value and pairs[place] == pair
            if same and self._names[ends[place] : ends[place + 1]] == name:
                return slot, place
            slot = slot + 1 if slot + 1 < size else 0
        return slot, None

    def _put(self, slot: int, pair: int, name: bytes) -> int:
        self._names += name
        self._ends.append(len(self._names))
        self._pair_of.append(pair)
        self._hashes.append(_hash(pair, name))
        self._slots[slot] = place = len(self._hashes)
        self._by_name = None
        if place * 4 > len(self._slots) * 3:
            self._grow()
        return place - 1

    def _grow(self) -> None:
        """Make the slots twice as many."""
        size = 2 * len(self._slots)
        self._slots = slots = array("I", [0]) * size
        for place, value in enumerate(self._hashes, 1):
            slot = value % size
            while slots[slot]:
                slot = slot + 1 if slot + 1 < size else 0
            slots[slot] = place


def _hash(pair: int, name: bytes) -> int:
    """A 32-bit hash; another one in another process, so that nobody can aim."""
    return hash((pair, name)) & SHORT


def _bytes(name: str) -> bytes:
    return name.encode("utf-8", "surrogatepass")


def _text(name: bytes | bytearray) -> str:
    return name.decode("utf-8", "surrogatepass")
