"""What is stored of a written trigger, with each rule on and off."""

from typing import Any

import pytest

from batcher.emulator.write_rules import DEFAULT_PERIODS, WriteRules

EXPIRATION = "EventTriggerLimits.EventExpiration"


@pytest.mark.parametrize(
    ("rules", "given", "stored"),
    [
        (WriteRules(), {"EventTriggerLimits": {"EventExpiration": 9}}, {"EventExpiration": 9}),
        (
            WriteRules(clamp={EXPIRATION: 5}),
            {"EventTriggerLimits": {"EventExpiration": 9}},
            {"EventExpiration": 5},
        ),
        (
            WriteRules(clamp={EXPIRATION: 5}),
            {"EventTriggerLimits": {"EventExpiration": 5}},
            {"EventExpiration": 5},
        ),
        (WriteRules(clamp={EXPIRATION: 5}), {}, None),
        (WriteRules(fill_defaults=True), {}, {"Periods": DEFAULT_PERIODS}),
        (
            WriteRules(fill_defaults=True),
            {"EventTriggerLimits": {"EventExpiration": 9}},
            {"EventExpiration": 9, "Periods": DEFAULT_PERIODS},
        ),
        (WriteRules(fill_defaults=True), {"EventTriggerLimits": {"Periods": []}}, {"Periods": []}),
    ],
)
def test_what_is_stored(
    rules: WriteRules, given: dict[str, Any], stored: dict[str, Any] | None
) -> None:
    before = repr(given)
    assert rules.stored(given).get("EventTriggerLimits") == stored
    assert repr(given) == before


@pytest.mark.parametrize("clamp", [{"": 5}, {"EventTriggerLimits.": 5}, {EXPIRATION: 0}])
def test_a_bound_that_bounds_nothing_is_refused(clamp: dict[str, float]) -> None:
    with pytest.raises(ValueError, match="give a path and a number above 0"):
        WriteRules(clamp=clamp)
