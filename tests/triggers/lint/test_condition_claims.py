import pytest

from batcher.triggers.lint.condition_claims import (
    Surplus,
    always,
    always_any,
    condition_implied,
    never,
    read_conditions,
    surplus,
)
from batcher.triggers.lint.sample_conditions import attribute, condition

MORE = [attribute("a", "GREATER_THAN", "5")]
MUCH_MORE = [attribute("a", "GREATER_THAN", "9")]
LESS = [attribute("a", "LESS_THAN", "3")]
NONSENSE = [attribute("a", "GREATER_THAN", "x")]


def _read(*conditions):
    return read_conditions({"EventTriggerConditions": list(conditions)})


@pytest.mark.parametrize(
    ("operator", "dimensions", "is_never", "is_always"),
    [
        ("ALL", [MORE, LESS], True, False),
        ("ANY", [MORE, LESS], False, False),
        ("NONE", [MORE, LESS], False, False),
        ("ANY", [MORE, NONSENSE], False, False),
        ("ALL", [MORE, NONSENSE], True, False),
        ("ANY", [[*MORE, *LESS], NONSENSE], True, False),
        ("NONE", [[*MORE, *LESS], NONSENSE], False, True),
    ],
)
def test_a_condition_is_never_or_always_met(operator, dimensions, is_never, is_always) -> None:
    (read,) = _read(condition(operator, *dimensions))
    assert (never(read) is not None, always(read) is not None) == (is_never, is_always)


def test_two_conditions_may_be_always_met_together() -> None:
    assert always_any(_read(condition("ALL", MORE), condition("NONE", MUCH_MORE))) == frozenset()
    assert always_any(_read(condition("ALL", MUCH_MORE), condition("NONE", MORE))) is None


def test_a_condition_implies_a_wider_one_and_none_turns_that_round() -> None:
    for operator in ("ALL", "ANY", "NONE"):
        narrow, wide = _read(condition(operator, MUCH_MORE), condition(operator, MORE))
        if operator == "NONE":
            narrow, wide = wide, narrow
        assert condition_implied(narrow, wide) == frozenset()
        assert condition_implied(wide, narrow) is None
    assert condition_implied(*_read(condition("ALL", MORE), condition("NONE", LESS))) is None


def test_of_two_that_say_the_same_the_second_is_one_too_many() -> None:
    def implied(one: int, other: int):
        return frozenset() if one >= other else None

    assert list(surplus([(0, 5), (1, 5)], implied, narrow=True)) == [
        Surplus(1, 0, frozenset(), True)
    ]
    assert list(surplus([(0, 9), (3, 5)], implied, narrow=True)) == [
        Surplus(0, 3, frozenset(), False)
    ]
    assert list(surplus([(0, 9), (3, 5)], implied, narrow=False)) == [
        Surplus(3, 0, frozenset(), False)
    ]
