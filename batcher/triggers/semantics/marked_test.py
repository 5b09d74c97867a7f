"""A test that also says, at little cost, of which unknowns its answer could depend.

The answer is one number: bit 0 is whether the operator is met, and each unknown has a bit above it.
A bit that is set may be wrong, one that is not set never is: whoever sees a bit asks again, with
the other choices (``compiled_trigger``).
"""

from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Any, TypeAlias

from batcher.triggers.semantics.comparing import Test
from batcher.triggers.semantics.operators import operator_test
from batcher.triggers.semantics.options import UNKNOWNS, SemanticsOptions, alternatives
from batcher.triggers.semantics.quick_tests import MarkedTest
from batcher.triggers.semantics.relevance import relevant
from batcher.triggers.semantics.values import parse_number
from batcher.triggers.semantics.zone_doubt import zone_doubt

MARKS = {unknown.name: 2 << index for index, unknown in enumerate(UNKNOWNS)}


class _Doubt:
    """An unknown of an operator with its values.

    ``could_matter``: whether it could to a value at all; ``is_rough``: such a value is marked, and
    no other choice tried.
    """

    __slots__ = ("_of", "_others", "could_matter", "is_rough", "mark", "name")

    def __init__(self, name: str, of: "_Asked", could_matter: Callable[[Any], bool]) -> None:
        self.name = name
        self.mark = MARKS[name]
        self.could_matter = could_matter
        self.is_rough = name == "timezone"  # has a hundred choices
        self._of = of
        self._others: tuple[Test, ...] | None = None  # the tests with each other choice

    def __repr__(self) -> str:
        return f"<_Doubt {self.name} of {self._of[0]}>"

    def changes(self, value: Any, met: bool) -> bool:
        """Whether another choice makes another answer."""
        if self._others is None:
            operator, values, options = self._of
            others = alternatives(options, self.name)
            self._others = tuple(operator_test(operator, values, each) for each in others)
        return any(test(value) != met for test in self._others)


def marked_test(operator: str, values: Sequence[str], options: SemanticsOptions) -> MarkedTest:
    """The test of an operator, with the marks of those unknowns that could change its answer.

    It is made when it is first asked: most values are told by a shorter way.
    """
    made: MarkedTest | None = None

    def marked(value: Any) -> int:
        nonlocal made
        if made is None:
            made = _made_test(operator, values, options)
        return made(value)

    return marked


def _made_test(operator: str, values: Sequence[str], options: SemanticsOptions) -> MarkedTest:
    of = operator, values, options
    test = operator_test(*of)
    doubts = [_doubt(name, of) for name in sorted(relevant(*of))]

    def marked(value: Any) -> int:
        met = test(value)
        marks = 0
        for doubt in doubts:
            if doubt.could_matter(value) and (doubt.is_rough or doubt.changes(value, met)):
                marks |= doubt.mark
        return marks | met

    return marked


@lru_cache(maxsize=1024)
def marked_names(marks: int) -> tuple[str, ...]:
    """The names of the unknowns whose marks are set."""
    return tuple(name for name, mark in MARKS.items() if marks & mark)


_Asked: TypeAlias = tuple[str, Sequence[str], SemanticsOptions]
"""An operator, its values, and the options that it is asked under."""


def _doubt(name: str, of: _Asked) -> _Doubt:
    if name == "timezone":
        return _Doubt(name, of, zone_doubt(*of))
    always = name in ("trim", "epoch") and any(_is_odd(each) for each in of[1])
    return _Doubt(name, of, _anything if always else _GUARDS.get(name, _anything))


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
