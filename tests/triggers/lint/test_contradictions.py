import pytest

from batcher.triggers.lint.contradictions import contradiction
from batcher.triggers.lint.criterion import criterion_of

EXCLUDE = """
GREATER_THAN 5 & LESS_THAN 3                      : lists
GREATER_THAN 5 & LESS_THAN 5                      : lists
GREATER_THAN 5 & LESS_THAN_OR_EQUAL 5             : lists
GREATER_THAN_OR_EQUAL 5 & LESS_THAN 5             : lists
EQUAL 3 & EQUAL 4                                 : lists
EQUAL 3 & GREATER_THAN 3                          : lists
EQUAL 3 & BETWEEN 4|5                             : lists
EQUAL 1|2 & EQUAL 3|4                             : lists
BETWEEN 1|2 & BETWEEN 3|4                         : lists
BETWEEN 1|2 & GREATER_THAN 2                      : lists
BETWEEN 5|1                                       : reversed_ends
BETWEEN 1|5 & NOT_BETWEEN 0|3 & NOT_BETWEEN 3|6   : between lists
BETWEEN 1|5 & NOT_BETWEEN 1|5                     : lists
BETWEEN 1|5 & NOT_BETWEEN 1|9 & LESS_THAN 9       : lists
EQUAL 3 & NOT_BETWEEN 1|5                         : lists missing
GREATER_THAN 1 & LESS_THAN 9 & NOT_BETWEEN 0|10   : lists
GREATER_THAN abc                                  :
GREATER_THAN abc & CONTAINS x                     :
BETWEEN 1                                         :
BEFORE tomorrow                                   :
BEFORE 2026-01-01T00:00:00Z & AFTER 2026-01-01T00:00:00Z       : lists
BEFORE 2026-01-01T00:00:00Z & AFTER 2026-01-01T02:00:00+01:00  : lists
BEFORE 2026-01-01 & AFTER 2026-01-02              : lists timezone
BEFORE 2026-01-01 & AFTER 2026-01-05              : lists
BEFORE 2026-01-01T10:00 & AFTER 2026-01-05T10:00Z : lists
ON 2026-01-01 & ON 2026-01-02                     : lists timezone
ON 2026-01-01 & BEFORE 2025-06-01                 : lists
BETWEEN 2026-01-01|2026-01-05 & AFTER 2026-02-01  : lists
BEFORE 1767225600 & AFTER 1767225600              : epoch lists
INCLUSIVE NL & EXCLUSIVE NL                       :
INCLUSIVE NL & EXCLUSIVE NL|BE                    : exclusive
INCLUSIVE NL & INCLUSIVE BE                       : inclusive_match lists
INCLUSIVE NL|BE & INCLUSIVE DE|FR                 : inclusive_match lists
INCLUSIVE NL & BEGINS_WITH B                      : inclusive_match lists
INCLUSIVE NL & ENDS_WITH E                        : inclusive_match lists
INCLUSIVE NL & CONTAINS B                         : inclusive_match lists
INCLUSIVE NL & GREATER_THAN 5                     : inclusive_match lists
INCLUSIVE 3 & GREATER_THAN 5                      : inclusive_match lists
INCLUSIVE 3 & EQUAL 4                             : inclusive_match lists
BEGINS_WITH NL & BEGINS_WITH BE                   : lists
ENDS_WITH x|y & ENDS_WITH z                       : lists
EQUAL NL & EQUAL BE                               : lists
GREATER_THAN 5 & CONTAINS EUR|USD                 : lists
EQUAL 5 & BEGINS_WITH N                           : lists
INCLUSIVE NL & BEFORE 2026-01-01                  : inclusive_match lists
"""
TOGETHER = """
GREATER_THAN 3 & LESS_THAN 5
GREATER_THAN_OR_EQUAL 5 & LESS_THAN_OR_EQUAL 5
BETWEEN 1|5 & GREATER_THAN_OR_EQUAL 5
EQUAL 1|2 & EQUAL 2|3
EQUAL 2 & EQUAL 2.0
NOT_BETWEEN 1|2
NOT_BETWEEN 5|1
NOT_BETWEEN -1e999|1e999
NOT_BETWEEN 1
GREATER_THAN 1,000 & LESS_THAN 10
GREATER_THAN 5 & BEFORE 2026-01-01
BEFORE 01/11/2026 & AFTER 2026-01-01
INCLUSIVE NL & INCLUSIVE nl
INCLUSIVE NL & EXCLUSIVE nl
INCLUSIVE NL|BE & EXCLUSIVE NL
INCLUSIVE NL & INCLUSIVE NL·
INCLUSIVE Straße & BEGINS_WITH STRASS
BEGINS_WITH N & BEGINS_WITH nl
BEGINS_WITH N & ENDS_WITH E
CONTAINS N & EXCLUSIVE N
INCLUSIVE NL & NOT_BETWEEN 1|5
GREATER_THAN 5 & CONTAINS EUR|1
NOT_BETWEEN 1|5 & CONTAINS EUR
INCLUSIVE 2026-01-02 & BEFORE 2026-01-01
INCLUSIVE NL & NOT_BETWEEN 2026-01-01|2026-01-05
GREATER_THAN 1e15 & CONTAINS e+
SOMETHING_NEW 5 & SOMETHING_NEW 6
"""


def _comparisons(row: str) -> list:
    found = []
    for each in row.strip().split(" & "):
        operator, values = each.strip().split(" ", 1)
        attribute = {"Source": "a", "ComparisonOperator": operator}
        attribute["Values"] = values.replace("·", " ").split("|")
        found.append(criterion_of(attribute))
    return found


@pytest.mark.parametrize("row", EXCLUDE.strip().split("\n"))
def test_what_excludes_each_other_is_found_with_what_that_depends_on(row: str) -> None:
    comparisons, _, depends = row.rpartition(" :")
    assert contradiction(_comparisons(comparisons)) == frozenset(depends.split())


@pytest.mark.parametrize("row", TOGETHER.strip().split("\n"))
def test_nothing_is_claimed_of_what_some_event_meets(row: str) -> None:
    assert contradiction(_comparisons(row)) is None


def test_comparisons_of_two_attributes_never_exclude_each_other() -> None:
    more = criterion_of({"Source": "a", "ComparisonOperator": "GREATER_THAN", "Values": ["5"]})
    for other in ({"Source": "b"}, {"FieldName": "a"}, {"Source": "a", "FieldName": "a"}, {}):
        less = {**other, "ComparisonOperator": "LESS_THAN", "Values": ["3"]}
        assert contradiction([more, criterion_of(less)]) is None
