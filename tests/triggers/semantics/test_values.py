"""What counts as a number, an instant and a text."""

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from batcher.triggers.semantics.options import SemanticsOptions
from batcher.triggers.semantics.values import Instant, parse_instant, parse_number, text_of

DEFAULTS = SemanticsOptions()
BERLIN = SemanticsOptions(timezone="Europe/Berlin")


@pytest.mark.parametrize(
    ("value", "number"),
    [
        (5, 5),
        ("5", 5),
        ("-1.5e3", -1500.0),
        (".5", 0.5),
        ("5.", 5.0),
        ("9" * 400, 10**400 - 1),
        ("1e400", float("inf")),
        ("١٢", None),
        ("1_000", None),
        ("1,000", None),
        (" 5", None),
        ("5\n", None),
        ("", None),
        ("0x10", None),
        ("NaN", None),
        ("Infinity", None),
        (float("nan"), None),
        (True, None),
        (None, None),
        ([5], None),
    ],
)
def test_a_number_is_a_json_number_or_a_text_of_one(value: Any, number: Any) -> None:
    assert parse_number(value) == number


def _at(*moment: int) -> int:
    return int(datetime(*moment, tzinfo=UTC).timestamp()) * 1_000_000


@pytest.mark.parametrize(
    ("value", "at"),
    [
        ("2026-11-01T10:00:00Z", _at(2026, 11, 1, 10)),
        ("2026-11-01 10:00+0200", _at(2026, 11, 1, 8)),
        ("2026-11-01t10:00:00.25-01", _at(2026, 11, 1, 11) + 250_000),
        ("2016-12-31T23:59:60Z", _at(2017, 1, 1)),
        (1_700_000_000, _at(2023, 11, 14, 22, 13, 20)),
        ("1700000000", _at(2023, 11, 14, 22, 13, 20)),
        (1_700_000_000_000, _at(2023, 11, 14, 22, 13, 20)),
        (1.5, 1_500_000),
        pytest.param(10**400, 10**403 * 1, id="10^400"),
    ],
)
def test_a_moment_is_told_by_iso_8601_or_epoch_times(value: Any, at: int) -> None:
    assert parse_instant(value, DEFAULTS) == Instant(at=at, last=at)


def test_a_time_without_an_offset_is_of_the_time_zone_and_says_so() -> None:
    summer, winter = "2026-07-01T12:00:00", "2026-12-01T12:00:00"
    assert parse_instant(summer, BERLIN) == _missing(_at(2026, 7, 1, 10))
    assert parse_instant(winter, BERLIN) == _missing(_at(2026, 12, 1, 11))


def test_a_date_is_a_day_of_the_time_zone_also_where_the_clock_is_put_back() -> None:
    found = parse_instant("2026-10-25", BERLIN)
    assert found is not None
    assert found.is_day
    assert (found.last + 1 - found.at) == 25 * 3600 * 1_000_000


@pytest.mark.parametrize(
    "value",
    [
        "tomorrow",
        "0000-01-01",
        "10000-01-01",
        "2026-02-30",
        "2026-11-01T24:00",
        "2026-11-01T10:60",
        "2026-11-01T10:00+99:00",
        "2026-1-1",
        "٢٠٢٦-11-01",
        "",
        "1e400",
        None,
        {},
        True,
    ],
)
def test_what_no_calendar_has_is_no_instant(value: Any) -> None:
    assert parse_instant(value, DEFAULTS) is None


@pytest.mark.parametrize(
    ("value", "text"),
    [("a", "a"), (True, "true"), (10**300, "1" + "0" * 300), (0.1, "0.1"), (-0.0, "-0.0")],
)
def test_the_text_of_a_value_is_as_json_writes_it(value: Any, text: str) -> None:
    assert text_of(value) == text


def test_a_number_of_any_size_has_a_text_and_no_list_or_object_has() -> None:
    assert text_of(10**5000) == "1" + "0" * 5000
    assert [text_of(value) for value in (None, {}, [], float("inf"))] == [None] * 4


NUMBERS = st.floats() | st.integers() | st.integers(-5, 5).map(lambda power: 10**400 * power)
TEXTS = st.from_regex(r"[-+]?[0-9]{1,5}-?[0-9]{2}-?[0-9]{2}(T[0-9:.]{0,9}[Z+]?[0-9:]{0,5})?")
ANYTHING = NUMBERS | TEXTS | st.text() | st.none() | st.booleans()


@settings(max_examples=150)
@given(ANYTHING, st.sampled_from([DEFAULTS, BERLIN, SemanticsOptions(timezone="-12:00")]))
def test_whatever_the_value_nothing_raises(value: Any, options: SemanticsOptions) -> None:
    parse_number(value)
    parse_instant(value, options)
    text_of(value)


@given(st.datetimes())
def test_a_time_is_read_as_python_reads_it(moment: datetime) -> None:
    known = moment.replace(tzinfo=UTC)
    at = (known - datetime(1970, 1, 1, tzinfo=UTC)) // (datetime.resolution)
    assert parse_instant(known.isoformat(), DEFAULTS) == Instant(at=at, last=at)


def _missing(at: int) -> Instant:
    return Instant(at=at, last=at, zone_missing=True)


SPELLINGS = st.from_regex(
    r"2026-(1[01]|0[29]|W)-?(2[89]|3[01]|1)[Tt x]?(2[34]|1)[:.]?(59|60)?:?(60|59)?[.,]?5*[Zz ]?Z?",
    fullmatch=True,
)


@settings(max_examples=200)
@given(SPELLINGS)
def test_the_quick_way_to_read_a_time_takes_no_other_spelling_and_no_other_time(text: str) -> None:
    found, slow = parse_instant(text, DEFAULTS), parse_instant(text[:-1] + "+00:00", DEFAULTS)
    if text[-1:] == "Z":
        assert found == slow
