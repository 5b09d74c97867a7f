"""The firings of one trigger counted for each profile, as far back as its periods reach.

Pure: time is an argument, microseconds since the epoch, UTC. Memory is bounded by profiles and
windows: of a profile as many firings are kept as a window allows, for as long as it lasts.
"""

from array import array
from bisect import bisect_right, insort
from collections.abc import Container, Iterator, Mapping
from functools import lru_cache
from typing import Any, TypeAlias

import msgspec

from batcher.triggers.semantics.firing_options import FiringOptions, other_choices
from batcher.triggers.semantics.firing_windows import FiringWindow, firing_windows

LIMITS_KNOWN = 1024  # different limits whose readings are kept, to be those of further triggers
FORGET_FROM = 1024  # profiles that are kept before it is looked which can be forgotten

COUNTING = ("windows", "suppressed", "default_limit", "month_days")
"""The unknowns that say how firings are counted; of the time zone there are too many readings."""

NOTHING: frozenset[str] = frozenset()

History: TypeAlias = "int | array[int]"
"""When a profile had firings: the only one, or all that are kept, ascending."""


class InvocationCounter:
    """Counts the firings of a trigger with these EventTriggerLimits.

    Firings are to come in the order in which events are processed. One that is older than the one
    before it is counted at its own time. Each other reading of an unknown is counted beside, from
    the first event on to which it makes a difference: until then what was counted is the same.
    """

    def __init__(self, limits: Mapping[str, Any], options: FiringOptions) -> None:
        self._own, self._others = _readings(msgspec.json.encode(limits), options)
        readings = [self._own, *(other for _, other in self._others)]
        self._most = max(reading.most for reading in readings)
        self._span = max(reading.span for reading in readings)
        self._histories: dict[str, History] = {}
        self._apart: list[dict[str, History]] = [{} for _ in self._others]
        self._forget_at = FORGET_FROM

    def __len__(self) -> int:
        """How many profiles it knows of."""
        return len(self._histories)

    @property
    def unknowns(self) -> frozenset[str]:
        """The unknowns of which another reading counts otherwise."""
        return frozenset(name for name, _ in self._others)

    def admit(self, profile: str, at: int) -> tuple[bool, frozenset[str]]:
        """Whether a firing is within the limits, which then is counted.

        Also the unknowns of which another reading would have it otherwise.
        """
        own = self._own
        if not own.windows and not self._others:
            return True, NOTHING
        history = self._histories.get(profile)
        fires = own.fits(history, at)
        counts = fires or own.counts_all
        differing = self._differing(profile, at, fires, counts) if self._others else NOTHING
        if counts:
            self._histories[profile] = self._with(history, at)
            if len(self._histories) >= self._forget_at:
                self._forget(at - self._span)
        return fires, differing

    def allows(self, profile: str, at: int) -> bool:
        """Whether a firing would be within the limits; nothing is counted."""
        return self._own.fits(self._histories.get(profile), at)

    def _differing(self, profile: str, at: int, fires: bool, counts: bool) -> frozenset[str]:
        found, history = NOTHING, self._histories.get(profile)
        for (name, other), apart in zip(self._others, self._apart, strict=True):
            before = apart.get(profile, history) if apart else history
            verdict = other.fits(before, at)
            if verdict is not fires:
                found |= {name}
            counts_there = verdict or other.counts_all
            if counts_there:
                if not counts or profile in apart:
                    apart[profile] = self._with(before, at)
            elif counts and before is not None:
                apart[profile] = before
        return found

    def _with(self, history: "History | None", at: int) -> "History":
        """A history with one more firing; what no window can reach goes."""
        if history is None:
            return at
        times = array("q", (history,)) if isinstance(history, int) else history[:]
        if at >= times[-1]:
            times.append(at)
        else:
            insort(times, at)
        gone = bisect_right(times, times[-1] - self._span)
        del times[: max(gone, len(times) - self._most)]
        return times if len(times) > 1 else times[0]

    def _forget(self, until: int) -> None:
        """Forget the profiles whose last firing no window can reach any more.

        Another reading no sooner than the own one, which otherwise would be taken for it.
        """
        _drop_old(self._histories, until, keep=())
        for apart in self._apart:
            _drop_old(apart, until, keep=self._histories)
        self._forget_at = max(FORGET_FROM, 2 * len(self._histories))


class _Reading:
    """One reading of what is unknown: windows, and whether what they hold back counts, too."""

    def __init__(self, windows: tuple[FiringWindow, ...], options: FiringOptions) -> None:
        self.windows = windows
        self.counts_all = options.suppressed == "counted" and bool(windows)
        self.most = max((window.most for window in windows), default=1)
        self.span = max((window.span for window in windows), default=0)
        self._fewest = min((window.most for window in windows), default=0)

    def differs(self, other: "_Reading") -> bool:
        return self.windows != other.windows or self.counts_all is not other.counts_all

    def fits(self, history: "History | None", at: int) -> bool:
        """Whether one more firing is within every window."""
        if not self.windows or history is None:
            return True
        if isinstance(history, int):
            if self._fewest > 1:
                return True
            history = array("q", (history,))
        elif len(history) < self._fewest:
            return True
        until = len(history) if history[-1] <= at else bisect_right(history, at)
        return not any(
            until >= window.most and history[until - window.most] > window.before(at)
            for window in self.windows
        )


@lru_cache(LIMITS_KNOWN)
def _readings(
    limits: bytes, options: FiringOptions
) -> "tuple[_Reading, tuple[tuple[str, _Reading], ...]]":
    """The own reading of limits, as JSON, and the others: most triggers have the same limits."""
    given = msgspec.json.decode(limits)
    own = _Reading(firing_windows(given, options), options)
    return own, tuple(_other_readings(own, given, options))


def _other_readings(
    own: _Reading, limits: Mapping[str, Any], options: FiringOptions
) -> Iterator[tuple[str, _Reading]]:
    """The readings that are others, each with the unknown that it is of."""
    for name in COUNTING:
        for choice in other_choices(options, name):
            other = _Reading(firing_windows(limits, choice), choice)
            if other.differs(own):
                yield name, other


def _last(history: "History") -> int:
    return history if isinstance(history, int) else history[-1]


def _drop_old(known: "dict[str, History]", until: int, keep: Container[str]) -> None:
    old = [name for name, history in known.items() if _last(history) <= until and name not in keep]
    for name in old:
        del known[name]
