"""Every operator under every single choice that can matter to it, at the corners of both.

Against the naive evaluator: whether it fires, and on which unknowns that depends.
"""

from collections.abc import Iterator
from typing import Any

import msgspec
import pytest

from batcher.triggers.semantics.compiled_trigger import compile_trigger
from batcher.triggers.semantics.operators import OPERATORS
from batcher.triggers.semantics.options import UNKNOWNS, SemanticsOptions
from tests.triggers.semantics import naive
from tests.triggers.semantics.samples import of_one

ABSENT: Any = object()
NOTHING = [ABSENT, None, [], {}, [None, {}], "", " "]

TEXTS = [["a"], ["a", "b"], ["a "], ["A", " "], ["5"], ["true", "ß"]]
SEEN_TEXTS = ["a", "A", " a", "xa", "ab", "ba", "b", "x", "ss", "TRUE", True, 5, 5.0, "5", ["a"]]
SEEN_TEXTS += [["a", "b"], ["b", ""], ["A", "x"], [["a"], "b"], ["a", 5], [True, "x"]]

NUMBERS = [["5"], ["5", "7"], [" 5"], ["x"], ["x", "5"], ["5.0"]]
SEEN_NUMBERS = [4, 5, 5.0, 6, 7, 8.5, "4", "5", " 6", "5.0", "x", True, [4, 6], [6, "x"], ["6"]]

DATES = [["2026-11-01"], ["2026-11-01T12:00:00Z"], ["2026-11-01T12:00"], [" 2026-11-01 "]]
DATES += [["1975-01-26", "2026-11-01"], ["160000000000"], ["x"], ["x", "2026-11-01"]]
SEEN_DATES = ["2026-11-01", "2026-11-01T12:00:00Z", "2026-11-01T12:00", "2026-11-01T18:00:00Z"]
SEEN_DATES += ["2026-11-02T05:00:00+03:00", "2026-11-01T00:00", "2026-10-31T11:00", "2026-10-30"]
SEEN_DATES += ["2026-11-02T13:00", "2026-11-03T00:00Z", "1975-01-26", 160000000000, "160000000000"]
SEEN_DATES += [" 2026-11-02", ["2026-10-30", "2026-11-05"], ["2026-11-05", "x"], "x", True]

RANGES = [["5", "7"], ["7", "5"], ["5", "5"], ["5"], ["5", "x"], [" 5", "7"], ["5", "7", "9"]]
RANGES += [["2026-11-01", "2026-11-02"], ["2026-11-02", "2026-11-01"]]
RANGES += [["2026-11-01T12:00Z", "2026-11-02T12:00"], ["2026-11-01T20:00", "2026-11-01T12:00Z"]]

SEEN_IN_RANGES = [4, 5, 6, 7.5, "5", " 6", [4, 6], [6, "x"], "x", *SEEN_DATES[:8], 1793577600]

CORNERS = dict.fromkeys(OPERATORS, (TEXTS, SEEN_TEXTS))
CORNERS |= {name: (NUMBERS, SEEN_NUMBERS) for name in OPERATORS if "THAN" in name}
CORNERS |= dict.fromkeys(("BEFORE", "AFTER", "ON"), (DATES, SEEN_DATES))
CORNERS |= dict.fromkeys(("BETWEEN", "NOT_BETWEEN"), (RANGES, SEEN_IN_RANGES))
CORNERS["EQUAL"] = (TEXTS[1:4] + NUMBERS, SEEN_TEXTS[::2] + SEEN_NUMBERS)

CHOICES = {each.name: each.choices for each in UNKNOWNS} | {"timezone": naive.OFFSETS}
NO_ZONES = CHOICES | {"timezone": ["UTC"]}


def _single_choices(names: set[str | None]) -> Iterator[SemanticsOptions]:
    for unknown in [each for each in UNKNOWNS if each.name in names]:
        for choice in unknown.choices[1:] or ("Europe/Berlin", "-12:00"):
            yield SemanticsOptions(**{unknown.name: choice})


def _objects(seen: list[Any]) -> Iterator[dict[str, Any]]:
    for value in [*seen, *NOTHING]:
        yield {"b": "a"} if value is ABSENT else {"a": value, "b": "a"}


@pytest.mark.parametrize("operator", OPERATORS)
def test_as_the_naive_evaluator_says(operator: str) -> None:
    lists, seen = CORNERS[operator]
    definitions = [of_one(operator, *values) for values in lists]
    definitions.append(of_one(operator, *lists[0], FieldName="b"))
    for definition in definitions:
        _compare(definition, SemanticsOptions(), CHOICES, seen)
        known = compile_trigger(definition).assumptions
        for chosen in _single_choices({each.option for each in known}):
            _compare(definition, chosen, NO_ZONES, seen)


def _compare(
    definition: dict[str, Any], chosen: SemanticsOptions, choices: dict[str, Any], seen: list[Any]
) -> None:
    compiled, plain = compile_trigger(definition, chosen), msgspec.structs.asdict(chosen)
    for found in _objects(seen):
        fires = naive.fires(definition, found, plain, {})
        depends_on = naive.depends_on(definition, found, plain, {}, choices)
        left_out = {"timezone"} if choices is NO_ZONES else set()
        told = compiled.verdict(found)
        assert (told[0], set(told[1]) - left_out) == (fires, depends_on - left_out), found
        assert depends_on - left_out <= {each.option for each in compiled.assumptions}
