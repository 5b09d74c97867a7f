"""How answers combine, and what their marks are."""

import pytest

from batcher.triggers.semantics.logic import all_of, any_of, conditions_check, none_of

MET, FAILED, MET_WITH, FAILED_WITH = 1, 0, 0b011, 0b100


@pytest.mark.parametrize(
    ("answers", "of_all", "of_any"),
    [
        ([MET, MET], 1, 1),
        ([MET, FAILED], 0, 1),
        ([MET_WITH, MET], 0b011, 0b011),
        ([MET_WITH, FAILED_WITH], 0b100, 0b011),
        ([FAILED, FAILED_WITH], 0, 0b100),
        ([MET_WITH], 0b011, 0b011),
        ([], 1, 0),
    ],
)
def test_the_marks_are_those_of_what_decides(answers: list[int], of_all: int, of_any: int) -> None:
    checks = [lambda _, answer=answer: answer for answer in answers]
    assert all_of(checks)({}) == of_all
    assert any_of(checks)({}) == of_any
    assert none_of(checks)({}) == of_any ^ 1


def test_without_conditions_each_object_matches() -> None:
    assert conditions_check((), lambda _: lambda _: 0)({}) == 1
