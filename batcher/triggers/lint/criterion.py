"""One attribute of a definition, made ready to be held against another one.

What it takes of numbers or moments is a set of ranges; under which options, the caller says. All
that can't be read for sure is of no kind, and nothing is claimed of it.
"""

from collections.abc import Iterable, Mapping
from functools import lru_cache
from itertools import product
from typing import Any, Literal, TypeAlias

from msgspec import Struct
from msgspec.structs import replace

from batcher.triggers.diff import RANGES
from batcher.triggers.lint.value_formats import NUMERIC, is_number_for_people, may_be_date
from batcher.triggers.lint.value_ranges import (
    EVERYTHING,
    NO_NUMBERS,
    Ranges,
    common_ranges,
    joined_ranges,
    numbers_above,
    numbers_below,
    numbers_between,
    other_ranges,
)
from batcher.triggers.semantics.operators import DATED, TEXT_OPERATORS
from batcher.triggers.semantics.options import BY_NAME, SemanticsOptions
from batcher.triggers.semantics.values import Instant, parse_instant, parse_number
from batcher.triggers.semantics.zones import DAY, MINUTE

Kind: TypeAlias = Literal["number", "equal", "date", "text", "never", "unclear"]
"""What is compared. ``equal``: numbers, or their texts. ``never``: it can't be met at all."""

Key: TypeAlias = tuple[str, str]
"""What is compared: ``Source`` or ``FieldName``, and the name."""

DEFAULTS = SemanticsOptions()
ANY_ZONE = 26 * 60 * MINUTE  # how far from UTC a time without an offset may be, and a day's change
FIXED = frozenset({"timezone", "epoch"})
"""Taken as by default: there are too many zones to try, so slack shows what holds for each."""

NONE: frozenset[str] = frozenset()


class Criterion(Struct, frozen=True, kw_only=True):
    """What an attribute has to meet; ``key`` is None where it names nothing, or two things.

    ``unknowns``: the options that change which numbers or moments it takes.
    """

    key: Key | None
    operator: str
    values: tuple[str, ...]
    kind: Kind
    unknowns: frozenset[str]

    @property
    def is_range(self) -> bool:
        """Whether its values are two ends, in this order."""
        return self.operator in RANGES

    @property
    def meaning(self) -> tuple[Any, ...]:
        """What tells it from others: equal ones are met by equal events."""
        values = self.values if self.is_range else frozenset(self.values)
        return self.key, self.operator, values


def criterion_of(attribute: Mapping[str, Any]) -> Criterion:
    """Read an attribute of a definition."""
    named = [(name, attribute[name]) for name in ("Source", "FieldName") if attribute.get(name)]
    key = named[0] if len(named) == 1 else None
    operator, values = attribute["ComparisonOperator"], tuple(attribute["Values"])
    kind, unknowns = _read(operator, values)
    return Criterion(key=key, operator=operator, values=values, kind=kind, unknowns=unknowns)


@lru_cache(maxsize=4096)
def accepted(criterion: Criterion, options: SemanticsOptions, slack: int = 0) -> Ranges:
    """Which numbers, or microseconds since the epoch, it takes.

    ``slack``: by how much each moment that depends on the time zone is widened, or made narrower.
    """
    if criterion.is_range:
        inside = _span(criterion, options, slack if criterion.operator == "BETWEEN" else -slack)
        return inside if criterion.operator == "BETWEEN" else other_ranges(inside)
    each = (_bound(criterion.operator, value, options, slack) for value in criterion.values)
    if options.several_values == "any":
        return joined_ranges(each)
    found = EVERYTHING
    for ranges in each:
        found = common_ranges(found, ranges)
    return found


def unknowns_of(criteria: Iterable[Criterion]) -> frozenset[str]:
    """The options that change which numbers or moments any of them takes."""
    return NONE.union(*(each.unknowns for each in criteria))


@lru_cache(maxsize=256)
def readings(unknowns: frozenset[str]) -> tuple[SemanticsOptions, ...]:
    """The defaults, and each other combination of these options, but for those ``FIXED``."""
    names = sorted(unknowns - FIXED)
    found = product(*(BY_NAME[name].choices for name in names))
    return tuple(replace(DEFAULTS, **dict(zip(names, each, strict=True))) for each in found)


def _bound(operator: str, value: str, options: SemanticsOptions, slack: int) -> Ranges:
    if operator in DATED:
        return _moments(operator, value, options, slack)
    if (number := parse_number(value)) is None:
        return NO_NUMBERS
    match operator:
        case "GREATER_THAN" | "GREATER_THAN_OR_EQUAL":
            return numbers_above(number, inclusive=operator != "GREATER_THAN")
        case "LESS_THAN" | "LESS_THAN_OR_EQUAL":
            return numbers_below(number, inclusive=operator != "LESS_THAN")
    return numbers_between(number, number)


def _moments(operator: str, value: str, options: SemanticsOptions, slack: int) -> Ranges:
    if (instant := parse_instant(value, options)) is None:
        return NO_NUMBERS
    wider = slack if instant.zone_missing else 0
    match operator:
        case "BEFORE":
            return numbers_below(instant.at + wider)
        case "AFTER":
            return numbers_above(
                (instant.last if options.day_bound == "end" else instant.at) - wider
            )
    if options.on == "moment":
        return numbers_between(instant.at - wider, instant.at + wider)
    midnight = instant.at // DAY * DAY  # of UTC: a day of another zone is within the slack
    return numbers_between(midnight - slack, midnight + DAY - 1 + slack)


def _span(criterion: Criterion, options: SemanticsOptions, slack: int) -> Ranges:
    first, second = _ends(criterion.values, options)
    if options.reversed_ends == "swapped" and _start(first) > _start(second):
        first, second = second, first
    high = _start(second)
    if isinstance(second, Instant) and options.day_bound == "end":
        high = second.last
    return numbers_between(
        _start(first) - (slack if _is_local(first) else 0),
        high + (slack if _is_local(second) else 0),
        inclusive=options.between == "inclusive",
    )


def _ends(values: tuple[str, ...], options: SemanticsOptions) -> list[Any]:
    """Two numbers, or two instants."""
    numbers = [parse_number(value) for value in values]
    if None not in numbers:
        return numbers
    return [parse_instant(value, options) for value in values]


def _start(end: Any) -> Any:
    return end.at if isinstance(end, Instant) else end


def _is_local(end: Any) -> bool:
    return isinstance(end, Instant) and end.zone_missing


@lru_cache(maxsize=4096)
def _read(operator: str, values: tuple[str, ...]) -> tuple[Kind, frozenset[str]]:
    """Of which kind a comparison is, and which options change what it takes."""
    if any(value != value.strip() for value in values):
        return "unclear", NONE
    several = frozenset({"several_values"}) if len(values) > 1 else NONE
    if operator in RANGES:
        return _read_range(operator, values)
    if operator in TEXT_OPERATORS:
        return "text", NONE
    if operator in DATED:
        return _read_dates(operator, values, several)
    if operator not in NUMERIC:
        return "unclear", NONE  # a newer model has it, and nobody here knows what it means
    numeric = [parse_number(value) is not None for value in values]
    if all(numeric):
        return ("equal" if operator == "EQUAL" else "number"), several
    if any(numeric) or any(map(is_number_for_people, values)):
        return "unclear", NONE
    return ("text" if operator == "EQUAL" else "never"), several


def _read_dates(
    operator: str, values: tuple[str, ...], several: frozenset[str]
) -> tuple[Kind, frozenset[str]]:
    instants = [each for value in values if (each := parse_instant(value, DEFAULTS)) is not None]
    if len(instants) < len(values):
        is_never = not instants and not any(map(may_be_date, values))
        return ("never" if is_never else "unclear"), NONE
    found = {
        "on": operator == "ON",
        "timezone": operator == "ON" or any(each.zone_missing for each in instants),
        "day_bound": operator == "AFTER" and any(each.is_day for each in instants),
        "epoch": any(parse_number(value) is not None for value in values),
    }
    return "date", several | {name for name, matters in found.items() if matters}


def _read_range(operator: str, values: tuple[str, ...]) -> tuple[Kind, frozenset[str]]:
    numbers = [parse_number(value) for value in values]
    instants = [parse_instant(value, DEFAULTS) for value in values]
    if len(values) == 2:
        if None not in numbers:
            return "number", _of_ends(numbers)
        if numbers == [None, None] and None not in instants:
            return _read_dates_range([each for each in instants if each is not None])
        known = zip(values, instants, strict=True)
        if all(each is not None or is_number_for_people(v) or may_be_date(v) for v, each in known):
            return "unclear", NONE
    return ("never" if operator == "BETWEEN" else "unclear"), NONE


def _read_dates_range(instants: list[Instant]) -> tuple[Kind, frozenset[str]]:
    local = {each.zone_missing for each in instants}
    if len(local) == 2:
        return "unclear", NONE
    found = {"timezone": True in local, "day_bound": instants[1].is_day or instants[0].is_day}
    names = {name for name, matters in found.items() if matters}
    return "date", _of_ends([each.at for each in instants]) | names


def _of_ends(ends: list[Any]) -> frozenset[str]:
    return frozenset({"between", "reversed_ends"} if ends[0] > ends[1] else {"between"})
