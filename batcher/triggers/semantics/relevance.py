"""Which of the unknowns can matter to an operator with its values: no other changes what it meets.

A table of operators, and for some unknowns what else has to be so. Too many are slow and a word
too many; one too few is a wrong answer.
"""

from collections.abc import Callable, Sequence
from functools import lru_cache

from batcher.triggers.diff import RANGES
from batcher.triggers.semantics.elements import trimmed
from batcher.triggers.semantics.options import SemanticsOptions
from batcher.triggers.semantics.range_tests import is_reversed, span_of
from batcher.triggers.semantics.values import Instant, parse_instant

_TEXT = ("case_sensitive", "trim", "numbers_as_text", "empty_text")
_ORDERED = ("trim", "several_values", "lists")
_NUMBER = (*_ORDERED, "text_numbers")
_DATE = (*_ORDERED, "timezone", "epoch")
_RANGE = ("trim", "lists", "between", "reversed_ends", "text_numbers", "timezone", "epoch")

BY_OPERATOR: dict[str, tuple[str, ...]] = {
    "INCLUSIVE": (*_TEXT, "inclusive", "inclusive_match"),
    "EXCLUSIVE": (*_TEXT, "exclusive", "inclusive_match", "missing"),
    "CONTAINS": (*_TEXT, "contains", "lists"),
    "BEGINS_WITH": (*_TEXT, "several_values", "lists"),
    "ENDS_WITH": (*_TEXT, "several_values", "lists"),
    "GREATER_THAN": _NUMBER,
    "LESS_THAN": _NUMBER,
    "GREATER_THAN_OR_EQUAL": _NUMBER,
    "LESS_THAN_OR_EQUAL": _NUMBER,
    "EQUAL": (*_TEXT, *_NUMBER, "equal_text"),
    "BEFORE": _DATE,
    "AFTER": (*_DATE, "day_bound"),
    "ON": (*_DATE, "on"),
    "BETWEEN": (*_RANGE, "day_bound"),
    "NOT_BETWEEN": (*_RANGE, "day_bound", "missing"),
}


def relevant(operator: str, values: Sequence[str], options: SemanticsOptions) -> frozenset[str]:
    """The names of the unknowns of which another choice could change what is met."""
    return _relevant(operator, tuple(values), options)


@lru_cache(maxsize=1024)
def _relevant(operator: str, values: tuple[str, ...], options: SemanticsOptions) -> frozenset[str]:
    known = trimmed(values, options)
    names = set(BY_OPERATOR[operator])
    if operator in RANGES:
        names &= _of_range(known, options)
    if operator != "EXCLUSIVE" and options.lists == "any" and all(each.strip() for each in known):
        names.discard("empty_text")
    return frozenset(name for name in names if _CONDITIONS.get(name, _yes)(known, options))


def _of_range(values: Sequence[str], options: SemanticsOptions) -> frozenset[str]:
    span = span_of(values, options)
    if span is None:
        return frozenset({"trim", "missing"})
    kind = ("timezone", "epoch", "day_bound") if _is_of_dates(span.first) else ("text_numbers",)
    ends = ("reversed_ends",) if is_reversed(span) else ()
    return frozenset({"trim", "missing", "lists", "between", *kind, *ends})


def _is_of_dates(end: object) -> bool:
    return isinstance(end, Instant)


def _yes(_: Sequence[str], __: SemanticsOptions) -> bool:
    return True


def _are_several(values: Sequence[str], _: SemanticsOptions) -> bool:
    return len(set(values)) > 1


def _have_case(values: Sequence[str], _: SemanticsOptions) -> bool:
    # no letter of any script is folded to an ASCII character that is no letter
    return not all(each.isascii() and each == each.swapcase() for each in values)


def _have_a_day(values: Sequence[str], options: SemanticsOptions) -> bool:
    instants = (parse_instant(each, options) for each in values)
    return any(each is not None and each.is_day for each in instants)


_CONDITIONS: dict[str, Callable[[Sequence[str], SemanticsOptions], bool]] = {
    "case_sensitive": _have_case,
    "inclusive": _are_several,
    "exclusive": _are_several,
    "several_values": _are_several,
    "day_bound": _have_a_day,
}
