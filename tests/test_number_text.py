"""Numbers as people read them: every row is an input and what is shown for it."""

import pytest

from batcher.number_text import (
    about_duration,
    ago,
    duration,
    duration_of_call,
    number,
    pace,
    rate_text,
    several,
)


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [
        (0.04, "0.0 s"),
        (0.96, "1.0 s"),
        (1, "1 s"),
        (59.4, "59 s"),
        (59.6, "1 min"),  # rounded first, then told in minutes
        (75.2, "1 min 15 s"),
        (3599.6, "1 h 0 min"),
        (7290, "2 h 1 min"),
    ],
)
def test_a_duration_is_rounded_to_what_matters_at_its_length(seconds: float, shown: str) -> None:
    assert duration(seconds) == shown


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [(0, "0 ms"), (0.03841, "38.4 ms"), (0.9996, "1.0 s"), (9.94, "9.9 s"), (9.96, "10 s")],
)
def test_the_duration_of_a_call_is_in_milliseconds_below_a_second(
    seconds: float, shown: str
) -> None:
    assert duration_of_call(seconds) == shown


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [
        (59.9, "just now"),
        (60, "1 min ago"),
        (86399, "23 h 59 min ago"),
        (86400, "1 day ago"),
        (200000, "2 days ago"),
    ],
)
def test_an_age_is_told_in_days_from_a_day_on(seconds: float, shown: str) -> None:
    assert ago(seconds) == shown


@pytest.mark.parametrize(
    ("rate", "shown"),
    [
        (0.0525, "0.0525/s"),
        (20.0, "20/s"),
        (19.96, "20/s"),
        (999.7, "1,000/s"),
        (1234.5, "1,234/s"),
    ],
)
def test_a_rate_has_three_digits_or_is_whole(rate: float, shown: str) -> None:
    assert (rate_text(rate), pace(rate)) == (shown, shown)


def test_what_is_not_known_is_a_question_mark() -> None:
    assert pace(None) == "? /s"


def test_counts_have_separators_and_nouns_their_number() -> None:
    assert (number(4800), several(1, "update"), several(4800, "update"), several(0, "line")) == (
        "4,800",
        "1 update",
        "4,800 updates",
        "0 lines",
    )


def test_a_forecast_is_no_exact_figure() -> None:
    found = [about_duration(seconds) for seconds in (0.0, 0.99, 75.2, float("inf"))]
    assert found == ["less than 1 s", "less than 1 s", "about 1 min 15 s", "more than a year"]
