from batcher.cli.output.lint_codes import COLUMNS, code_lines, code_list
from batcher.triggers.lint.codes import LINT_CODES


def test_a_code_is_explained_in_80_columns_with_an_example_and_what_to_write_instead() -> None:
    told = list(code_lines(LINT_CODES["BT101"]))
    assert told[0] == "BT101 set-twice (warning)"
    assert any(line.startswith("Instead: ") for line in told)
    assert told[-2:] == [
        "Mended:",
        '  {"DomainName": "acme", "EventTriggerName": "a", "SegmentFilter": "all"}',
    ]
    for code in LINT_CODES.values():
        assert all(len(line) <= COLUMNS or "{" in line for line in code_lines(code))


def test_the_list_has_a_line_of_each_code() -> None:
    told = list(code_list(LINT_CODES.values()))
    assert [line.partition(" ")[0] for line in told] == list(LINT_CODES)
