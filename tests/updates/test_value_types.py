"""Values as other tools write them, read as the model's types; nothing is rounded or guessed."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from batcher.updates.value_types import of_type


@pytest.mark.parametrize(
    ("kind", "given_value", "read"),
    [
        ("integer", "24", 24),
        ("integer", " 24 ", 24),
        ("integer", "24.0", 24),
        ("integer", 24.0, 24),
        ("integer", "-3", -3),
        ("boolean", "True", True),
        ("boolean", "false", False),
        ("string", True, "true"),
        ("string", 100, "100"),
        ("string", 1.5, "1.5"),
        ("string", 24.0, "24.0"),
    ],
)
def test_what_says_the_same_is_read(kind: str, given_value: Any, read: Any) -> None:
    found = of_type(given_value, {"type": kind})
    assert (found, type(found)) == (read, type(read))


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        *(
            ("integer", each)
            for each in ("2.5", 2.5, "024", "600.000", "1e3", "", "9" * 400, True, "٢", 1e300)
        ),
        *(("boolean", each) for each in ("yes", 1, 0, "")),
        *(("string", each) for each in (None, [], {})),
        *(("array", each) for each in ("a", 1)),
    ],
)
def test_what_says_something_else_stays(kind: str, value: Any) -> None:
    assert of_type(value, {"type": kind}) is value


@given(st.integers(-(10**17), 10**17))
def test_a_number_as_text_is_that_number(number: int) -> None:
    assert of_type(str(number), {"type": "integer"}) == number
    assert of_type(of_type(number, {"type": "string"}), {"type": "integer"}) == number
