from batcher.triggers.lint.operator_value_codes import OPERATOR_VALUE_CODES


def test_each_code_shows_how_it_is_mended() -> None:
    assert all(code.example and code.mended for code in OPERATOR_VALUE_CODES)
