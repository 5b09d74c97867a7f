import pytest

from batcher.triggers.lint.operator_values import operator_value_findings
from batcher.triggers.lint.sample_conditions import compared

TABLE = """
GREATER_THAN 5                    :
GREATER_THAN -1.5e3               :
GREATER_THAN abc                  : not-a-number
GREATER_THAN NaN                  : not-a-number
GREATER_THAN 2026-11-01           : not-a-number
GREATER_THAN ٣                    : not-a-number
GREATER_THAN 1,000                : number-format
GREATER_THAN 1.000,00             : number-format
GREATER_THAN €·10                 : number-format
GREATER_THAN 10·EUR               : number-format
GREATER_THAN 24.0·                : number-format
GREATER_THAN 50%                  : number-format
GREATER_THAN 5|5.0                : several-values doubled-value
EQUAL 5                           :
EQUAL NL                          : equal-with-text
EQUAL 1|2                         : several-values
LESS_THAN 1|x                     : several-values not-a-number
BETWEEN 1|2                       :
BETWEEN 1                         : range-without-two-ends
BETWEEN 1|2|3                     : range-without-two-ends
NOT_BETWEEN 2|1                   : range-reversed
BETWEEN 1|1.0                     : range-of-one-value
BETWEEN 2026-11-02|2026-11-01     : range-reversed
BETWEEN 2026-11-01|2026-11-02     :
BETWEEN 2026-11-01T10:00|2026-11-02 : time-without-zone
BETWEEN 5|2026-11-02              : range-of-number-and-date
BETWEEN a|b                       : range-end-unreadable
BETWEEN 1,000|2,000               : number-format
BETWEEN 01/11/2026|5              : date-format
BEFORE tomorrow                   : not-a-date
BEFORE 2026-02-30                 : not-a-date
BEFORE 2026-11-01·PM              : date-format
BEFORE now-7d                     : date-format
BEFORE 01.11.2026                 : date-format
BEFORE 2026-11-01                 :
BEFORE 2026-11-01T10:00:00Z       :
BEFORE 2026-11-01T10:00:00        : time-without-zone
BEFORE 1793491200                 : epoch-time
ON 2026-11-01                     :
ON 2026-11-01T10:00:00+01:00      : on-with-time
ON 2026-11-01|2026-11-01          : several-values doubled-value
INCLUSIVE NL                      :
INCLUSIVE NL|BE                   : inclusive-with-several-values
EXCLUSIVE NL|BE                   :
CONTAINS nl|NL                    : values-differ-in-case
CONTAINS NL|NL                    : doubled-value
BEGINS_WITH ·NL                   : blanks-around-value
SOMETHING_NEW x                   :
"""
ROWS = [
    row.split(":", 1) if "T10" not in row else row.rsplit(" :", 1)
    for row in TABLE.split("\n")
    if row
]


@pytest.mark.parametrize(("comparison", "said"), ROWS)
def test_what_fits_an_operator_and_what_does_not(comparison: str, said: str) -> None:
    operator, values = comparison.strip().split(" ", 1)
    (definition,) = compared("a", operator, *values.replace("·", " ").split("|"))
    found = [each.code.name for each in operator_value_findings(definition, None)]
    assert set(found) == set(said.split())


def test_hostile_values_are_looked_at_quickly_and_raise_nothing() -> None:
    for value in ("9" * 255, "1," * 127, " " * 255, "1e" + "9" * 200, "\ud800", "{}{0}", "€" * 255):
        for operator in ("GREATER_THAN", "EQUAL", "BETWEEN", "BEFORE", "INCLUSIVE"):
            (definition,) = compared("a", operator, value, value)
            for finding in operator_value_findings(definition, None):
                assert finding.text(frozenset())
