"""The operators for numbers and dates, a row each of what they mean."""

from typing import Any

import pytest

from batcher.triggers.semantics import ordered_tests
from batcher.triggers.semantics.operators import OPERATORS
from batcher.triggers.semantics.options import SemanticsOptions

FIVE, DAY, NOON = ["5"], ["2026-11-01"], ["2026-11-01T12:00:00Z"]
TOKYO = {"timezone": "Asia/Tokyo"}


@pytest.mark.parametrize(
    ("operator", "values", "value", "chosen", "is_met"),
    [
        ("GREATER_THAN", FIVE, 5.5, {}, True),
        ("GREATER_THAN", FIVE, 5, {}, False),
        ("GREATER_THAN", FIVE, "6", {}, True),
        ("GREATER_THAN", FIVE, "6", {"text_numbers": "texts"}, False),
        ("GREATER_THAN", ["5", "9"], 6, {}, True),
        ("GREATER_THAN", ["5", "9"], 6, {"several_values": "all"}, False),
        ("GREATER_THAN", ["abc"], 6, {}, False),
        ("GREATER_THAN", FIVE, [1, 9], {}, True),
        ("GREATER_THAN", FIVE, [1, 9], {"lists": "all"}, False),
        ("GREATER_THAN", FIVE, True, {}, False),
        ("GREATER_THAN_OR_EQUAL", FIVE, 5, {}, True),
        ("LESS_THAN", FIVE, 4, {}, True),
        ("LESS_THAN", FIVE, 5, {}, False),
        ("LESS_THAN_OR_EQUAL", FIVE, "5.0", {}, True),
        ("EQUAL", FIVE, "5.0", {}, True),
        ("EQUAL", FIVE, "5.0", {"text_numbers": "texts"}, False),
        ("EQUAL", ["gold"], "gold", {}, True),
        ("EQUAL", ["gold"], "gold", {"equal_text": "never"}, False),
        ("EQUAL", FIVE, ["5", "x"], {"lists": "all"}, False),
        ("EQUAL", FIVE, ["5", "x"], {"lists": "all", "equal_text": "never"}, True),
        ("EQUAL", ["Gold"], "gold", {"case_sensitive": False}, True),
        ("EQUAL", ["true"], True, {}, True),
        ("EQUAL", [str(2**53 + 1)], 2**53, {}, False),
        ("BEFORE", NOON, "2026-11-01T13:30:00+02:00", {}, True),
        ("BEFORE", NOON, "2026-11-01T13:30:00", {}, False),
        ("BEFORE", NOON, "2026-11-01T13:30:00", TOKYO, True),
        ("BEFORE", ["tomorrow"], "2026-11-01", {}, False),
        ("AFTER", NOON, 1_800_000_000, {}, True),
        ("AFTER", NOON, 1_800_000_000, {"epoch": "milliseconds"}, False),
        ("AFTER", DAY, "2026-11-01T10:00:00Z", {}, True),
        ("AFTER", DAY, "2026-11-01T10:00:00Z", {"day_bound": "end"}, False),
        ("ON", DAY, "2026-11-01T23:30:00Z", {}, True),
        ("ON", DAY, "2026-11-01T23:30:00Z", TOKYO, False),
        ("ON", NOON, "2026-11-01T23:30:00Z", {}, True),
        ("ON", NOON, "2026-11-01T23:30:00Z", {"on": "moment"}, False),
        ("ON", NOON, "2026-11-01T13:00:00+01:00", {"on": "moment"}, True),
    ],
)
def test_an_operator_means(
    operator: str, values: list[str], value: Any, chosen: dict[str, Any], is_met: bool
) -> None:
    assert OPERATORS[operator] is getattr(ordered_tests, operator.lower())
    assert OPERATORS[operator](values, SemanticsOptions(**chosen))(value) is is_met
