"""The first rule that fits the clock on the wall counts, also where clocks are put forward."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from batcher.accounting.timetable import DAYS, Timetable
from batcher.errors import SettingsError

BERLIN = ZoneInfo("Europe/Berlin")
OFFICE = "mon-fri 08:00-18:00 share=20%; sat,sun pause; * share=100%"


def at(text: str, zone: ZoneInfo = BERLIN, fold: int = 0) -> float:
    """The instant of a local time."""
    return datetime.fromisoformat(text).replace(tzinfo=zone, fold=fold).timestamp()


def utc(text: str) -> float:
    return datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()


def text_at(timetable: str, instant: float, zone: ZoneInfo = BERLIN) -> str | None:
    rule = Timetable(timetable).rule_at(instant, zone)
    return None if rule is None else rule.text


@pytest.mark.parametrize(
    ("timetable", "when", "rule"),
    [
        (OFFICE, "2026-11-27 07:59", "* share=100%"),  # a Friday
        (OFFICE, "2026-11-27 08:00", "mon-fri 08:00-18:00 share=20%"),
        (OFFICE, "2026-11-27 17:59:59.999", "mon-fri 08:00-18:00 share=20%"),
        (OFFICE, "2026-11-27 18:00", "* share=100%"),
        (OFFICE, "2026-11-28 00:00", "sat,sun pause"),
        (OFFICE, "2026-11-29 23:59", "sat,sun pause"),
        ("fri 22:00-06:00 pause", "2026-11-28 05:59", "fri 22:00-06:00 pause"),
        ("fri 22:00-06:00 pause", "2026-11-28 06:00", None),
        ("fri 22:00-06:00 pause", "2026-11-27 05:00", None),  # of the day that it begins on
        ("fri 22:00-06:00 pause", "2026-11-28 22:00", None),
        ("SAT-Mon rate=2.5", "2026-11-30 12:00", "SAT-Mon rate=2.5"),  # over the end of a week
        ("SAT-Mon rate=2.5", "2026-12-01 00:00", None),
        ("20:00-24:00 pause", "2026-11-30 23:59", "20:00-24:00 pause"),
        ("20:00-24:00 pause", "2026-12-01 00:00", None),
    ],
)
def test_the_first_rule_that_fits_counts(timetable: str, when: str, rule: str | None) -> None:
    assert text_at(timetable, at(when)) == rule


@pytest.mark.parametrize(
    ("timetable", "says"),
    [
        ("* pause;", "rule 2, column 9: is empty"),
        ("* pause; sonntag pause", "rule 2, column 10: 'sonntag' is no day"),
        ("mon-fri,xyz pause", "rule 1, column 9: 'xyz' is no day"),
        ("mon- pause", "rule 1, column 1: '' is no day"),
        ("* 8:00-18:00 pause", "rule 1, column 3: '8:00-18:00' are no hours"),
        ("* 08:00-25:00 pause", "rule 1, column 3: '08:00-25:00' are no hours"),
        ("* 24:00-02:00 pause", "rule 1, column 3: '24:00-02:00' are no hours"),
        ("* 08:00-08:00 pause", "rule 1, column 3: 08:00-08:00 is no time"),
        ("pause", "rule 1, column 1: pause when?"),
        ("* stop", "rule 1, column 3: 'stop' is nothing to do"),
        ("mon 08:00-09:00", "rule 1, column 5: '08:00-09:00' is nothing to do"),
        ("mon tue pause", "rule 1, column 5: 'tue' is too much"),
        ("08:00-09:00 mon pause", "rule 1, column 13: 'mon' is too much"),
        ("* share=0%", "rule 1, column 3: share=0% is out of range"),
        ("* share=101%", "rule 1, column 3: 'share=101%' is nothing to do"),
        ("* rate=0", "rule 1, column 3: rate=0 is out of range"),
        ("* rate=nan", "rule 1, column 3: 'rate=nan' is nothing to do"),
        ("* rate=5;;* pause", "rule 2, column 10: is empty"),
    ],
)
def test_what_is_no_rule_is_named_with_its_place(timetable: str, says: str) -> None:
    with pytest.raises(SettingsError) as raised:
        Timetable(timetable)
    assert f"--timetable: {says}" in str(raised.value)


@settings(max_examples=30)
@given(text=st.text(max_size=60) | st.from_regex(r"[a-z*,; =%:0-9-]{1,60}", fullmatch=True))
def test_any_text_is_a_timetable_or_an_error_in_words(text: str) -> None:
    try:
        timetable = Timetable(text)
    except (SettingsError, ValueError):
        return
    assert timetable.rules
    assert str(timetable) == text


@pytest.mark.parametrize(
    ("timetable", "since", "change"),
    [
        # 29 March 2026: 02:00 is 03:00, at 01:00 UTC; what begins at 02:30 begins then
        ("sun 02:30-04:00 pause", "2026-03-29 00:00", "2026-03-29 01:00"),
        ("sun 02:30-04:00 pause", "2026-03-29 01:00", "2026-03-29 02:00"),
        # what is between 02:10 and 02:50 never is on that day
        ("02:10-02:50 pause", "2026-03-29 00:30", "2026-03-30 00:10"),
        # a range over it is an hour shorter
        ("sat 22:00-06:00 pause", "2026-03-28 21:00", "2026-03-29 04:00"),
        # 25 October 2026: 03:00 is 02:00, at 01:00 UTC; what is at 02:30 is there twice
        ("02:30-05:00 pause", "2026-10-25 00:00", "2026-10-25 00:30"),
        ("02:30-05:00 pause", "2026-10-25 00:30", "2026-10-25 01:00"),
        ("02:30-05:00 pause", "2026-10-25 01:00", "2026-10-25 01:30"),
        ("02:30-05:00 pause", "2026-10-25 01:30", "2026-10-25 04:00"),
        # and a range over it an hour longer
        ("sat 22:00-06:00 pause", "2026-10-24 20:00", "2026-10-25 05:00"),
    ],
)
def test_a_change_of_the_clock_is_reckoned_with(timetable: str, since: str, change: str) -> None:
    assert Timetable(timetable).change_after(utc(since), BERLIN) == utc(change)


def test_what_never_changes_has_no_next_change() -> None:
    assert Timetable("* pause").change_after(at("2026-11-27"), BERLIN) is None
    assert Timetable("* pause").change_after(at("2026-11-27"), None) is None


HOURS = st.tuples(st.integers(0, 23), st.integers(0, 59)).map(lambda t: f"{t[0]:02}:{t[1]:02}")
RULES = st.builds(
    lambda days, begin, end: f"{','.join(sorted(days))} {begin}-{end} pause",
    st.sets(st.sampled_from(DAYS), min_size=1),
    HOURS,
    HOURS,
).filter(lambda rule: len({*rule.split()[1].split("-")}) == 2)


@settings(max_examples=40)
@given(
    rules=st.lists(RULES, min_size=1, max_size=3),
    near=st.sampled_from(["2026-03-29", "2026-10-25", "2026-04-05", "2026-06-01"]),
    hours=st.floats(-30, 30),
    zone=st.sampled_from(["Europe/Berlin", "Australia/Lord_Howe", "America/New_York", "UTC"]),
)
@example(rules=["sun 01:59-02:00 pause"], near="2026-10-25", hours=-1.5, zone="Europe/Berlin")
def test_up_to_the_next_change_the_same_rule_counts_and_then_another(
    rules: list[str], near: str, hours: float, zone: str
) -> None:
    timetable, place = Timetable(";".join(rules)), ZoneInfo(zone)
    now = utc(near) + hours * 3600
    rule, change = timetable.rule_at(now, place), timetable.change_after(now, place)
    assert change is not None
    assert change > now
    assert timetable.rule_at(change, place) is not rule
    steps = min(int((change - 1e-3 - now) / 420), 40 * 60 // 7)
    instants = [change - 1e-3, *(now + 420 * step for step in range(steps))]
    for each in instants:
        assert timetable.rule_at(each, place) is rule, datetime.fromtimestamp(each, place)
