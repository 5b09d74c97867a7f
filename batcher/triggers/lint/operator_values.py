"""Values that do not fit the operator that compares with them.

What counts as a number or as a time is read as the evaluator reads it. A value that it can't read
is an error where no reading of AWS's words could take it, else a warning.
"""

from collections.abc import Callable, Iterator
from typing import Any, TypeAlias

from batcher.triggers.diff import RANGES
from batcher.triggers.lint.attribute_names import attributes_of
from batcher.triggers.lint.finding import Definition, Finding, LintContext, Path
from batcher.triggers.lint.operator_value_codes import (
    BLANKS_AROUND,
    CASE_ONLY,
    DATE_FORMAT,
    DOUBLED_VALUE,
    EPOCH_TIME,
    EQUAL_WITH_TEXT,
    NO_DATE,
    NO_NUMBER,
    NO_RANGE_END,
    NO_ZONE,
    NUMBER_FORMAT,
    ON_WITH_TIME,
    ONE_POINT,
    RANGE_MIXED,
    RANGE_NOT_TWO,
    RANGE_REVERSED,
    SEVERAL_INCLUSIVE,
    SEVERAL_VALUES,
)
from batcher.triggers.lint.value_formats import (
    NUMERIC,
    begins_with_day,
    is_number_for_people,
    may_be_date,
)
from batcher.triggers.semantics.operators import DATED
from batcher.triggers.semantics.options import SemanticsOptions
from batcher.triggers.semantics.values import Instant, parse_instant, parse_number

_DEFAULTS = SemanticsOptions()
_Check: TypeAlias = Callable[[str, list[str], Path], Iterator[Finding]]


def operator_value_findings(definition: Definition, _context: LintContext) -> Iterator[Finding]:
    """Each value that its operator can't compare with as it was meant."""
    for path, attribute in attributes_of(definition):
        operator, values = attribute["ComparisonOperator"], attribute["Values"]
        yield from _CHECKS.get(operator, _texts)(operator, values, (*path, "Values"))


def _numbers(operator: str, values: list[str], path: Path) -> Iterator[Finding]:
    for index, value in enumerate(values):
        if parse_number(value) is None:
            yield _no_number(operator, value, (*path, index))
    yield from _several(values, path)
    yield from _doubled(values, path, parse_number)


def _no_number(operator: str, value: str, path: Path) -> Finding:
    if is_number_for_people(value):
        message = "is {}: a number as people write it"
        return Finding(code=NUMBER_FORMAT, path=path, message=message, values=(value,))
    if operator == "EQUAL":
        message = "is {}: text, and EQUAL is said to compare numbers"
        return Finding(code=EQUAL_WITH_TEXT, path=path, message=message, values=(value,))
    what = "a date" if begins_with_day(value) else "no number"
    message = f"is {{}}: {what}, and the operator compares numbers"
    return Finding(code=NO_NUMBER, path=path, message=message, values=(value,))


def _dates(operator: str, values: list[str], path: Path) -> Iterator[Finding]:
    for index, value in enumerate(values):
        if (instant := parse_instant(value, _DEFAULTS)) is None:
            yield _no_date(value, (*path, index))
        elif parse_number(value) is not None:
            message = "is {}: a number, and AWS does not say in which unit"
            yield Finding(code=EPOCH_TIME, path=(*path, index), message=message, values=(value,))
        else:
            yield from _time(operator, value, instant, (*path, index))
    yield from _several(values, path)
    yield from _doubled(values, path, lambda value: parse_instant(value, _DEFAULTS))


def _no_date(value: str, path: Path) -> Finding:
    if not may_be_date(value):
        message = "is {}: no date or time"
        return Finding(code=NO_DATE, path=path, message=message, values=(value,))
    message = "is {}: not written as in ISO 8601"
    return Finding(code=DATE_FORMAT, path=path, message=message, values=(value,))


def _time(operator: str, value: str, instant: Instant, path: Path) -> Iterator[Finding]:
    if operator == "ON" and not instant.is_day:
        message = "is {}: a moment, and the operator is of days"
        yield Finding(code=ON_WITH_TIME, path=path, message=message, values=(value,))
    if instant.zone_missing and not instant.is_day:
        message = "is {}: a time without an offset from UTC"
        yield Finding(code=NO_ZONE, path=path, message=message, values=(value,))


def _range(operator: str, values: list[str], path: Path) -> Iterator[Finding]:
    if len(values) != 2:
        message = f"has {len(values)} {'entry' if len(values) == 1 else 'entries'}, not two ends"
        yield Finding(code=RANGE_NOT_TWO, path=path, message=message)
        return
    numbers = [parse_number(value) for value in values]
    instants = [parse_instant(value, _DEFAULTS) for value in values]
    for index, value in enumerate(values):
        instant = instants[index]
        if instant is None and numbers[index] is None:
            yield _no_end(value, (*path, index))
        elif instant is not None and numbers[index] is None:
            yield from _time(operator, value, instant, (*path, index))
    if None not in numbers:
        yield from _ends(numbers, path)
    elif numbers == [None, None] and None not in instants:
        yield from _ends([each.at for each in instants if each is not None], path)
    elif None not in instants:
        yield Finding(code=RANGE_MIXED, path=path, message="has a number and a date as its ends")


def _no_end(value: str, path: Path) -> Finding:
    if is_number_for_people(value):
        message = "is {}: a number as people write it"
        return Finding(code=NUMBER_FORMAT, path=path, message=message, values=(value,))
    if may_be_date(value):
        message = "is {}: neither a number nor a date as in ISO 8601"
        return Finding(code=DATE_FORMAT, path=path, message=message, values=(value,))
    message = "is {}: neither a number nor a date"
    return Finding(code=NO_RANGE_END, path=path, message=message, values=(value,))


def _ends(ends: list[Any], path: Path) -> Iterator[Finding]:
    if ends[0] > ends[1]:
        yield Finding(code=RANGE_REVERSED, path=path, message="has its greater end first")
    elif ends[0] == ends[1]:
        yield Finding(code=ONE_POINT, path=path, message="has two ends that are equal")


def _texts(operator: str, values: list[str], path: Path) -> Iterator[Finding]:
    for index, value in enumerate(values):
        if value != value.strip():
            message = "is {}: there are blanks at its ends"
            yield Finding(code=BLANKS_AROUND, path=(*path, index), message=message, values=(value,))
    if operator == "INCLUSIVE" and len(set(values)) > 1:
        yield Finding(code=SEVERAL_INCLUSIVE, path=path, message=f"has {len(values)} entries")
    yield from _doubled(values, path, lambda value: value)
    first = dict[str, str]()
    for index, value in enumerate(values):
        if first.setdefault(value.casefold(), value) != value:
            message = "is {}: another value differs from it in case only"
            yield Finding(code=CASE_ONLY, path=(*path, index), message=message, values=(value,))


def _several(values: list[str], path: Path) -> Iterator[Finding]:
    if len(values) > 1:
        message = f"has {len(values)} entries, and the operator compares with one"
        yield Finding(code=SEVERAL_VALUES, path=path, message=message)


def _doubled(values: list[str], path: Path, meaning: Callable[[str], Any]) -> Iterator[Finding]:
    """Values that mean what an earlier one means; one without a meaning is compared as it is."""
    if len(values) < 2:
        return
    seen = dict[Any, int]()
    for index, value in enumerate(values):
        read = meaning(value)
        first = seen.setdefault(value if read is None else read, index)
        if first != index:
            message = f"is {{}}: Values[{first}] says that already"
            yield Finding(code=DOUBLED_VALUE, path=(*path, index), message=message, values=(value,))


_CHECKS: dict[str, _Check] = {
    **dict.fromkeys(NUMERIC, _numbers),
    **dict.fromkeys(DATED, _dates),
    **dict.fromkeys(RANGES, _range),
}
