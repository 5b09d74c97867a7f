"""A test that also says, at little cost, of which unknowns its answer could depend.

The answer is one number: bit 0 is whether the operator is met, and each unknown has a bit above it.
A bit that is set may be wrong, one that is not set never is: whoever sees a bit asks again, with
the other choices (``compiled_trigger``).
"""

from collections.abc import Callable, Sequence
from functools import cache, lru_cache
from typing import Any, NamedTuple

from batcher.triggers.semantics.comparing import Test
from batcher.triggers.semantics.operators import operator_test
from batcher.triggers.semantics.options import UNKNOWNS, SemanticsOptions, alternatives
from batcher.triggers.semantics.quick_tests import MarkedTest
from batcher.triggers.semantics.relevance import relevant
from batcher.triggers.semantics.values import parse_number
from batcher.triggers.semantics.zone_doubt import zone_doubt

MARKS = {unknown.name: 2 << index for index, unknown in enumerate(UNKNOWNS)}


class _Doubt(NamedTuple):
    """An unknown: whether it could matter to a value at all, and the tests with other choices.

    ``others``: made when they are first asked for; None: whatever could matter is marked.
    """

    mark: int
    could_matter: Callable[[Any], bool]
    others: Callable[[], tuple[Test, ...]] | None


def marked_test(operator: str, values: Sequence[str], options: SemanticsOptions) -> MarkedTest:
    """The test of an operator, with the marks of those unknowns that could change its answer."""
    test = operator_test(operator, values, options)
    doubts = [
        _doubt(name, operator, values, options)
        for name in sorted(relevant(operator, values, options))
    ]

    def marked(value: Any) -> int:
        met = test(value)
        marks = 0
        for mark, could_matter, others in doubts:
            if could_matter(value) and (
                others is None or any(each(value) != met for each in others())
            ):
                marks |= mark
        return marks | met

    return marked


@lru_cache(maxsize=1024)
def marked_names(marks: int) -> tuple[str, ...]:
    """The names of the unknowns whose marks are set."""
    return tuple(name for name, mark in MARKS.items() if marks & mark)


def _doubt(name: str, operator: str, values: Sequence[str], options: SemanticsOptions) -> _Doubt:
    if name == "timezone":  # of a hundred choices; asked here is only whether it is close
        return _Doubt(MARKS[name], zone_doubt(operator, values, options), None)

    def others() -> tuple[Test, ...]:
        return tuple(operator_test(operator, values, each) for each in alternatives(options, name))

    always = name in ("trim", "epoch") and any(_is_odd(each) for each in values)
    return _Doubt(MARKS[name], _anything if always else _GUARDS.get(name, _anything), cache(others))


def _is_odd(value: str) -> bool:
    return value != value.strip() or parse_number(value) is not None


def _anything(_: Any) -> bool:
    return True


def _has_blanks(value: Any) -> bool:
    return isinstance(value, list) or (isinstance(value, str) and value != value.strip())


def _is_number_like(value: Any) -> bool:
    text = value.strip() if isinstance(value, str) else value
    return isinstance(value, list) or parse_number(text) is not None


def _is_no_text(value: Any) -> bool:
    return not isinstance(value, str)


def _is_text_or_list(value: Any) -> bool:
    return isinstance(value, str | list)


def _is_list(value: Any) -> bool:
    return isinstance(value, list)


def _is_blank_or_list(value: Any) -> bool:
    return isinstance(value, list) or (isinstance(value, str) and not value.strip())


_GUARDS: dict[str, Callable[[Any], bool]] = {
    "trim": _has_blanks,
    "epoch": _is_number_like,
    "numbers_as_text": _is_no_text,
    "text_numbers": _is_text_or_list,
    "lists": _is_list,
    "empty_text": _is_blank_or_list,
}
"""What a value has to be for an unknown to matter; most are asked of every value."""
