import pytest

from batcher.triggers.lint.finding import SEVERITIES, Finding, LintCode

CODE = LintCode(
    code="BT000",
    name="sample",
    severity="error",
    title="A sample",
    reason="It shows what a finding says.",
    instead="Nothing.",
    example=(),
)
SENSITIVE = frozenset({"EventTriggerConditions"})
VALUES = ("EventTriggerConditions", 0, "Values", 1)


@pytest.mark.parametrize(
    ("path", "said"),
    [
        (VALUES, "compares with [hidden] and [hidden]"),
        ((), "compares with [hidden] and [hidden]"),
        (("SegmentFilter",), 'compares with "a {b} {0!r}" and 5'),
    ],
)
def test_values_of_sensitive_members_and_of_the_whole_definition_are_hidden(path, said) -> None:
    found = Finding(
        code=CODE, path=path, message="compares with {} and {}", values=("a {b} {0!r}", 5)
    )
    assert found.text(SENSITIVE) == said
    assert found.text(frozenset()) == 'compares with "a {b} {0!r}" and 5'


def test_a_long_value_is_cut_and_the_path_is_as_people_write_it() -> None:
    found = Finding(code=CODE, path=VALUES, message="is {}", values=("x" * 10_000,))
    assert len(found.text(frozenset())) < 80
    assert found.where == "EventTriggerConditions[0].Values[1]"


def test_severities_are_from_bad_to_harmless() -> None:
    assert SEVERITIES == ("error", "warning", "info")
