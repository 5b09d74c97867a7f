"""A limit is a count, or a percentage of all that there are."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from batcher.accounting.limit import FailureLimit, Limit


@pytest.mark.parametrize(
    ("count", "limit", "too_many"),
    [
        (5, "5", False),
        (5, "4", True),
        (5, "50%", False),
        (5, "49.9%", True),
        (0, "0", False),
        (0, "0%", False),
        (1, "0%", True),
    ],
)
def test_too_many_of_ten(count: int, limit: str, too_many: bool) -> None:
    assert Limit(limit).exceeded_by(count, 10) is too_many


@given(st.integers(0, 10**9), st.integers(1, 10**9))
def test_none_is_exceeded_by_nothing_and_else_a_limit_of_failures_is_a_limit(
    count: int, total: int
) -> None:
    assert not FailureLimit("none").exceeded_by(count, total)
    assert FailureLimit(None) == FailureLimit("none")
    assert not FailureLimit("none").is_percentage
    assert FailureLimit("50%").exceeded_by(count, total) is Limit("50%").exceeded_by(count, total)
    with pytest.raises(ValueError, match="does not match"):
        Limit("none")


@given(st.integers(0, 100), st.integers(0, 1000))
def test_a_percentage_of_a_hundred_is_a_count(number: int, count: int) -> None:
    assert Limit(f"{number}%").exceeded_by(count, 100) is Limit(str(number)).exceeded_by(count, 100)


@pytest.mark.parametrize("text", ["", "%", "-1", "1.5", "5 %", "5%%", "five", "100.1%", "200%"])
def test_anything_else_is_no_limit(text: str) -> None:
    with pytest.raises(ValueError, match="does not match"):
        Limit(text)


@pytest.mark.parametrize(
    ("written", "stands_for"),
    [
        ("200%", "100%"),
        ("100.1%", "100%"),
        ("999999999999.5%", "100%"),
        ("005%", "5%"),
        ("000.50%", "0.50%"),
        ("100.0%", "100.0%"),
        ("7", "7"),
    ],
)
def test_books_of_before_hold_percentages_that_are_given_no_more(
    written: str, stands_for: str
) -> None:
    assert Limit.from_books(written) == Limit(stands_for)
    assert FailureLimit.from_books(written) == FailureLimit(stands_for)


@pytest.mark.parametrize("text", ["", "%", "-1", "1.5", "5 %", "200%%", "much", None, 5])
def test_nothing_else_of_books_is_a_limit(text: str) -> None:
    with pytest.raises(ValueError, match="does not match"):
        Limit.from_books(text)
