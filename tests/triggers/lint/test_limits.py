from bisect import bisect_left

import pytest
from hypothesis import given
from hypothesis import strategies as st

from batcher.triggers.lint.finding import LintContext
from batcher.triggers.lint.limits import limit_findings
from tests.triggers.lint.found import names

MINUTES = {"MINUTES": 1, "HOURS": 60, "DAYS": 1440, "WEEKS": 10080}
MONTHS = (28 * 1440, 31 * 1440)


def period(unit: str, value: int, at_most: int | None = None, **others) -> dict:
    limit = {} if at_most is None else {"MaxInvocationsPerProfile": at_most}
    return {"Unit": unit, "Value": value, **limit, **others}


@pytest.mark.parametrize(
    ("limits", "said"),
    [
        ({"EventExpiration": 0}, {"expiration-below-a-second"}),
        ({"EventExpiration": 999}, {"expiration-below-a-second"}),
        ({"EventExpiration": 1000}, set()),
        ({"EventExpiration": 900_000}, set()),
        ({"EventExpiration": 900_001}, {"expiration-above-campaign-cap"}),
        ({"EventExpiration": -(10**30)}, {"expiration-below-zero"}),
        ({"EventExpiration": 1_700_000_000_000}, {"expiration-looks-like-a-time"}),
        ({"Periods": [period("DAYS", 1, 3, Unlimited=False)]}, set()),
        ({"Periods": [period("DAYS", 1, 3, Unlimited=True)]}, {"unlimited-with-maximum"}),
        ({"Periods": [period("DAYS", 1, Unlimited=True)]}, {"unlimited"}),
        ({"Periods": [period("DAYS", 1)]}, {"period-without-maximum"}),
        ({"Periods": [period("DAYS", 7, 3), period("WEEKS", 1, 3)]}, {"doubled-period"}),
        ({"Periods": [period("DAYS", 1, 3), period("HOURS", 1, 3)]}, {"period-never-binds"}),
        ({"Periods": [period("DAYS", 1, 3), period("HOURS", 1, 2)]}, set()),
        ({"Periods": [period("DAYS", 1, 1), period("MONTHS", 1, 31)]}, {"period-never-binds"}),
        ({"Periods": [period("DAYS", 1, 1), period("MONTHS", 1, 30)]}, set()),
        ({"Periods": [period("CENTURIES", 1, 1), period("DAYS", 1, 5)]}, set()),
    ],
)
def test_limits_that_are_wrong_and_limits_that_are_not(limits, said) -> None:
    assert names({"EventTriggerLimits": limits}) == said


@pytest.mark.parametrize("limits", [None, {}, {"EventExpiration": 600_000}])
def test_that_the_default_holds_is_told_of_a_whole_trigger_only(limits) -> None:
    definition = {"ObjectTypeName": "Orders", "EventTriggerLimits": limits}
    assert names(definition, whole=True) == {"no-periods"}
    assert names(definition, whole=False) == set()


PERIODS = st.lists(
    st.builds(
        period,
        st.sampled_from([*MINUTES, "MONTHS"]),
        st.integers(1, 5),
        st.integers(1, 40),
    ),
    min_size=2,
    max_size=4,
)


@given(periods=PERIODS, gaps=st.lists(st.integers(0, 20_000), max_size=60))
def test_a_period_that_never_binds_suppresses_no_firing_that_others_let_through(
    periods, gaps
) -> None:
    definition = {"EventTriggerLimits": {"Periods": periods}}
    idle = {
        each.path[2]
        for each in limit_findings(definition, LintContext(whole=False))
        if each.code.name in ("period-never-binds", "doubled-period")
    }
    for month in MONTHS:
        binding = [each for at, each in enumerate(periods) if at not in idle]
        assert _fired(periods, gaps, month) == _fired(binding, gaps, month)


def _fired(periods: list[dict], gaps: list[int], month: int) -> list[int]:
    """The minutes of the firings, as naively as that can be counted."""
    fired, now = list[int](), 0
    for gap in gaps:
        now += gap
        if all(
            len(fired) - bisect_left(fired, now - _minutes(each, month) + 1)
            < each["MaxInvocationsPerProfile"]
            for each in periods
        ):
            fired.append(now)
    return fired


def _minutes(each: dict, month: int) -> int:
    return {**MINUTES, "MONTHS": month}[each["Unit"]] * each["Value"]
