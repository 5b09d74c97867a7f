"""What a number may be is told in words, and it is what is taken."""

from typing import Any, get_type_hints

import pytest
from hypothesis import given
from hypothesis import strategies as st

from batcher.config import Settings, options, resolve
from batcher.config.number_ranges import number_wanted
from batcher.errors import SettingsError

HINTS = get_type_hints(Settings, include_extras=True)
NUMBERS = [each for each in options() if number_wanted(HINTS.get(each.name, str)) is not None]
NEVER = ["nan", "inf", "-inf", "1e999", "-1", "-0.5", "-5%", "101e9%", "x", "0x10", "½", "1" * 99]


@pytest.mark.parametrize(
    ("name", "wanted"),
    [
        ("rate", "a number over 0, up to 1,000,000, or auto"),
        ("burst", "a number from 1 to 1,000,000"),
        ("concurrency", "a whole number from 1 to 4,096, or auto"),
        ("priority", "a whole number from 0 to 9"),
        ("throttle_limit", "a number from 0 to 1,000,000"),
        ("share", "a part in percent, over 0% and up to 100%"),
        ("max_failures", "a whole number from 0, or a part such as 5% (100% at most), or none"),
        ("target", None),
        ("lint", None),
    ],
)
def test_it_is_told_in_words(name: str, wanted: str | None) -> None:
    assert number_wanted(HINTS[name]) == wanted


def test_all_numbers_among_the_settings_are_known() -> None:
    shown = {each.name for each in NUMBERS}
    of_metavar = {
        each.name
        for each in options()
        if {"N", "P%", "SECONDS", "0-9"} & {*each.metavar.split("|")}
    }
    assert shown == of_metavar


@pytest.mark.parametrize("option", NUMBERS, ids=lambda option: option.name)
@given(text=st.sampled_from(NEVER))
def test_what_is_no_such_number_is_refused_by_flag_with_what_was_given_and_what_may_be(
    option: Any, text: str
) -> None:
    with pytest.raises(SettingsError) as refused:
        resolve({option.name: text})
    said = str(refused.value)
    assert said.startswith(f"{option.flag}: can't be {text!r}: Give a")
    assert str(number_wanted(HINTS[option.name])) in said
    assert "`" not in said
