"""How the values of an attribute are read and combined."""

from batcher.triggers.semantics.comparing import (
    comparable,
    in_case,
    number_reader,
    of_list,
    of_values,
    text_reader,
    value_test,
)
from batcher.triggers.semantics.options import SemanticsOptions

DEFAULTS = SemanticsOptions()
ALL = SemanticsOptions(lists="all", several_values="all")


def test_what_can_not_be_compared_is_passed_over() -> None:
    numbers = number_reader(DEFAULTS)
    assert comparable([1, "2", "x", None, True, {}], numbers, DEFAULTS) == [1, 2]
    test = value_test(numbers, lambda number: number > 1, ALL)
    assert test([2, "3", "x"])
    assert not test(["x"])


def test_numbers_and_texts_are_read_for_each_other_as_the_options_say() -> None:
    never = SemanticsOptions(numbers_as_text="never", text_numbers="texts")
    assert [text_reader(DEFAULTS)(value) for value in (5, True, "5")] == ["5", "true", "5"]
    assert [text_reader(never)(value) for value in (5, True, "5")] == [None, None, "5"]
    assert [number_reader(never)(value) for value in (5, "5")] == [5, None]


def test_one_is_enough_unless_the_options_ask_for_all() -> None:
    for combine in (of_list, of_values):
        assert combine([True, False], DEFAULTS)
        assert not combine([True, False], ALL)


def test_the_case_of_a_text_is_as_the_options_say() -> None:
    assert in_case("Straße", DEFAULTS) == "Straße"
    assert in_case("Straße", SemanticsOptions(case_sensitive=False)) == "strasse"
