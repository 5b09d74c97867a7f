"""When to pause, and when to use a part of the pace only: rules of weekdays and hours.

Pure: an instant (seconds since 1970-01-01 UTC) and a time zone are arguments; None as zone is that
of this machine. What the clock on the wall shows decides: an hour that does not exist, as clocks
are put forward, counts for nothing, and one that exists twice counts twice.
"""

import re
from datetime import UTC, datetime, time, timedelta, tzinfo

from msgspec import Struct

from batcher.errors import SettingsError
from batcher.text_value import TextValue

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
DAY, WEEK = 24 * 60, 7  # minutes, days
RATE_AT_MOST = 1e6  # updates per second

_TIME = r"(?:[01][0-9]|2[0-3]):[0-5][0-9]"
_HOURS = re.compile(rf"({_TIME})-({_TIME}|24:00)")
_SHARE = re.compile(r"share=(100|[0-9]{1,2}(?:\.[0-9]{1,9})?)%")
_RATE = re.compile(r"rate=([0-9]{1,7}(?:\.[0-9]{1,9})?)")


class TimetableRule(Struct, frozen=True, kw_only=True):
    """What is to be done on some weekdays (0: Monday), in some hours.

    ``begin`` and ``end`` are minutes of the day; where the end comes first it is that of the next
    day. ``share``: of each quota, 0 to 1; ``rate``: updates per second at most; None: no bound.
    """

    text: str
    days: frozenset[int]
    begin: int = 0
    end: int = DAY
    paused: bool = False
    share: float | None = None
    rate: float | None = None

    def covers(self, day: int, minute: int) -> bool:
        """Whether it is meant for that minute of a weekday."""
        if self.begin < self.end:
            return day in self.days and self.begin <= minute < self.end
        if minute >= self.begin:
            return day in self.days
        return minute < self.end and (day - 1) % WEEK in self.days


class Timetable(TextValue):
    """``mon-fri 08:00-18:00 share=20%; sat,sun pause; * share=100%``: the first that fits counts.

    A rule is days (``mon-fri``, ``sat,sun``, ``*``), hours, or both, and what is to be done then:
    ``pause``, ``share=P%`` or ``rate=N``. Hours that go over midnight are of the day they begin.
    """

    PATTERN = r"(?s).+"

    def __init__(self, text: str) -> None:
        """Raises SettingsError that names rule and column."""
        super().__init__(text)
        self.rules: list[TimetableRule] = []
        column = 0
        for number, rule in enumerate(text.split(";"), 1):
            self.rules.append(_Rule(number, column, rule).parse())
            column += len(rule) + 1
        edges = (edge for each in self.rules for edge in (each.begin, each.end % DAY))
        self._edges = sorted({0, *edges})

    def rule_at(self, instant: float, zone: tzinfo | None) -> TimetableRule | None:
        """The rule that counts then; None: nothing is bounded."""
        local = datetime.fromtimestamp(instant, zone)
        day, minute = local.weekday(), local.hour * 60 + local.minute
        return next((each for each in self.rules if each.covers(day, minute)), None)

    def change_after(self, instant: float, zone: tzinfo | None) -> float | None:
        """When another rule counts than now, or none; None: the same for ever."""
        rule, before = self.rule_at(instant, zone), instant
        for point in self._points(instant, zone):
            if _offset(before, zone) != _offset(point, zone):
                change = _offset_change(before, point, zone)
                if self.rule_at(change, zone) is not rule:
                    return change
            if self.rule_at(point, zone) is not rule:
                return point
            before = point
        return None

    def _points(self, instant: float, zone: tzinfo | None) -> list[float]:
        """The instants of the next week at which a rule may begin or end, in order."""
        today = datetime.fromtimestamp(instant, zone).date()
        points = {
            datetime.combine(
                today + timedelta(days=day), time(edge // 60, edge % 60, fold=fold), zone
            ).timestamp()
            for day in range(WEEK + 2)
            for edge in self._edges
            for fold in (0, 1)
        }
        return sorted(point for point in points if point > instant)


class _Rule:
    """One rule as it is written: ``number`` from 1, and the ``column`` before its first letter."""

    def __init__(self, number: int, column: int, text: str) -> None:
        self._number = number
        self._column = column
        self._text = text
        self._words = [(each.start(), each.group()) for each in re.finditer(r"\S+", text)]

    def parse(self) -> TimetableRule:
        if not self._words:
            raise self._error(0, "is empty. Leave the ; out, or say when and what")
        *when, (column, what) = self._words
        paused, share, rate = what == "pause", _SHARE.fullmatch(what), _RATE.fullmatch(what)
        if not (paused or share or rate):
            raise self._error(column, f"{what!r} is nothing to do. Give pause, share=P% or rate=N")
        if not when:
            raise self._error(column, f"{what} when? Give days, hours, or * before it")
        hours = self._hours(*when.pop()) if _looks_like_hours(when[-1][1]) else (0, DAY)
        if len(when) > 1:
            raise self._error(when[1][0], f"{when[1][1]!r} is too much. Give days, hours, what")
        days = self._days(*when[0]) if when else frozenset(range(WEEK))
        return TimetableRule(
            text=" ".join(self._text.split()),
            days=days,
            begin=hours[0],
            end=hours[1],
            paused=paused,
            share=self._number_in(column, what, float(share[1]) / 100, 1.0) if share else None,
            rate=self._number_in(column, what, float(rate[1]), RATE_AT_MOST) if rate else None,
        )

    def _number_in(self, column: int, what: str, number: float, most: float) -> float:
        if not 0 < number <= most:
            raise self._error(column, f"{what} is out of range. To send nothing give pause")
        return number

    def _hours(self, column: int, word: str) -> tuple[int, int]:
        found = _HOURS.fullmatch(word)
        if found is None:
            raise self._error(column, f"{word!r} are no hours. Give them as in 08:00-18:00")
        begin, end = (int(each[:2]) * 60 + int(each[3:]) for each in found.groups())
        if begin == end:
            raise self._error(column, f"{word} is no time. For the whole day leave the hours out")
        return begin, end

    def _days(self, column: int, word: str) -> frozenset[int]:
        if word == "*":
            return frozenset(range(WEEK))
        days = set[int]()
        for part in word.split(","):
            first, dash, last = part.partition("-")
            ends = [self._day(column, each) for each in ((first, last) if dash else (first,))]
            days |= {(ends[0] + n) % WEEK for n in range((ends[-1] - ends[0]) % WEEK + 1)}
            column += len(part) + 1
        return frozenset(days)

    def _day(self, column: int, word: str) -> int:
        if word.lower() not in DAYS:
            raise self._error(column, f"{word!r} is no day. Days are {', '.join(DAYS)}, or *")
        return DAYS.index(word.lower())

    def _error(self, column: int, wrong: str) -> SettingsError:
        at = self._column + column + 1
        return SettingsError(f"--timetable: rule {self._number}, column {at}: {wrong}.")


def _looks_like_hours(word: str) -> bool:
    return ":" in word or word[:1].isdigit()


def _offset(instant: float, zone: tzinfo | None) -> timedelta | None:
    """What clocks of a zone show then, ahead of UTC."""
    return datetime.fromtimestamp(instant, UTC).astimezone(zone).utcoffset()


def _offset_change(before: float, after: float, zone: tzinfo | None) -> float:
    """The second between two instants at which clocks are put forward or back."""
    low, high, offset = int(before), int(after) + 1, _offset(before, zone)
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if _offset(middle, zone) == offset else (low, middle)
    return float(high)
