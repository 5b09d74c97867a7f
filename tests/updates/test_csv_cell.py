"""A cell is a value and a value a cell, whatever a spreadsheet does to what looks like a number."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from batcher.updates.csv_cell import FORMULA, cell_of, cell_value
from batcher.updates.given_value import ValueTextError
from batcher.updates.json_schema import Schema
from batcher.updates.member_path import ABSENT
from tests.updates.samples import SECRET, TEXT

STRING: Schema = {"type": "string"}
NUMBER: Schema = {"type": "integer"}
TRUTH: Schema = {"type": "boolean"}
OBJECT: Schema = {"type": "object"}

PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**62), 2**62) | st.text(TEXT, max_size=5),
    lambda below: st.lists(below, max_size=3) | st.dictionaries(st.text(TEXT, max_size=3), below),
    max_leaves=5,
)
MANGLED = st.sampled_from(
    ["00123", "1E5", "1.2E+05", "MAR1", "1-Mar", "Sep-26", "3/4", "01.02.2026", "12:30", "TRUE",
     "wahr", "=1+1", "+49 30", "-5", "@x", " vip", "vip ", "a\N{NO-BREAK SPACE}b", "#REF!", "null",
     '"vip"', '"', "\N{LEFT DOUBLE QUOTATION MARK}a\N{RIGHT DOUBLE QUOTATION MARK}", "a\r\nb", "\t",
     "1234567890123456789", "", "50%", "€ 5"]
)  # fmt: skip # what spreadsheets change, take for something else, or put there


@given(st.text(TEXT) | MANGLED)
def test_a_text_comes_back_and_no_cell_begins_as_a_formula(text: str) -> None:
    cell = cell_of(text, STRING)
    assert cell_value(cell, STRING) == text
    assert not cell.startswith(tuple(FORMULA))
    assert cell_value(f" {cell}\N{NO-BREAK SPACE} ", STRING) == text  # the blanks around it


@given(MANGLED.filter(lambda text: text not in ("wahr", "")))
def test_what_a_spreadsheet_would_change_is_written_as_a_json_text(text: str) -> None:
    assert cell_of(text, STRING).startswith('"')


@given(st.integers(-(2**62), 2**62) | st.booleans())
def test_numbers_and_truths_come_back(value: int) -> None:
    rule = TRUTH if isinstance(value, bool) else NUMBER
    assert (
        cell_value(cell_of(value, rule), rule) is value
        or cell_value(cell_of(value, rule), rule) == value
    )


@given(st.lists(PLAIN) | st.dictionaries(st.text(TEXT, max_size=5), PLAIN))
def test_lists_and_objects_come_back_as_json(value: Any) -> None:
    assert cell_value(cell_of(value, OBJECT), OBJECT) == value


@pytest.mark.parametrize(
    ("cell", "rule", "value"),
    [
        ("", STRING, ABSENT),
        (" \N{NO-BREAK SPACE}\N{ZERO WIDTH NO-BREAK SPACE}", NUMBER, ABSENT),
        ("24.0", NUMBER, 24),
        ("TRUE", TRUTH, True),
        ("2026-01-05", STRING, "2026-01-05"),
        ("-5", NUMBER, -5),
        ("\N{NO-BREAK SPACE}vip ", STRING, "vip"),
        ('"=x"', STRING, "=x"),
        ("@handle", STRING, "@handle"),
    ],
)
def test_a_cell_is_a_value_by_its_member(cell: str, rule: Schema, value: Any) -> None:
    assert cell_value(cell, rule) == value


@pytest.mark.parametrize(
    ("cell", "rule", "why"),
    [
        ("1.2E+05", STRING, "shortened"),
        ("1.2E+05", NUMBER, "exponent"),
        ("1-Mar", STRING, "a date that a spreadsheet may have made"),
        ("01. Mrz", STRING, "a date that a spreadsheet may have made"),
        ("FALSE", STRING, "that a spreadsheet may have changed"),
        ("4111111111111110000", STRING, "that a spreadsheet may have changed"),
        ("=SUM(A1)", STRING, "as a formula does"),
        ("#N/A", NUMBER, "an error of a spreadsheet"),
        ("\N{LEFT DOUBLE QUOTATION MARK}vip\N{RIGHT DOUBLE QUOTATION MARK}", STRING, "typographic"),
        ("{\N{LEFT DOUBLE QUOTATION MARK}a\N{RIGHT DOUBLE QUOTATION MARK}:1}", OBJECT, "straight"),
        ("a\N{NO-BREAK SPACE}b", STRING, "does not break"),
        ("600\N{NO-BREAK SPACE}000", NUMBER, "has to be an integer"),
        ("NULL", STRING, "no update can clear"),
        (SECRET, NUMBER, "has to be an integer"),
        (f"{SECRET}\udce4", STRING, "save the file as CSV UTF-8"),
        ("yes", TRUTH, "true or false"),
    ],
)
def test_what_a_spreadsheet_has_made_of_it_is_refused(cell: str, rule: Schema, why: str) -> None:
    with pytest.raises(ValueTextError) as error:
        cell_value(cell, rule)
    assert why in str(error.value)
    assert SECRET not in str(error.value)
