"""Every code that batcher gives or compares has one name, and is written in one place."""

from batcher import error_codes
from tests.laws.source import written_out

CODES = [value for name, value in vars(error_codes).items() if name.isupper()]


def test_no_two_names_have_one_code() -> None:
    assert len(CODES) == len(set(CODES))


def test_no_other_module_writes_a_code_out() -> None:
    assert written_out(CODES, but_in="error_codes.py") == []
