"""BETWEEN and NOT_BETWEEN, a row each of what they mean."""

from typing import Any

import pytest

from batcher.triggers.semantics.operators import OPERATORS
from batcher.triggers.semantics.options import SemanticsOptions
from batcher.triggers.semantics.range_tests import between, is_reversed, not_between, span_of

FIVE_TO_NINE, OCTOBER = ["5", "9"], ["2026-10-01", "2026-10-31"]


@pytest.mark.parametrize(
    ("values", "value", "chosen", "is_within"),
    [
        (FIVE_TO_NINE, 7, {}, True),
        (FIVE_TO_NINE, 9, {}, True),
        (FIVE_TO_NINE, 9, {"between": "exclusive"}, False),
        (FIVE_TO_NINE, "5.5", {}, True),
        (FIVE_TO_NINE, "5.5", {"text_numbers": "texts"}, None),
        (FIVE_TO_NINE, [1, 7], {}, True),
        (FIVE_TO_NINE, [1, 7], {"lists": "all"}, False),
        (FIVE_TO_NINE, [7, "x"], {"lists": "all"}, True),
        (FIVE_TO_NINE, "abc", {}, None),
        (FIVE_TO_NINE, "2026-10-05", {}, None),
        (["9", "5"], 7, {}, False),
        (["9", "5"], 7, {"reversed_ends": "swapped"}, True),
        (["5"], 5, {}, None),
        (["5", "x"], 5, {}, None),
        (["5", "6", "7"], 5, {}, None),
        (OCTOBER, "2026-10-05T10:00:00Z", {}, True),
        (OCTOBER, 1_791_000_000, {}, True),
        (OCTOBER, "2026-10-31T10:00:00Z", {}, False),
        (OCTOBER, "2026-10-31T10:00:00Z", {"day_bound": "end"}, True),
        (OCTOBER[::-1], "2026-10-31T10:00:00Z", {"reversed_ends": "swapped"}, False),
        (OCTOBER, None, {}, None),
    ],
)
def test_a_value_is_within_a_range_or_not_or_can_not_be_compared(
    values: list[str], value: Any, chosen: dict[str, Any], is_within: bool | None
) -> None:
    options = SemanticsOptions(**chosen)
    satisfied = SemanticsOptions(**chosen, missing="satisfied")
    assert between(values, options)(value) is (is_within is True)
    assert not_between(values, options)(value) is (is_within is False)
    assert not_between(values, satisfied)(value) is not (is_within is True)


def test_a_range_knows_whether_its_ends_are_reversed() -> None:
    for values, backwards in ((FIVE_TO_NINE, False), (OCTOBER, False), (OCTOBER[::-1], True)):
        span = span_of(values, SemanticsOptions())
        assert span is not None
        assert is_reversed(span) is backwards
    assert OPERATORS["BETWEEN"] is between
