"""Events that touch the bounds of a trigger's conditions and limits, made from its definition.

For each attribute the values just inside, at and just outside of what it compares with, while the
other attributes are met; and one object without it. Pure and without chance.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal, DecimalException
from itertools import count, islice
from typing import Any

import msgspec

from batcher.triggers.semantics.attribute_check import attribute_path
from batcher.triggers.semantics.compiled_trigger import compile_trigger
from batcher.triggers.semantics.definition import AttributeDefinition
from batcher.triggers.semantics.firing_options import FiringOptions
from batcher.triggers.semantics.firing_windows import firing_windows
from batcher.triggers.semantics.object_path import PREFIX
from batcher.triggers.semantics.operators import DATED, TEXT_OPERATORS
from batcher.triggers.semantics.values import parse_instant, parse_number
from batcher.triggers.semantics.zones import SECOND

OBJECTS_AT_MOST = 500  # of one definition
BURST_AT_MOST = 40  # events of one profile in a row
DIGITS_AT_MOST = 30  # of a number that is stepped from
LATE_AT_MOST = 2_000 * 366 * 86_400_000  # milliseconds; calendars begin in the year 1
OTHER = "something else"

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class SampleEvents:
    """Makes the lines of events, each of which comes in a second after the one before.

    ``start``: of the first, microseconds since the epoch; ``mapping``: of each FieldName the path.
    """

    def __init__(self, options: FiringOptions, mapping: Mapping[str, str], start: int) -> None:
        self._options = options
        self._mapping = mapping
        self._numbers = count(1)
        self._start = start

    def of(self, definition: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
        """The events for one whole definition, as lines; those of a profile come in a row."""
        fires = compile_trigger(definition, self._options, self._mapping).fires
        firing = None
        for found in islice(self._objects(definition), OBJECTS_AT_MOST):
            yield self._line(definition, found)
            firing = found if firing is None and fires(found) else firing
        if firing is not None:
            yield from self._of_limits(definition, firing)

    def _of_limits(
        self, definition: Mapping[str, Any], firing: dict[str, Any]
    ) -> Iterator[dict[str, Any]]:
        """One firing more than the lowest limit allows; and one in time, and one too late."""
        limits = definition.get("EventTriggerLimits") or {}
        windows = firing_windows(limits, self._options)
        if windows:
            most = min(window.most for window in windows)
            profile = f"sample-{next(self._numbers)}"
            for _ in range(min(most + 1, BURST_AT_MOST)):
                yield self._line(definition, firing, profile=profile)
        if (expiration := limits.get("EventExpiration")) is not None:
            for late in (expiration, expiration + 1):
                if late <= LATE_AT_MOST:
                    yield self._line(definition, firing, late=late)

    def _line(
        self,
        definition: Mapping[str, Any],
        found: dict[str, Any],
        *,
        profile: str | None = None,
        late: int = 0,
    ) -> dict[str, Any]:
        number = next(self._numbers)
        at = self._start + number * SECOND
        return {
            "id": f"sample-{number}",
            "profile": profile or f"sample-{number}",
            "object_type": definition["ObjectTypeName"],
            "timestamp": _iso(at - late * 1000),  # so that the lines are in the order of coming in
            "ingested_at": _iso(at),
            "domain": definition["DomainName"],
            "object": found,
        }

    def _objects(self, definition: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
        for condition in definition["EventTriggerConditions"]:
            dimensions = [
                dimension["ObjectAttributes"] for dimension in condition["EventTriggerDimensions"]
            ]
            others_met = condition["LogicalOperator"] == "ALL"
            for place, attributes in enumerate(dimensions):
                others = [each for below in dimensions[:place] for each in below]
                others += [each for below in dimensions[place + 1 :] for each in below]
                beside = [self._member(each, met=others_met) for each in others]
                yield from self._of_dimension(attributes, beside)

    def _of_dimension(
        self, attributes: Sequence[Mapping[str, Any]], beside: list[tuple[str, Any]]
    ) -> Iterator[dict[str, Any]]:
        """Objects in which each attribute in turn decides whether the dimension is met."""
        own = [self._member(each, met=True) for each in attributes]
        yield _made([*beside, *own])
        for place, attribute in enumerate(attributes):
            rest = [*beside, *own[:place], *own[place + 1 :]]
            for value in candidates(attribute, self._options):
                yield _made([*rest, (self._path(attribute), value)])
            yield _made(rest)

    def _member(self, attribute: Mapping[str, Any], *, met: bool) -> tuple[str, Any]:
        return self._path(attribute), self._meeting(attribute, met=met)

    def _path(self, attribute: Mapping[str, Any]) -> str:
        named = msgspec.convert(attribute, AttributeDefinition)
        path = attribute_path(named, self._options, self._mapping)
        return (path or "").removeprefix(PREFIX)

    def _meeting(self, attribute: Mapping[str, Any], *, met: bool) -> Any:
        """A value by which the attribute is met, or is not; the first one where none is so."""
        found = candidates(attribute, self._options)
        path = self._path(attribute)
        alone = {
            "LogicalOperator": "ALL",
            "EventTriggerDimensions": [{"ObjectAttributes": [attribute]}],
        }
        fires = compile_trigger(
            {"EventTriggerConditions": [alone]}, self._options, self._mapping
        ).fires
        return next((value for value in found if fires(_made([(path, value)])) is met), found[0])


def candidates(attribute: Mapping[str, Any], options: FiringOptions) -> list[Any]:
    """The values at and beside those that an attribute compares with."""
    operator, values = attribute["ComparisonOperator"], list(attribute["Values"])
    if operator in TEXT_OPERATORS:
        found = [each for value in values for each in _texts(value)]
    elif operator in DATED:
        found = [each for value in values for each in _times(value, options)]
    else:
        found = [each for value in values for each in _numbers(value) or _times(value, options)]
    if operator == "INCLUSIVE" and len(values) > 1:
        found.append(values)
    return [*found, *values[:1], OTHER]


def _texts(value: str) -> list[Any]:
    swapped = [value.swapcase()] if value.swapcase() != value else []
    return [value, *swapped, f"{value}x", f"x{value}"]


def _numbers(value: str) -> list[Any]:
    """A number, and one step below and above it; none where it is no number."""
    if parse_number(value) is None or len(value) > DIGITS_AT_MOST:
        return []
    try:
        number = Decimal(value)
        step = Decimal(1).scaleb(min(int(number.as_tuple().exponent), 0))
        found = [number, number - step, number + step]
    except (DecimalException, ValueError):
        return []
    return [int(each) if each == each.to_integral_value() else float(each) for each in found]


def _times(value: str, options: FiringOptions) -> list[Any]:
    """A moment, and a second before and after it; of a day its begin and end."""
    instant = parse_instant(value, options)
    if instant is None:
        return [value]
    moments = [instant.at, instant.at - SECOND, instant.at + SECOND]
    return [_iso(at) for at in (*moments, *((instant.last,) if instant.is_day else ()))]


def _iso(at: int) -> str:
    try:
        moment = _EPOCH + timedelta(microseconds=at)
    except OverflowError:
        return str(at // 1000)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _made(members: Sequence[tuple[str, Any]]) -> dict[str, Any]:
    """An object with those values; a path of plain names leads into it, any other is a name."""
    made: dict[str, Any] = {}
    for path, value in members:
        *above, last = path.split(".") if "[" not in path and all(path.split(".")) else [path]
        place = made
        for name in above:
            below = place.setdefault(name, {})
            place = below if isinstance(below, dict) else place
        place[last] = value
    return made
