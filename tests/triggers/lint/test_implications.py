import pytest

from batcher.triggers.lint.criterion import criterion_of
from batcher.triggers.lint.implications import all_implied, implies, some_implied

IMPLIED = """
GREATER_THAN 5 > GREATER_THAN 3                  :
GREATER_THAN 5 > GREATER_THAN_OR_EQUAL 5         :
BETWEEN 2|3 > LESS_THAN 4                        :
BETWEEN 2|3 > BETWEEN 1|4                        :
NOT_BETWEEN 1|4 > NOT_BETWEEN 2|3                :
GREATER_THAN 5 > NOT_BETWEEN 1|4                 : lists
EQUAL 5 > GREATER_THAN 3                         : text_numbers
EQUAL 5 > EQUAL 5.0                              : text_numbers
EQUAL 5 > EQUAL 5|6                              : several_values text_numbers
BEFORE 2026-01-01T00:00:00Z > BEFORE 2026-01-02T00:00:00Z :
BEFORE 2026-01-01 > BEFORE 2026-01-02            : timezone
BEFORE 2026-01-01 > BEFORE 2026-02-01            :
ON 2026-01-01 > BEFORE 2026-02-01                :
INCLUSIVE NL|BE > INCLUSIVE BE|NL                :
INCLUSIVE NL > INCLUSIVE NL|BE                   : inclusive lists
EXCLUSIVE NL|BE > EXCLUSIVE NL                   : exclusive
INCLUSIVE NLX > CONTAINS LX                      : contains lists
INCLUSIVE NLX > BEGINS_WITH NL                   : inclusive_match lists
INCLUSIVE NLX > ENDS_WITH LX                     : inclusive_match lists
BEGINS_WITH NLX > BEGINS_WITH NL                 :
BEGINS_WITH NLX > BEGINS_WITH NL|BE              : several_values
ENDS_WITH NLX > CONTAINS L                       : contains
CONTAINS NL > CONTAINS NL|BE                     :
CONTAINS NLX > CONTAINS NL                       : contains
GREATER_THAN abc > GREATER_THAN abc              :
"""
NOT_IMPLIED = """
GREATER_THAN 3 > GREATER_THAN 5
BETWEEN 1|4 > BETWEEN 2|3
NOT_BETWEEN 2|3 > NOT_BETWEEN 1|4
NOT_BETWEEN 1|4 > GREATER_THAN 0
BETWEEN 5|5 > EQUAL 5
BETWEEN 1|2 > BETWEEN 2|1
INCLUSIVE NL > INCLUSIVE nl
INCLUSIVE NL > EXCLUSIVE BE
EXCLUSIVE NL > EXCLUSIVE NL|BE
BEGINS_WITH NL > BEGINS_WITH NLX
CONTAINS NL|BE > CONTAINS NL
BEFORE 2026-01-02 > BEFORE 2026-01-01
GREATER_THAN 1,000 > GREATER_THAN 10
BEFORE 1767225600 > LESS_THAN 1767225601
"""


def _comparison(text: str, source: str = "a"):
    operator, values = text.strip().split(" ", 1)
    attribute = {"ComparisonOperator": operator, "Values": values.split("|")}
    return criterion_of({"Source": source, **attribute})


@pytest.mark.parametrize("row", IMPLIED.strip().split("\n"))
def test_what_implies_another_is_found_with_what_that_depends_on(row: str) -> None:
    comparisons, _, depends = row.rpartition(" :")
    one, other = map(_comparison, comparisons.split(" > "))
    assert implies(one, other) == frozenset(depends.split())


@pytest.mark.parametrize("row", NOT_IMPLIED.strip().split("\n"))
def test_nothing_is_claimed_where_an_event_meets_the_one_and_not_the_other(row: str) -> None:
    one, other = map(_comparison, row.split(" > "))
    assert implies(one, other) is None


def test_a_way_implies_another_comparison_by_comparison() -> None:
    more, much_more = _comparison("GREATER_THAN 5"), _comparison("GREATER_THAN 9")
    dutch = _comparison("INCLUSIVE NL", "b")
    assert all_implied((dutch, much_more), (more,)) == frozenset()
    assert all_implied((much_more,), (more, dutch)) is None
    assert some_implied((much_more,), [(dutch,), (more,)]) == frozenset()
    assert some_implied((more,), [(dutch,), (much_more,)]) is None
