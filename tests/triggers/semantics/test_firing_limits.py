"""Limits against an evaluator that keeps the list of all firings and counts again each time."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from batcher.triggers.semantics.firing_limits import FiringLimits
from batcher.triggers.semantics.firing_options import FiringOptions

SECOND = 1_000_000
HOUR, DAY = 3600 * SECOND, 86400 * SECOND
START = int(datetime(2026, 1, 29, 22, tzinfo=UTC).timestamp()) * SECOND  # months end soon
PLAIN = FiringOptions()

units = st.sampled_from(["MINUTES", "HOURS", "DAYS", "WEEKS", "MONTHS"])
periods = st.fixed_dictionaries(
    {"Unit": units, "Value": st.integers(1, 3)},
    optional={
        "MaxInvocationsPerProfile": st.integers(1, 4),
        "Unlimited": st.sampled_from([False, False, True]),
    },
)
steps = st.sampled_from([0, 1, 30 * SECOND, 60 * SECOND, HOUR, DAY, 7 * DAY, 28 * DAY, 31 * DAY])
events = st.lists(st.tuples(st.sampled_from("ab"), steps), max_size=40)
readings = st.builds(
    FiringOptions,
    windows=st.sampled_from(["rolling", "calendar"]),
    suppressed=st.sampled_from(["free", "counted"]),
    default_limit=st.sampled_from(["alone", "beside"]),
    month_days=st.sampled_from(["28", "30", "31"]),
)


def timed(events: list[tuple[str, int]]) -> Iterator[tuple[str, int]]:
    at = START
    for profile, step in events:
        at += step
        yield profile, at


def naive(
    periods: list[dict[str, Any]], events: list[tuple[str, int]], options: FiringOptions
) -> list[bool]:
    """Whether each event is a firing: all that counted before is kept, and counted again."""
    limiting = [each for each in periods if each.get("MaxInvocationsPerProfile")]
    limiting = [each for each in limiting if not each.get("Unlimited")]
    unlimited = any(each.get("Unlimited") for each in periods)
    given = any("MaxInvocationsPerProfile" in each for each in periods)
    if not unlimited and (not given or options.default_limit == "beside"):
        limiting.append({"Unit": "DAYS", "Value": 1, "MaxInvocationsPerProfile": 10})
    counted: list[tuple[str, int]] = []
    fired = []
    for profile, at in events:
        fires = all(
            sum(1 for who, when in counted if who == profile and together(when, at, each, options))
            < each["MaxInvocationsPerProfile"]
            for each in limiting
        )
        fired.append(fires)
        if fires or options.suppressed == "counted":
            counted.append((profile, at))
    return fired


def together(when: int, at: int, period: dict[str, Any], options: FiringOptions) -> bool:
    """Whether two moments are in one window that ends with the second."""
    value, unit = period["Value"], period["Unit"]
    if options.windows == "calendar":
        return block(when, unit) // value == block(at, unit) // value
    seconds = {"MINUTES": 60, "HOURS": 3600, "DAYS": 86400, "WEEKS": 604800}
    seconds["MONTHS"] = int(options.month_days) * 86400
    return at - when < value * seconds[unit] * SECOND


def block(at: int, unit: str) -> int:
    day = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=at)
    if unit == "MONTHS":
        return (day.year - 1970) * 12 + day.month - 1
    if unit == "WEEKS":
        return (day.date() - datetime(1970, 1, 5).date()).days // 7
    return int(day.timestamp()) // {"MINUTES": 60, "HOURS": 3600, "DAYS": 86400}[unit]


def judged(
    limits: dict[str, Any], events: list[tuple[str, int]], options: FiringOptions
) -> list[tuple[str, frozenset[str]]]:
    known = FiringLimits({"EventTriggerLimits": limits}, {}, options)
    return [known.judge(profile, at, 0) for profile, at in events]


@given(st.lists(periods, max_size=3), events, readings)
def test_an_event_fires_when_a_naive_count_of_all_firings_before_it_says_so(
    periods: list[dict[str, Any]], events: list[tuple[str, int]], options: FiringOptions
) -> None:
    at = list(timed(events))
    found = [firing == "fired" for firing, _ in judged({"Periods": periods}, at, options)]
    assert found == naive(periods, at, options)


@given(st.lists(periods, min_size=1, max_size=2), events)
def test_it_depends_on_an_unknown_exactly_when_another_reading_has_it_otherwise(
    periods: list[dict[str, Any]], events: list[tuple[str, int]]
) -> None:
    at = list(timed(events))
    own = naive(periods, at, PLAIN)
    others = {
        "windows": [FiringOptions(windows="calendar")],
        "suppressed": [FiringOptions(suppressed="counted")],
        "default_limit": [FiringOptions(default_limit="beside")],
        "month_days": [FiringOptions(month_days="28"), FiringOptions(month_days="31")],
    }
    expected = [set[str]() for _ in at]
    for name, readings in others.items():
        for reading in readings:
            for place, fires in enumerate(naive(periods, at, reading)):
                if fires is not own[place]:
                    expected[place].add(name)
    assert [set(unknown) for _, unknown in judged({"Periods": periods}, at, PLAIN)] == expected


def test_without_limits_ten_of_a_day_fire_and_unlimited_lifts_that() -> None:
    at = [("a", START + number * SECOND) for number in range(25)] + [("a", START + DAY)]
    found = [firing for firing, _ in judged({}, at, PLAIN)]
    assert found == ["fired"] * 10 + ["over_limit"] * 15 + ["fired"]
    lifted = {"Periods": [{"Unit": "DAYS", "Value": 1, "Unlimited": True}]}
    assert {firing for firing, _ in judged(lifted, at, PLAIN)} == {"fired"}


def test_an_event_that_is_processed_too_late_expires_to_the_millisecond() -> None:
    known = FiringLimits({"EventTriggerLimits": {"EventExpiration": 1500}}, {}, PLAIN)
    delays = [-5, 0, 1_500_000, 1_500_001]
    assert [known.judge("a", START, delay)[0] for delay in delays] == ["fired"] * 3 + ["expired"]
    assert known.judge("b", START, None) == ("fired", frozenset({"no_ingestion_time"}))
    late = FiringOptions(no_ingestion_time="late")
    known = FiringLimits({"EventTriggerLimits": {"EventExpiration": 1500}}, {}, late)
    assert known.judge("b", START, None) == ("expired", frozenset({"no_ingestion_time"}))


def test_only_members_of_the_segment_fire_and_where_none_are_known_that_is_an_unknown() -> None:
    filtered = {"SegmentFilter": "vip"}
    known = FiringLimits(filtered, {"vip": {"a"}}, PLAIN)
    assert [known.judge(profile, START, 0)[0] for profile in "ab"] == ["fired", "outside_segment"]
    for choice, firing in (("member", "fired"), ("outside", "outside_segment")):
        known = FiringLimits(filtered, {"other": {"a"}}, FiringOptions(unlisted=choice))
        assert known.judge("a", START, 0) == (firing, frozenset({"unlisted"}))


def test_what_periods_hold_back_anyway_depends_on_nothing_else() -> None:
    limits = {
        "EventExpiration": 1,
        "Periods": [{"Unit": "DAYS", "Value": 1, "MaxInvocationsPerProfile": 1}],
    }
    known = FiringLimits({"SegmentFilter": "vip", "EventTriggerLimits": limits}, {}, PLAIN)
    both = frozenset({"unlisted", "no_ingestion_time"})
    assert known.judge("a", START, None) == ("fired", both)
    assert known.judge("a", START + 1, None) == ("over_limit", frozenset())


def test_what_is_suppressed_by_segment_or_age_takes_nothing_of_the_limits() -> None:
    limits = {
        "EventExpiration": 1,
        "Periods": [{"Unit": "DAYS", "Value": 1, "MaxInvocationsPerProfile": 1}],
    }
    known = FiringLimits({"EventTriggerLimits": limits}, {}, PLAIN)
    assert [known.judge("a", START, delay)[0] for delay in (10**9, 0, 0)] == [
        "expired",
        "fired",
        "over_limit",
    ]
