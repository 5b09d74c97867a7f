"""How many updates each wave changes: sizes of their own, never more than there are."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from batcher.accounting.wave_sizes import WaveSizes
from batcher.errors import SettingsError

SIZES = st.lists(
    st.integers(1, 50).map(str) | st.integers(1, 12).map("{}%".format), min_size=1, max_size=8
)


@pytest.mark.parametrize(
    ("text", "total", "limits"),
    [
        ("1,10,10%,rest", 484, [1, 11, 60, 484]),  # 10 % of 484, rounded up: 49
        ("1,10,10%", 484, [1, 11, 60, 484]),  # rest is implied
        ("1,10,10%,rest", 5, [1, 5]),
        ("5,rest", 5, [5]),
        ("50%,50%", 3, [2, 3]),
        ("33.3%,33.3%,33.4%", 1000, [333, 666, 1000]),  # 100 % exactly
        ("rest", 7, [7]),
        ("1", 1, [1]),
        ("7%", 100, [7, 100]),
        ("1,rest", 0, [0]),
    ],
)
def test_a_wave_ends_where_its_own_size_is_done(text: str, total: int, limits: list[int]) -> None:
    assert WaveSizes(text).limits(total) == limits


@given(SIZES, st.integers(1, 1000), st.booleans())
def test_waves_grow_to_all_updates_and_none_is_empty(
    sizes: list[str], total: int, rest: bool
) -> None:
    limits = WaveSizes(",".join([*sizes, "rest"] if rest else sizes)).limits(total)
    assert limits[-1] == total
    assert limits == sorted(set(limits))
    assert limits[0] >= 1


@pytest.mark.parametrize("text", ["", "rest,1", "1,,2", "0", "-1", "1.5", "x", "1;2", "1 2", "1%%"])
def test_what_is_no_size_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="does not match"):
        WaveSizes(text)


@pytest.mark.parametrize("text", ["60%,50%", "101%", "99%,1.000000001%"])
def test_more_than_all_is_refused_and_said_so(text: str) -> None:
    with pytest.raises(SettingsError, match="at most 100% together"):
        WaveSizes(text)


def test_a_wave_of_nothing_is_refused() -> None:
    with pytest.raises(SettingsError, match="Leave it out"):
        WaveSizes("0%,rest")


def test_a_canary_is_a_wave_and_the_rest() -> None:
    assert str(WaveSizes.canary(5)) == "5,rest"


@pytest.mark.parametrize("text", ["1,10 %,rest", " 1, 10%, rest", "1 ,10 % , rest "])
def test_blanks_around_sizes_count_for_nothing(text: str) -> None:
    assert WaveSizes(text) == WaveSizes("1,10%,rest")
