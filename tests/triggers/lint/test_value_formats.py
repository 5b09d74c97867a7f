import pytest

from batcher.triggers.lint.value_formats import (
    begins_with_day,
    is_number_for_people,
    may_be_date,
)


@pytest.mark.parametrize(
    ("text", "number", "day", "date"),
    [
        ("1,000 EUR", True, False, True),
        ("$ 12.50", True, False, True),
        ("USD 5", True, False, True),
        ("US$5", True, False, True),
        ("SKU5", False, False, True),
        ("abc", False, False, False),
        ("A1", False, False, True),
        ("2026-02-30", False, True, False),
        ("tomorrow", False, False, False),
        ("nowhere", False, False, False),
        ("NOW()", False, False, True),
        ("01/11/2026", False, False, True),
        ("٣", False, False, False),
        ("", False, False, False),
    ],
)
def test_what_a_text_reads_like(text, number, day, date) -> None:
    read = is_number_for_people(text), begins_with_day(text), may_be_date(text)
    assert read == (number, day, date)
