from batcher.triggers.lint.condition_codes import CONDITION_CODES


def test_each_code_shows_how_it_is_mended() -> None:
    assert all(code.example and code.mended for code in CONDITION_CODES)
