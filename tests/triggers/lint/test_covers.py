import pytest

from batcher.triggers.lint.covers import cover
from batcher.triggers.lint.criterion import criterion_of


@pytest.mark.parametrize(
    ("ways", "covers"),
    [
        ("GREATER_THAN 3 / LESS_THAN_OR_EQUAL 3", True),
        ("GREATER_THAN 3 / LESS_THAN 3", False),
        ("GREATER_THAN 3 / LESS_THAN 3 / EQUAL 3", False),  # EQUAL may be of texts
        ("GREATER_THAN 3 / LESS_THAN 5", True),
        ("BETWEEN 1|2 / NOT_BETWEEN 1|2", True),
        ("NOT_BETWEEN 2|1", True),
        ("NOT_BETWEEN 1|2", False),
        ("BEFORE 2026-01-02 / AFTER 2026-01-01", True),
        ("BEFORE 2026-01-01 / AFTER 2026-01-02", False),
        ("INCLUSIVE NL / EXCLUSIVE NL", True),
        ("INCLUSIVE NL / EXCLUSIVE NL|BE", False),
        ("GREATER_THAN 3 & LESS_THAN 9 / LESS_THAN 5", False),
    ],
)
def test_ways_that_leave_nothing_out_are_found(ways: str, covers: bool) -> None:
    read = [tuple(map(_comparison, way.split(" & "))) for way in ways.split(" / ")]
    claim = cover(read)
    assert (claim is not None) == covers
    assert claim is None or claim >= {"comparable", "lists"}


def _comparison(text: str):
    operator, values = text.split(" ")
    return criterion_of(
        {"Source": "a", "ComparisonOperator": operator, "Values": values.split("|")}
    )
