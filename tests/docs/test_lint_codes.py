from tests.docs.lint_codes import code_table, shown_table


def test_the_list_of_codes_is_that_of_the_code() -> None:
    assert shown_table() == code_table(), "make lint-codes puts it into docs/lint.md"
