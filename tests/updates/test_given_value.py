"""A text is a value by the type of the member that it is for."""

import pytest

from batcher.updates.given_value import ValueTextError, is_shortened, value_of
from batcher.updates.json_schema import Schema
from tests.updates.samples import SECRET

TEXT: Schema = {"type": "string"}
NUMBER: Schema = {"type": "integer"}
TRUTH: Schema = {"type": "boolean"}
LIST: Schema = {"type": "array", "items": {}}


@pytest.mark.parametrize(
    ("text", "rule", "value"),
    [
        ("vip", TEXT, "vip"),
        ("24", TEXT, "24"),
        ("true", TEXT, "true"),
        (" vip ", TEXT, " vip "),
        ('{"a":1}', TEXT, '{"a":1}'),
        ('"24"', TEXT, "24"),
        ('"null"', TEXT, "null"),
        ('"a\\"b"', TEXT, 'a"b'),
        ("24", NUMBER, 24),
        ("+24", NUMBER, 24),
        ("-3", NUMBER, -3),
        ("24.0", NUMBER, 24),
        ("24,00", NUMBER, 24),
        ("true", TRUTH, True),
        ("FALSE", TRUTH, False),
        ('["a", 1]', LIST, ["a", 1]),
    ],
)
def test_the_type_of_the_member_decides(text: str, rule: Schema, value: object) -> None:
    assert value_of(text, rule) == value
    assert type(value_of(text, rule)) is type(value)


@pytest.mark.parametrize(
    ("text", "rule", "why"),
    [
        ("null", TEXT, "no update can clear a member"),
        ("NULL", NUMBER, "no update can clear a member"),
        (f'"{SECRET}', TEXT, "not JSON"),
        (f"{SECRET}\udcff", TEXT, "no UTF-8"),
        ("1.2E+05", NUMBER, "with an exponent"),
        ("1,200", NUMBER, "has to be an integer"),
        ("600,000", NUMBER, "none set off as thousands"),
        ("7.000", NUMBER, "none set off as thousands"),
        ("1.5", NUMBER, "has to be an integer"),
        ("", NUMBER, "has to be an integer"),
        ("9" * 5000, NUMBER, "has to be an integer"),
        ("٣", NUMBER, "has to be an integer"),
        ("yes", TRUTH, "has to be true or false"),
        (SECRET, LIST, "not JSON"),
        ("[1.0]", LIST, "an integer that has a point or an exponent"),
        ('[{"Value": 1E3}]', LIST, "an integer that has a point or an exponent"),
        ("[NaN]", LIST, "no JSON number"),
        ("[" * 5000, LIST, "nested"),
        ('{"a":1,"a":2}', LIST, "twice"),
        ("", LIST, "not JSON"),
    ],
)
def test_what_is_no_value_of_it_is_refused_and_not_quoted(
    text: str, rule: Schema, why: str
) -> None:
    with pytest.raises(ValueTextError) as error:
        value_of(text, rule)
    assert why in str(error.value)
    assert SECRET not in str(error.value)


def test_a_number_that_a_spreadsheet_has_shortened_is_known() -> None:
    assert all(map(is_shortened, ["1.2E+05", "1,2E+05", "6E5", "-1e-7"]))
    assert not any(map(is_shortened, ["12", "E+05", "1.2", "vip"]))
